"""The table of models that the files amount to, and what of them cannot be resolved."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from aiportal.local import Weights
from aiportal.registry.files import ConfigProblem, ModelConfig
from aiportal.registry.models import (
    Access,
    Cooldown,
    Deployment,
    Model,
    Pricing,
    Retries,
    Timeouts,
)
from aiportal.registry.schema import (
    AccessEntry,
    CooldownEntry,
    ModelFile,
    ModelTimeoutsEntry,
    PricingEntry,
    ProviderEntry,
    RetriesEntry,
    TimeoutsEntry,
    WeightsEntry,
)

__all__ = ["ModelTable", "timeouts_of"]


class ModelTable:
    """Turns the files into the table of models; what cannot be resolved becomes a problem."""

    def __init__(self, config: ModelConfig, environment: Mapping[str, str]) -> None:
        self._config = config.config
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
        self._settle_fallbacks(config)

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
            pricing=_pricing(entry.pricing),
            parameters=entry.parameters,
            system_prompt=entry.system_prompt,
            base_model=None,
            weights=_weights(entry.weights),
            access=_access(entry.access),
            retries=_retries(entry.retries or self._config.retries),
            strategy=entry.strategy or self._config.strategy,
            timeouts=_timeouts(entry.timeouts, timeouts_of(self._config.timeouts)),
            cooldown=_cooldown(entry.cooldown or self._config.cooldown),
            cache_ttl_s=entry.cache.ttl if entry.cache is not None else None,
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
                    pricing=_pricing((base and base.pricing) or entry.pricing),
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
            retries=_retries(entry.retries) if entry.retries else base.retries,
            strategy=entry.strategy or base.strategy,
            timeouts=_timeouts(entry.timeouts, base.timeouts),
            cooldown=_cooldown(entry.cooldown) if entry.cooldown else base.cooldown,
            cache_ttl_s=entry.cache.ttl if entry.cache is not None else base.cache_ttl_s,
        )
        self._tell_unenforced(file, entry)
        if not entry.enabled:
            self.unusable[entry.id] = f"it is disabled. Set `enabled` to true in {file}."

    def _settle_fallbacks(self, config: ModelConfig) -> None:
        """Once all ids are known: a model's own, else config.json's for it, else its base's or all's."""
        named = config.config.fallbacks
        by_model = self._known_by_model(named) if isinstance(named, dict) else {}
        for_all = () if isinstance(named, dict) else self._known("config.json", "fallbacks", named)
        bases_first = sorted(config.models, key=lambda one: one[1].base_model is not None)
        for file, entry in bases_first:
            model = self.models.get(entry.id)
            if model is None:
                continue
            if entry.fallbacks is not None:
                fallbacks = self._known(file, "fallbacks", entry.fallbacks)
            elif entry.id in by_model:
                fallbacks = by_model[entry.id]
            elif model.base_model is not None:
                fallbacks = self.models[model.base_model].fallbacks
            else:
                fallbacks = for_all
            others = tuple(one for one in fallbacks if one != entry.id)
            self.models[entry.id] = replace(model, fallbacks=others)

    def _known_by_model(self, named: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        self._known("config.json", "fallbacks", named)
        return {
            model_id: self._known("config.json", f"fallbacks.{model_id}", fallbacks)
            for model_id, fallbacks in named.items()
        }

    def _known(self, file: str, field: str, model_ids: Iterable[str]) -> tuple[str, ...]:
        """Those that are configured; each other one is a problem."""
        ids = tuple(model_ids)
        for unknown in sorted(set(ids) - self.models.keys()):
            words = "the id of a configured model"
            self.problems.append(ConfigProblem(file, field, repr(unknown), words))
        return tuple(one for one in ids if one in self.models)


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


def timeouts_of(entry: TimeoutsEntry) -> Timeouts:
    """What config.json says for every model."""
    return Timeouts(entry.connect, entry.first_byte, entry.between_bytes, entry.total)


def _timeouts(entry: ModelTimeoutsEntry, common: Timeouts) -> Timeouts:
    own = {f"{name}_s": value for name, value in entry if value is not None}
    return replace(common, **own)


def _retries(entry: RetriesEntry) -> Retries:
    return Retries(entry.attempts, entry.base_delay, entry.max_delay)


def _cooldown(entry: CooldownEntry) -> Cooldown:
    return Cooldown(entry.failures, entry.seconds)


def _pricing(entry: PricingEntry) -> Pricing:
    return Pricing(**dict(entry))
