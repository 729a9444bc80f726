"""From a model to an upstream's answer: deployments, choice, relay, and the row in the ledger."""

from aiportal.routing.completion import Completion
from aiportal.routing.deltas import deltas_of
from aiportal.routing.health import HealthFigures
from aiportal.routing.model_call import ModelCall
from aiportal.routing.precedence import Precedence
from aiportal.routing.router import Router
from aiportal.routing.routerbox import DeploymentFigures, DeploymentStatus, Resolution, RouterBox

__all__ = [
    "Completion",
    "DeploymentFigures",
    "DeploymentStatus",
    "HealthFigures",
    "ModelCall",
    "Precedence",
    "Resolution",
    "Router",
    "RouterBox",
    "deltas_of",
]
