"""Model configs: schema, loading, validation, and who may use which."""

from aiportal.registry.files import ConfigProblem, ModelConfig, config_folder, read_config
from aiportal.registry.models import Deployment, Model, ModelStatus, Pricing, Timeouts
from aiportal.registry.registry import Registry

__all__ = [
    "ConfigProblem",
    "Deployment",
    "Model",
    "ModelConfig",
    "ModelStatus",
    "Pricing",
    "Registry",
    "Timeouts",
    "config_folder",
    "read_config",
]
