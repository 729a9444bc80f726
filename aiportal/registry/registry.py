"""Which models there are, and which of them a caller may use now."""

import asyncio
from collections.abc import Sequence

from aiportal.dialects.openai_chat import ChatLimits
from aiportal.errors import ModelNotFound, ModelUnavailable, PermissionDenied
from aiportal.local import weights_path
from aiportal.principal import Principal
from aiportal.registry.files import ConfigProblem, ModelConfig, config_folder, read_config
from aiportal.registry.models import Model, ModelStatus
from aiportal.registry.table import ModelTable, timeouts_of
from aiportal.settings import Settings

__all__ = ["Registry"]


class Registry:
    """The models of one portal, as `load` has read them."""

    def __init__(self, settings: Settings, config: ModelConfig) -> None:
        self._settings = settings
        self._environment = settings.provider_environment()
        self._swap(config)

    @classmethod
    async def load(cls, settings: Settings) -> "Registry":
        """Read the model config off the event loop. Bad files are left out and listed in `problems`."""
        return await asyncio.to_thread(cls.load_now, settings)

    @classmethod
    def load_now(cls, settings: Settings) -> "Registry":
        """As `load`, for callers without a loop."""
        return cls(settings, read_config(config_folder(settings)))

    def _swap(self, config: ModelConfig) -> None:
        table = ModelTable(config, self._environment)
        self._models = table.models
        self._unusable = table.unusable
        self.problems: tuple[ConfigProblem, ...] = (*config.problems, *table.problems)
        self.config = config.config
        limits = config.config.limits
        self.limits = ChatLimits(
            limits.max_body_bytes, limits.max_messages, limits.max_content_chars
        )
        self.timeouts = timeouts_of(config.config.timeouts)

    @property
    def default_model(self) -> str:
        """The id of the model that is used where a caller names none."""
        return self.config.default_model

    async def statuses(self, principal: Principal) -> Sequence[ModelStatus]:
        """Every configured model that this caller's key does not exclude, with what it lacks."""
        return await asyncio.to_thread(self.statuses_now, principal)

    def statuses_now(self, principal: Principal) -> Sequence[ModelStatus]:
        """As `statuses`, for callers without a loop: it looks at the disk for weights."""
        return [
            ModelStatus(model, self._missing(model) or self._missing_weights(model))
            for model in self._models.values()
            if _may_use(principal, model)
        ]

    async def list(self, principal: Principal) -> Sequence[Model]:
        """What this caller may use now."""
        return [status.model for status in await self.statuses(principal) if status.is_usable]

    def resolve(self, principal: Principal, model_id: str) -> Model:
        """The model of that id, ready to serve this caller.

        Raises ModelNotFound for an unknown id, PermissionDenied where the caller's key excludes it,
        ModelUnavailable with what is missing for one that cannot serve now. Weights are not looked
        for here: that would touch the disk; the embedded upstream does when it needs them.
        """
        model = self._models.get(model_id)
        if model is None or not _admits(principal, model):
            raise ModelNotFound(
                f"There is no model {model_id!r}. GET /v1/models lists those that you may use.",
                param="model",
            )
        if not principal.may_use(model_id):
            raise PermissionDenied(
                f"This API key is not for the model {model_id!r}. Use another key or model.",
                param="model",
            )
        if missing := self._missing(model):
            raise ModelUnavailable(f"The model {model_id!r} cannot serve: {missing}", param="model")
        return model

    def embedded(self, model_id: str) -> Model | None:
        """The model of that id if it has weights of its own, whether or not they are there."""
        model = self._models.get(model_id)
        return model if model is not None and model.weights is not None else None

    def _missing(self, model: Model) -> str:
        if words := self._unusable.get(model.id):
            return words
        if model.base_model is not None:
            return self._missing(self._models[model.base_model])
        if model.weights is not None and self._settings.local_model == "off":
            return "embedded models are switched off (AIPORTAL_LOCAL_MODEL=off)."
        return ""

    def _missing_weights(self, model: Model) -> str:
        if model.weights is None or weights_path(model.weights, self._settings.cache_dir):
            return ""
        return f"its weights are not here yet. Run: aiportal models pull {model.base_model or model.id}"


def _admits(principal: Principal, model: Model) -> bool:
    return model.access is None or model.access.admits(principal)


def _may_use(principal: Principal, model: Model) -> bool:
    return principal.may_use(model.id) and _admits(principal, model)
