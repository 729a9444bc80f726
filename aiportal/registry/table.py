"""The table of models that the files amount to, and what of them cannot be resolved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from aiportal.principal import Principal
from aiportal.registry.entries import (
    access_of,
    cooldown_of,
    own_timeouts,
    pricing_of,
    retries_of,
    timeouts_of,
    weights_of,
)
from aiportal.registry.files import ConfigProblem, ModelConfig
from aiportal.registry.models import Deployment, Model
from aiportal.registry.schema import ModelFile, ProviderEntry

__all__ = ["ModelTable", "Served"]


@dataclass(frozen=True, slots=True)
class Served:
    """What a file stands for in a table: its content, and its provider as it was then."""

    entry: ModelFile
    provider: ProviderEntry | None = None


class ModelTable:
    """Built once from what was read; then it only answers.

    models: by id. unusable: why some of them cannot serve. customs: file and content of every custom
    model, those without a base included. served: what each file stands for, to be given to the next
    table as `before`, so that a file that is bad by then keeps its last good version in service.
    discovered: models of servers on this machine; a file of the same id goes first.
    """

    def __init__(
        self,
        config: ModelConfig,
        environment: Mapping[str, str],
        *,
        before: Mapping[str, Served] | None = None,
        discovered: Iterable[Model] = (),
    ) -> None:
        self._config = config.config
        self._environment = environment
        self._before = before or {}
        self._stand_ins = list(self._before if config.is_missing else config.bad)
        self.models: dict[str, Model] = {}
        self.unusable: dict[str, str] = {}
        self.customs: dict[str, tuple[str, ModelFile]] = {}
        self.served: dict[str, Served] = {}
        self.problems: list[ConfigProblem] = []
        self._add_all(config, discovered)
        self._settle_fallbacks()

    def admits(self, principal: Principal, model: Model) -> bool:
        """Whether the caller may know of the model: its own rules, and those of its base."""
        if not (model.is_shared or principal.is_admin or model.owner == principal.user_id):
            return False
        if model.access is not None and not model.access.admits(principal):
            return False
        base = self.models.get(model.base_model) if model.base_model is not None else None
        return base is None or self.admits(principal, base)

    def _add_all(self, config: ModelConfig, discovered: Iterable[Model]) -> None:
        for file, entry in config.models:
            if entry.base_model is None:
                self._add(file, entry)
        for file in self._stand_ins:
            served = self._before.get(file)
            if served and served.provider and served.entry.id not in self.models:
                self._put(file, served.entry, served.provider)
        for model in discovered:
            self.models.setdefault(model.id, model)
        for file, entry in config.models:
            if entry.base_model is not None:
                self._add_custom(file, entry, entry.base_model)
        for file in self._stand_ins:
            served = self._before.get(file)
            if served and served.entry.base_model and served.entry.id not in self.models:
                self._put_custom(file, served.entry, served.entry.base_model)

    def _add(self, file: str, entry: ModelFile) -> None:
        provider = self._config.providers.get(entry.provider or "")
        if provider is not None:
            self._put(file, entry, provider)
            return
        known = ", ".join(sorted(self._config.providers)) or "none are configured"
        self.problems.append(
            ConfigProblem(file, "provider", repr(entry.provider), f"one of: {known}")
        )
        self._stand_ins.append(file)

    def _put(self, file: str, entry: ModelFile, provider: ProviderEntry) -> None:
        self.served[file] = Served(entry, provider)
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
            pricing=pricing_of(entry.pricing),
            parameters=entry.parameters,
            system_prompt=entry.system_prompt,
            base_model=None,
            weights=weights_of(entry.weights),
            access=access_of(entry.access),
            owner=entry.owner,
            is_shared=entry.is_shared,
            retries=retries_of(entry.retries or self._config.retries),
            strategy=entry.strategy or self._config.strategy,
            timeouts=own_timeouts(entry.timeouts, timeouts_of(self._config.timeouts)),
            cooldown=cooldown_of(entry.cooldown or self._config.cooldown),
            cache_ttl_s=entry.cache.ttl if entry.cache is not None else None,
            tools=entry.tools,
            calls_functions=_calls_functions(entry),
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
                    pricing=pricing_of((base and base.pricing) or entry.pricing),
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
        if self._is_base(base_model):
            self._put_custom(file, entry, base_model)
            return
        words = "the id of a configured model of a provider"
        self.problems.append(ConfigProblem(file, "baseModel", repr(base_model), words))
        self.customs[entry.id] = (file, entry)
        self._stand_ins.append(file)

    def _is_base(self, model_id: str) -> bool:
        base = self.models.get(model_id)
        return base is not None and base.base_model is None

    def _put_custom(self, file: str, entry: ModelFile, base_model: str) -> None:
        if not self._is_base(base_model):
            return
        self.served[file] = Served(entry)
        self.customs[entry.id] = (file, entry)
        base = self.models[base_model]
        self.models[entry.id] = replace(
            base,
            id=entry.id,
            name=entry.name or entry.id.split("/", 1)[1],
            provider="custom",
            description=entry.description,
            parameters={**base.parameters, **entry.parameters},
            system_prompt=entry.system_prompt,
            base_model=base_model,
            access=access_of(entry.access),
            owner=entry.owner,
            is_shared=entry.is_shared,
            is_discovered=False,
            tools=entry.tools,
            retries=retries_of(entry.retries) if entry.retries else base.retries,
            strategy=entry.strategy or base.strategy,
            timeouts=own_timeouts(entry.timeouts, base.timeouts),
            cooldown=cooldown_of(entry.cooldown) if entry.cooldown else base.cooldown,
            cache_ttl_s=entry.cache.ttl if entry.cache is not None else base.cache_ttl_s,
        )
        self._tell_unenforced(file, entry)
        if not entry.enabled:
            self.unusable[entry.id] = f"it is disabled. Set `enabled` to true in {file}."

    def _settle_fallbacks(self) -> None:
        """A model's own, else config.json's for it, else its base's or all's.

        One that is no model now may come later, when a local server is found: a call passes over it.
        """
        named = self._config.fallbacks
        by_model = named if isinstance(named, dict) else {}
        for_all = () if isinstance(named, dict) else named
        bases_first = sorted(self.served.items(), key=lambda one: one[1].provider is None)
        for _, served in bases_first:
            entry = served.entry
            model = self.models[entry.id]
            if entry.fallbacks is not None:
                fallbacks = entry.fallbacks
            elif entry.id in by_model:
                fallbacks = by_model[entry.id]
            elif model.base_model is not None:
                fallbacks = self.models[model.base_model].fallbacks
            else:
                fallbacks = for_all
            others = tuple(one for one in fallbacks if one != entry.id)
            self.models[entry.id] = replace(model, fallbacks=others)


def _calls_functions(entry: ModelFile) -> bool:
    """As its file says; where it says nothing of what the model can do, an embedded one cannot."""
    if "capabilities" in entry.model_fields_set:
        return "tools" in entry.capabilities
    return entry.weights is None
