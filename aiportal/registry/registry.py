"""Which models there are, and which of them a caller may use now."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from aiportal.dialects.openai_chat import ChatLimits
from aiportal.errors import ModelNotFound, ModelUnavailable, PermissionDenied
from aiportal.local import Weights, weights_path
from aiportal.principal import Principal
from aiportal.registry.files import ConfigProblem, ModelConfig, config_folder, read_config
from aiportal.registry.models import Access, Deployment, Model, ModelStatus, Pricing, Timeouts
from aiportal.registry.schema import AccessEntry, ModelFile, ProviderEntry, WeightsEntry
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
        builder = _Builder(config, self._environment)
        self._models = builder.models
        self._unusable = builder.unusable
        self.problems: tuple[ConfigProblem, ...] = (*config.problems, *builder.problems)
        self.config = config.config
        limits, timeouts = config.config.limits, config.config.timeouts
        self.limits = ChatLimits(
            limits.max_body_bytes, limits.max_messages, limits.max_content_chars
        )
        self.timeouts = Timeouts(
            timeouts.connect, timeouts.first_byte, timeouts.between_bytes, timeouts.total
        )

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


class _Builder:
    """Turns the files into the table of models; what cannot be resolved becomes a problem."""

    def __init__(self, config: ModelConfig, environment: Mapping[str, str]) -> None:
        self._providers = config.config.providers
        self._environment = environment
        self.models: dict[str, Model] = {}
        self.unusable: dict[str, str] = {}
        self.problems: list[ConfigProblem] = []
        for file, entry in config.models:
            if entry.base_model is None:
                self._add(file, entry)
        for file, entry in config.models:
            if entry.base_model is not None:
                self._add_custom(file, entry, entry.base_model)

    def _add(self, file: str, entry: ModelFile) -> None:
        provider = self._providers.get(entry.provider or "")
        if provider is None:
            known = ", ".join(sorted(self._providers)) or "none are configured"
            self.problems.append(
                ConfigProblem(file, "provider", repr(entry.provider), f"one of: {known}")
            )
            return
        api_key_env = (
            entry.api_key_env if "api_key_env" in entry.model_fields_set else provider.api_key_env
        )
        self.models[entry.id] = Model(
            id=entry.id,
            name=entry.name or entry.id.split("/", 1)[1],
            provider=entry.provider or "",
            description=entry.description,
            deployments=tuple(self._deployments(entry, provider, api_key_env)),
            context_window=entry.context_window,
            max_output_tokens=entry.max_output_tokens,
            capabilities=entry.capabilities,
            pricing=Pricing(
                entry.pricing.input_per_million,
                entry.pricing.output_per_million,
                entry.pricing.cached_input_per_million,
            ),
            parameters=entry.parameters,
            system_prompt=entry.system_prompt,
            base_model=None,
            weights=_weights(entry.weights),
            access=_access(entry.access),
        )
        self._tell_unenforced(file, entry)
        if not entry.enabled:
            self.unusable[entry.id] = f"it is disabled. Set `enabled` to true in {file}."
        elif api_key_env and not self._environment.get(api_key_env):
            self.unusable[entry.id] = (
                f"it needs a key. Set {api_key_env} in the environment or in `.env` and restart."
            )

    def _deployments(
        self, entry: ModelFile, provider: ProviderEntry, api_key_env: str | None
    ) -> list[Deployment]:
        dialect = entry.dialect or provider.dialect
        upstream_model = entry.upstream_model or entry.id.split("/", 1)[1]
        bases = entry.deployments or (None,)
        found = []
        for number, base in enumerate(bases, 1):
            key_env = (
                base.api_key_env
                if base is not None and "api_key_env" in base.model_fields_set
                else api_key_env
            )
            found.append(
                Deployment(
                    id=entry.id if len(bases) == 1 else f"{entry.id}#{number}",
                    dialect=dialect,
                    upstream_model=(base and base.upstream_model) or upstream_model,
                    api_base=(base and base.api_base) or entry.api_base or provider.api_base,
                    api_key=self._environment.get(key_env) if key_env else None,
                    headers=provider.headers,
                    weight=base.weight if base is not None else 1.0,
                )
            )
        return found

    def _tell_unenforced(self, file: str, entry: ModelFile) -> None:
        if entry.rate_limit is not None:
            words = (
                "taken, but not enforced by this version; limit the callers' keys at the provider"
            )
            self.problems.append(ConfigProblem(file, "rateLimit", "", words))

    def _add_custom(self, file: str, entry: ModelFile, base_model: str) -> None:
        base = self.models.get(base_model)
        if base is None or base.base_model is not None:
            self.problems.append(
                ConfigProblem(
                    file,
                    "baseModel",
                    repr(base_model),
                    "the id of a configured model of a provider",
                )
            )
            return
        self.models[entry.id] = replace(
            base,
            id=entry.id,
            name=entry.name or entry.id.split("/", 1)[1],
            provider="custom",
            description=entry.description,
            parameters={**base.parameters, **entry.parameters},
            system_prompt=entry.system_prompt,
            base_model=base_model,
            access=_access(entry.access) or base.access,
        )
        self._tell_unenforced(file, entry)
        if not entry.enabled:
            self.unusable[entry.id] = f"it is disabled. Set `enabled` to true in {file}."


def _access(entry: AccessEntry | None) -> Access | None:
    """A group admits nobody as long as there are no groups."""
    if entry is None or not (entry.roles or entry.groups or entry.users):
        return None
    return Access(frozenset(entry.roles), frozenset(name.lower() for name in entry.users))


def _weights(entry: WeightsEntry | None) -> Weights | None:
    if entry is None:
        return None
    return Weights(
        source=entry.source,
        file=entry.file,
        sha256=entry.sha256,
        size_bytes=entry.size_bytes,
        licence=entry.licence,
        memory_bytes=entry.memory_bytes,
    )
