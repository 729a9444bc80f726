"""Model configs: schema, loading, validation, and who may use which."""

from aiportal.registry.files import ConfigProblem, ModelConfig, config_folder, lay_out, read_config
from aiportal.registry.models import Access, Deployment, Model, ModelStatus, Pricing, Timeouts
from aiportal.registry.registry import Registry

__all__ = [
    "Access",
    "ConfigProblem",
    "Deployment",
    "Model",
    "ModelConfig",
    "ModelStatus",
    "Pricing",
    "Registry",
    "Timeouts",
    "config_folder",
    "lay_out",
    "read_config",
]
