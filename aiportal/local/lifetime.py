"""Embedded models in memory: loaded at first use, shared, unloaded when nobody has used them long."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiportal.errors import ConfigError, ModelUnavailable
from aiportal.local.llm import LlamaServer, LocalEndpoint
from aiportal.local.machine import available_memory_bytes
from aiportal.local.pull import is_being_pulled
from aiportal.local.weights import OwnFile, Weights, check_gguf, parse_source, weights_path

__all__ = ["LocalModelState", "LocalModelStatus", "LocalModels"]

DEFAULT_CONTEXT_WINDOW = 4096
MAX_LOADED = 4  # models in memory at once, whatever their size
PULL_WAIT_S = 600  # the longest that a call waits for weights that are just being fetched
PULL_POLL_S = 0.2

_log = logging.getLogger(__name__)

LocalModelState = Literal["absent", "pulling", "loading", "ready", "idle"]


@dataclass(frozen=True, slots=True)
class LocalModelStatus:
    """One embedded model.

    absent: no weights here; pulling: they are being fetched; loading, ready: on the way into memory,
    in memory; idle: the weights are here, and the next call loads them.
    leases: calls that use it or wait for it now.
    """

    model_id: str
    state: LocalModelState
    leases: int = 0


@dataclass(frozen=True, slots=True)
class _Key:
    model_id: str
    weights: Weights
    context_window: int
    is_embedding: bool


class _Loaded:
    """A model that is in memory or on its way there."""

    def __init__(self, key: _Key) -> None:
        self.key = key
        self.leases = 0
        self.is_waiting_for_weights = False
        self.idle_since = 0.0
        self.unload: asyncio.TimerHandle | None = None
        self.loading: asyncio.Task[LlamaServer]

    @property
    def server(self) -> LlamaServer | None:
        """None while it loads, and after a load that failed."""
        if not self.loading.done() or self.loading.cancelled() or self.loading.exception():
            return None
        return self.loading.result()

    @property
    def state(self) -> LocalModelState:
        if self.server is None:
            return "pulling" if self.is_waiting_for_weights else "loading"
        return "ready"


class LocalModels:
    """Use as an async context manager; leaving it ends every model, running answers included.

    idle_s: seconds without a lease after which a model leaves memory. parallel: requests that one
    model answers at once.
    """

    def __init__(self, *, cache_dir: Path, idle_s: float, parallel: int, is_enabled: bool) -> None:
        self._cache_dir = cache_dir
        self._idle_s = idle_s
        self._parallel = parallel
        self._is_enabled = is_enabled
        self._loaded: dict[_Key, _Loaded] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._one_load = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in self._loaded.values():
            if one.unload is not None:
                one.unload.cancel()
            one.loading.cancel()
        await asyncio.gather(*(self._end(one) for one in list(self._loaded.values())))
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @asynccontextmanager
    async def lease(
        self,
        model_id: str,
        weights: Weights,
        *,
        context_window: int | None,
        is_embedding: bool = False,
    ) -> AsyncIterator[LocalEndpoint]:
        """Have the model in memory for as long as the context is open.

        The first caller loads it, others wait for the same load; where the weights are just being
        fetched, all wait for them. context_window: tokens for prompt and answer of one request,
        None for 4,096. is_embedding: makes vectors, not text. Raises ModelUnavailable with what to do.
        """
        if not self._is_enabled:
            raise ModelUnavailable(
                f"{model_id!r} is an embedded model, and those are switched off "
                "(AIPORTAL_LOCAL_MODEL=off). Choose another model."
            )
        key = _Key(model_id, weights, context_window or DEFAULT_CONTEXT_WINDOW, is_embedding)
        one = self._loaded.get(key) or self._begin(key)
        self._take(one)
        try:
            server = await asyncio.shield(one.loading)
            yield server.endpoint
        finally:
            self._give_back(one)

    def status(self) -> list[LocalModelStatus]:
        """The models that are in memory or on their way there."""
        return [
            LocalModelStatus(one.key.model_id, one.state, one.leases)
            for one in self._loaded.values()
        ]

    async def status_of(self, model_id: str, weights: Weights) -> LocalModelStatus:
        """One model, whether or not it is in memory."""
        for status in self.status():
            if status.model_id == model_id:
                return status
        if await asyncio.to_thread(weights_path, weights, self._cache_dir) is not None:
            return LocalModelStatus(model_id, "idle")
        is_pulled = await asyncio.to_thread(is_being_pulled, weights, self._cache_dir)
        return LocalModelStatus(model_id, "pulling" if is_pulled else "absent")

    def _begin(self, key: _Key) -> _Loaded:
        one = self._loaded[key] = _Loaded(key)
        one.loading = self._spawn(self._load(one), f"load {key.model_id}")
        return one

    def _take(self, one: _Loaded) -> None:
        one.leases += 1
        if one.unload is not None:
            one.unload.cancel()
            one.unload = None

    def _give_back(self, one: _Loaded) -> None:
        one.leases -= 1
        if one.leases or self._loaded.get(one.key) is not one:
            return
        loop = asyncio.get_running_loop()
        one.idle_since = loop.time()
        one.unload = loop.call_later(self._idle_s, self._unload, one)

    def _unload(self, one: _Loaded) -> None:
        self._forget(one)  # at once, so that nobody can take it any more
        self._spawn(self._end(one), f"unload {one.key.model_id}")

    async def _load(self, one: _Loaded) -> LlamaServer:
        try:
            path = await self._weights_of(one)
            async with self._one_load:
                await self._make_room(one)
                server = await LlamaServer.start(
                    path,
                    alias=one.key.model_id,
                    context_window=one.key.context_window,
                    is_embedding=one.key.is_embedding,
                    parallel=self._parallel,
                )
        except BaseException:
            self._forget(one)
            raise
        self._spawn(self._watch(one, server), f"watch {one.key.model_id}")
        return server

    async def _weights_of(self, one: _Loaded) -> Path:
        weights, model_id = one.key.weights, one.key.model_id
        try:
            source = parse_source(weights)
            if isinstance(source, OwnFile):
                await asyncio.to_thread(check_gguf, source.path)
        except ConfigError as error:
            # Only the log is told the path: callers are not.
            _log.error("%s: %s", model_id, error.message)
            raise ModelUnavailable(
                f"The weights of {model_id!r} cannot be used; the portal's log says why. Choose "
                "another model."
            ) from error
        path = await asyncio.to_thread(weights_path, weights, self._cache_dir)
        if path is None and await self._pull_ended(one):
            path = await asyncio.to_thread(weights_path, weights, self._cache_dir)
        if path is None:
            raise ModelUnavailable(
                f"The weights of {model_id!r} are not here yet. Run: aiportal models pull "
                f"{model_id}"
            )
        return path

    async def _pull_ended(self, one: _Loaded) -> bool:
        """Wait for a running pull; False if there is none, or it takes too long."""
        one.is_waiting_for_weights = True
        was_running = False
        try:
            async with asyncio.timeout(PULL_WAIT_S):
                while await asyncio.to_thread(is_being_pulled, one.key.weights, self._cache_dir):
                    was_running = True
                    await asyncio.sleep(PULL_POLL_S)
        except TimeoutError:
            return False
        finally:
            one.is_waiting_for_weights = False
        return was_running

    async def _make_room(self, wanted: _Loaded) -> None:
        """End idle models, the longest idle first, until the wanted one fits."""
        while missing := await self._lacks(wanted):
            idle = [one for one in self._loaded.values() if one.server and not one.leases]
            if not idle:
                raise ModelUnavailable(
                    f"{wanted.key.model_id!r} cannot be loaded: {missing} Try again later, or "
                    "choose a smaller model."
                )
            await self._end(min(idle, key=lambda one: one.idle_since))

    async def _lacks(self, wanted: _Loaded) -> str:
        """Why the wanted model does not fit now, empty if it does."""
        in_memory = sum(one.server is not None for one in self._loaded.values())
        if in_memory >= MAX_LOADED:
            return f"{in_memory} embedded models are in use already."
        needed = wanted.key.weights.memory_bytes
        available = await asyncio.to_thread(available_memory_bytes)
        if needed is None or available is None or available >= needed:
            return ""
        return f"it needs {needed / 1e9:.1f} GB of memory, and {available / 1e9:.1f} GB are free."

    async def _watch(self, one: _Loaded, server: LlamaServer) -> None:
        """Forget a model whose process has ended, so that the next lease loads it again."""
        await server.wait()
        self._forget(one)

    async def _end(self, one: _Loaded) -> None:
        self._forget(one)
        await asyncio.gather(one.loading, return_exceptions=True)
        if one.server is not None:
            await one.server.stop()
            _log.info("%s has left memory", one.key.model_id)

    def _forget(self, one: _Loaded) -> None:
        if self._loaded.get(one.key) is one:
            del self._loaded[one.key]

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.debug("%s failed: %s", task.get_name(), task.exception())
