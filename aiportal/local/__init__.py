"""Models that run on this machine: their weights, and their life in memory."""

from aiportal.local.lifetime import LocalModels, LocalModelState, LocalModelStatus
from aiportal.local.llm import LocalEndpoint
from aiportal.local.progress import PullProgress
from aiportal.local.pull import is_being_pulled, pull
from aiportal.local.token_count import count_tokens
from aiportal.local.weights import Weights, parse_source, weights_path

__all__ = [
    "LocalEndpoint",
    "LocalModelState",
    "LocalModelStatus",
    "LocalModels",
    "PullProgress",
    "Weights",
    "count_tokens",
    "is_being_pulled",
    "parse_source",
    "pull",
    "weights_path",
]
