"""One model call on behalf of a caller: resolve, fill in, ask. Every door's answers begin here."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from itertools import chain
from types import TracebackType

from aiportal.chat.answer import Answer, Recorded, Replayed
from aiportal.chat.answer_cache import AnswerCache, CacheKey, Caching, caching_of
from aiportal.chat.upstream_body import upstream_body
from aiportal.dialects.operations import ModelRequest
from aiportal.errors import ModelNotFound, ModelUnavailable, PermissionDenied
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.registry import Model, Registry
from aiportal.routing import Completion, ModelCall, Router
from aiportal.usage import Door, Entry

__all__ = ["Completions"]

_log = logging.getLogger(__name__)


class Completions:
    """Keeps nothing between calls but what its cache holds."""

    def __init__(self, registry: Registry, router: Router, cache: AnswerCache) -> None:
        self._registry = registry
        self._router = router
        self._cache = cache

    def open(
        self,
        principal: Principal,
        request: ModelRequest,
        *,
        source: Door,
        endpoint: str,
        request_id: str | None = None,
    ) -> AbstractAsyncContextManager[Completion]:
        """Ask the model; entered once an answer has begun, cancelled if left before the end.

        Here or when it is entered raises ModelNotFound, ModelUnavailable, PermissionDenied, UpstreamError.
        """
        model = self._registry.resolve(principal, request.model)
        call = self._call(principal, model, request, source, endpoint, request_id)
        return _Opening(self._router, call)

    def answer(
        self,
        principal: Principal,
        request: ModelRequest,
        *,
        source: Door,
        endpoint: str,
        request_id: str | None = None,
        cache: str | None = None,
    ) -> AbstractAsyncContextManager[Answer]:
        """As `open`, for a door that hands the answer on, and with a kept one if there is one.

        cache: the call's wish (see `caching_of`), None to leave it to the model. An answer from the
        cache costs nothing and has no row. Raises also InvalidRequest, for a wish that is none.
        """
        model = self._registry.resolve(principal, request.model)
        call = self._call(principal, model, request, source, endpoint, request_id)
        caching = caching_of(model, cache)
        if caching is None:
            return _Opening(self._router, call)
        return self._cached(call, CacheKey.of(principal, model, request), caching)

    def is_spoken(self, principal: Principal, model_id: str, dialect: str) -> bool:
        """Whether all that may answer a call speak a dialect: the model, and what may stand in for it.

        Raises ModelNotFound, ModelUnavailable, PermissionDenied.
        """
        model = self._registry.resolve(principal, model_id)
        return all(
            deployment.dialect == dialect
            for one in chain((model,), self._fallbacks(principal, model))
            for deployment in one.deployments
        )

    @asynccontextmanager
    async def _cached(
        self, call: ModelCall, key: CacheKey, caching: Caching
    ) -> AsyncIterator[Answer]:
        if kept := self._cache.take(key, caching):
            yield Replayed(*kept, is_stream=call.request.is_stream)
            return
        async with await self._router.complete(call) as completion:
            yield Recorded(completion, call.model.id, partial(self._cache.keep, key, caching))

    def _call(
        self,
        principal: Principal,
        model: Model,
        request: ModelRequest,
        source: Door,
        endpoint: str,
        request_id: str | None,
    ) -> ModelCall:
        return ModelCall(
            Entry(
                request_id=request_id or new_id("req"),
                user_id=principal.user_id,
                key_id=principal.key_id,
                endpoint=endpoint,
                source=source,
            ),
            request,
            model,
            fallbacks=partial(self._fallbacks, principal, model),
            body=partial(upstream_body, model, request),
        )

    def _fallbacks(self, principal: Principal, model: Model) -> Iterator[Model]:
        """The model's fallbacks that this caller may use and that can serve."""
        for model_id in model.fallbacks:
            try:
                yield self._registry.resolve(principal, model_id)
            except (ModelNotFound, PermissionDenied, ModelUnavailable) as error:
                _log.debug("%s cannot stand in for %s: %s", model_id, model.id, error.message)


class _Opening(AbstractAsyncContextManager[Completion]):
    """A call that is made when this is entered. A class: a generator would cost every call more."""

    def __init__(self, router: Router, call: ModelCall) -> None:
        self._router = router
        self._call = call
        self._completion: Completion

    async def __aenter__(self) -> Completion:
        self._completion = await self._router.complete(self._call)
        return self._completion

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._completion.__aexit__(kind, error, traceback)
