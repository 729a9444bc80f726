"""Which models there are, which of them a caller may use now, and how that follows the files."""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Self

from aiportal.dialects.openai_chat import ChatLimits
from aiportal.errors import ModelNotFound, ModelUnavailable, PermissionDenied, PortalError
from aiportal.local import weights_path
from aiportal.principal import Principal
from aiportal.registry.custom import CustomModels
from aiportal.registry.discovery import LocalServers
from aiportal.registry.entries import timeouts_of
from aiportal.registry.files import ConfigProblem, ModelConfig, config_folder, read_config
from aiportal.registry.models import Model, ModelStatus
from aiportal.registry.table import ModelTable
from aiportal.registry.watch import changes
from aiportal.settings import Settings

__all__ = ["Registry"]

LOOK_AROUND_S = 60  # how old a look for local servers may be when models are listed
GONE_S = 0.1  # how long a file is missing until it is removed: some editors write by way of that

_log = logging.getLogger(__name__)


class Registry:
    """The models of one portal, as `load` has read them.

    Inside `async with` it also follows the files, if `hotReload` in config.json is true, and finds
    model servers on this machine; both end with the context. What it has handed out never changes.
    """

    def __init__(
        self, settings: Settings, config: ModelConfig, *, discovered: Iterable[Model] = ()
    ) -> None:
        self._settings = settings
        self._environment = settings.provider_environment()
        self._servers = LocalServers(settings)
        self._discovered = tuple(discovered)
        self._looked_at = time.monotonic()
        self._reading = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._swap(config, ModelTable(config, self._environment, discovered=self._discovered))
        self.custom_models = CustomModels(
            config.folder, table=lambda: self._table, resolve=self.resolve, refresh=self._refresh
        )

    @classmethod
    async def load(cls, settings: Settings) -> "Registry":
        """Read the model config off the event loop. Bad files are left out and listed in `problems`."""
        return await asyncio.to_thread(cls.load_now, settings)

    @classmethod
    def load_now(cls, settings: Settings, *, discovered: Iterable[Model] = ()) -> "Registry":
        """As `load`, for callers without a loop, and with models that `LocalServers` have offered."""
        return cls(settings, read_config(config_folder(settings)), discovered=discovered)

    async def __aenter__(self) -> Self:
        self._tell(before=())
        await self._look_around()
        self._watching = asyncio.create_task(self._watch(), name="model-config")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        tasks = [task for task in (self._watching, self._looking) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @property
    def default_model(self) -> str:
        """The id of the model that is used where a caller names none."""
        return self.config.default_model

    async def reload(self, principal: Principal) -> Sequence[Model]:
        """Read the files and look for local servers now; every model there is then.

        Raises PermissionDenied for other callers than administrators.
        """
        _require_admin(principal)
        self._discovered = await self._find()
        await self._refresh()
        return tuple(self._table.models.values())

    def problems_for(self, principal: Principal) -> tuple[ConfigProblem, ...]:
        """`problems`, for administrators. Raises PermissionDenied for others."""
        _require_admin(principal)
        return self.problems

    async def statuses(self, principal: Principal) -> Sequence[ModelStatus]:
        """Every configured model that this caller's key does not exclude, with what it lacks."""
        self._look_around_again()
        return await asyncio.to_thread(self.statuses_now, principal)

    def statuses_now(self, principal: Principal) -> Sequence[ModelStatus]:
        """As `statuses`, for callers without a loop: it looks at the disk for weights."""
        table = self._table
        return [
            ModelStatus(model, self._missing(table, model) or self._missing_weights(model))
            for model in table.models.values()
            if principal.may_use(model.id) and table.admits(principal, model)
        ]

    async def list(
        self, principal: Principal, *, limit: int | None = None, after: str | None = None
    ) -> Sequence[Model]:
        """What this caller may use now.

        limit: how many at most, None for all. after: the id to go on from. Raises ModelNotFound for
        an `after` that is not among them.
        """
        models = [status.model for status in await self.statuses(principal) if status.is_usable]
        if after is None:
            return models[:limit]
        for place, model in enumerate(models, 1):
            if model.id == after:
                return models[place:][:limit]
        raise ModelNotFound("There is no such model to go on from.", param="after")

    def resolve(self, principal: Principal, model_id: str) -> Model:
        """The model of that id, ready to serve this caller.

        Raises ModelNotFound for an unknown id, PermissionDenied where the caller's key excludes it,
        ModelUnavailable with what is missing for one that cannot serve now. Weights are not looked
        for here: that would touch the disk; the embedded upstream does when it needs them.
        """
        table = self._table
        model = table.models.get(model_id)
        if model is None or not table.admits(principal, model):
            raise ModelNotFound(
                f"There is no model {model_id!r}. GET /v1/models lists those that you may use.",
                param="model",
            )
        if not principal.may_use(model_id):
            raise PermissionDenied(
                f"This API key is not for the model {model_id!r}. Use another key or model.",
                param="model",
            )
        if missing := self._missing(table, model):
            raise ModelUnavailable(f"The model {model_id!r} cannot serve: {missing}", param="model")
        return model

    def context_window(self, principal: Principal, model_id: str) -> int | None:
        """Tokens that a model holds; None where that is not known, or the model is of old and gone."""
        try:
            return self.resolve(principal, model_id).context_window
        except PortalError:
            return None

    def embedded(self, model_id: str) -> Model | None:
        """The model of that id if it has weights of its own, whether or not they are there."""
        model = self._table.models.get(model_id)
        return model if model is not None and model.weights is not None else None

    def _missing(self, table: ModelTable, model: Model) -> str:
        if words := table.unusable.get(model.id):
            return words
        if model.base_model is not None:
            return self._missing(table, table.models[model.base_model])
        if model.weights is not None and self._settings.local_model == "off":
            return "embedded models are switched off (AIPORTAL_LOCAL_MODEL=off)."
        return ""

    def _missing_weights(self, model: Model) -> str:
        if model.weights is None or weights_path(model.weights, self._settings.cache_dir):
            return ""
        return f"its weights are not here yet. Run: aiportal models pull {model.base_model or model.id}"

    # What changes it: one step at a time, each in one go.

    async def _refresh(self, *, gone_s: float = 0) -> None:
        """Read the files anew. gone_s: how long to wait for one that is missing to come back."""
        async with self._reading:
            config = await self._read_again()
            if gone_s and not _files(self._read) <= _files(config):
                await asyncio.sleep(gone_s)
                config = await self._read_again()
            before = self.problems
            is_changed = config != self._read
            await self._rebuild(config)
        if is_changed:
            self._tell(before=before)

    async def _read_again(self) -> ModelConfig:
        return await asyncio.to_thread(read_config, self._read.folder, self._read)

    async def _rebuild(self, config: ModelConfig) -> None:
        table = await asyncio.to_thread(
            ModelTable,
            config,
            self._environment,
            before=self._table.served,
            discovered=self._discovered,
        )
        self._swap(config, table)

    def _swap(self, config: ModelConfig, table: ModelTable) -> None:
        self._read = config
        self._table = table
        self.problems: tuple[ConfigProblem, ...] = (*config.problems, *table.problems)
        self.config = config.config
        limits = config.config.limits
        self.limits = ChatLimits(
            limits.max_body_bytes, limits.max_messages, limits.max_content_chars
        )
        self.timeouts = timeouts_of(config.config.timeouts)

    def _tell(self, *, before: Sequence[ConfigProblem]) -> None:
        """Put into the log what there is now, and each problem that was not there before."""
        _log.info(
            "The model config has %d models and %d problems",
            len(self._table.models),
            len(self.problems),
        )
        for problem in self.problems:
            if problem not in before:
                _log.warning("The model config: %s", problem)

    async def _watch(self) -> None:
        try:
            async with aclosing(changes(self._read.folder)) as found:
                async for _ in found:
                    if self.config.hot_reload:
                        await self._refresh(gone_s=GONE_S)
        except Exception:
            _log.exception("The model config is not followed any more; start the portal again")

    async def _find(self) -> tuple[Model, ...]:
        self._looked_at = time.monotonic()
        return await self._servers.find()

    async def _look_around(self) -> None:
        found = await self._find()
        if found != self._discovered:
            self._discovered = found
            async with self._reading:
                await self._rebuild(self._read)

    def _look_around_again(self) -> None:
        """Off the caller's way, and only while the context is open."""
        is_open = self._watching is not None and not self._watching.done()
        is_looking = self._looking is not None and not self._looking.done()
        if is_open and not is_looking and time.monotonic() - self._looked_at > LOOK_AROUND_S:
            self._looking = asyncio.create_task(self._look_around(), name="local-servers")


def _files(config: ModelConfig) -> set[str]:
    return {file for file, _ in config.models}.union(config.bad)


def _require_admin(principal: Principal) -> None:
    if not principal.is_admin:
        raise PermissionDenied("Only administrators see to the model config.")
