"""From a model to an upstream's answer: deployments, choice, relay, and the row in the ledger."""

from aiportal.routing.completion import Completion
from aiportal.routing.router import Router

__all__ = ["Completion", "Router"]
