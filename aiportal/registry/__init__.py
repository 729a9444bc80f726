"""Model configs: schema, loading, validation, and who may use which."""

from aiportal.registry.confidential import NOTHING_CONFIDENTIAL, Confidential
from aiportal.registry.custom import CustomModel, CustomModels
from aiportal.registry.discovery import LocalServers
from aiportal.registry.files import ConfigProblem, ModelConfig, config_folder, lay_out, read_config
from aiportal.registry.models import (
    Access,
    Cooldown,
    Deployment,
    Model,
    ModelStatus,
    Pricing,
    Retries,
    Strategy,
    Timeouts,
)
from aiportal.registry.registry import Registry
from aiportal.registry.schema import CustomDraft

__all__ = [
    "NOTHING_CONFIDENTIAL",
    "Access",
    "Confidential",
    "ConfigProblem",
    "Cooldown",
    "CustomDraft",
    "CustomModel",
    "CustomModels",
    "Deployment",
    "LocalServers",
    "Model",
    "ModelConfig",
    "ModelStatus",
    "Pricing",
    "Registry",
    "Retries",
    "Strategy",
    "Timeouts",
    "config_folder",
    "lay_out",
    "read_config",
]
