"""Model configs: schema, loading, validation, and who may use which."""

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

__all__ = [
    "Access",
    "ConfigProblem",
    "Cooldown",
    "Deployment",
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
