"""One model call on behalf of a caller: resolve, fill in, ask. Every door's answers begin here."""

import logging
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiportal.chat.answer import Answer, Recorded, Relayed, Replayed
from aiportal.chat.answer_cache import AnswerCache, CacheKey, caching_of
from aiportal.dialects.operations import CHAT, ModelRequest
from aiportal.errors import ModelNotFound, ModelUnavailable, PermissionDenied
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.registry import Deployment, Model, Registry
from aiportal.routing import Completion, ModelCall, Router
from aiportal.usage import Door, Entry

__all__ = ["Completions"]

_log = logging.getLogger(__name__)
# A default for one of these must not join the other in a request: upstreams refuse both at once.
_SAME_MEANING = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}


class Completions:
    """Keeps nothing between calls but what its cache holds."""

    def __init__(self, registry: Registry, router: Router, cache: AnswerCache) -> None:
        self._registry = registry
        self._router = router
        self._cache = cache

    @asynccontextmanager
    async def open(
        self,
        principal: Principal,
        request: ModelRequest,
        *,
        source: Door,
        endpoint: str,
        request_id: str | None = None,
    ) -> AsyncIterator[Completion]:
        """Ask the model; entered once an answer has begun, cancelled if left before the end.

        Raises ModelNotFound, ModelUnavailable, PermissionDenied, UpstreamError.
        """
        model = self._registry.resolve(principal, request.model)
        entry = _entry(principal, source, endpoint, request_id)
        async with await self._ask(principal, model, request, entry) as completion:
            yield completion

    @asynccontextmanager
    async def answer(
        self,
        principal: Principal,
        request: ModelRequest,
        *,
        source: Door,
        endpoint: str,
        request_id: str | None = None,
        cache: str | None = None,
    ) -> AsyncIterator[Answer]:
        """As `open`, for a door that hands the answer on, and with a kept one if there is one.

        cache: the call's wish (see `caching_of`), None to leave it to the model. An answer from the
        cache costs nothing and has no row. Raises also InvalidRequest, for a wish that is none.
        """
        model = self._registry.resolve(principal, request.model)
        caching = caching_of(model, cache)
        key = None if caching is None else CacheKey.of(principal, model, request)
        if caching is not None and key is not None and (kept := self._cache.take(key, caching)):
            yield Replayed(*kept, is_stream=request.is_stream)
            return
        entry = _entry(principal, source, endpoint, request_id)
        async with await self._ask(principal, model, request, entry) as completion:
            if caching is None or key is None:
                yield Relayed(completion)
            else:
                yield Recorded(completion, model.id, partial(self._cache.keep, key, caching))

    def _ask(
        self, principal: Principal, model: Model, request: ModelRequest, entry: Entry
    ) -> Awaitable[Completion]:
        return self._router.complete(
            ModelCall(
                entry,
                request,
                model,
                fallbacks=partial(self._fallbacks, principal, model),
                body=partial(_upstream_body, model, request),
            )
        )

    def _fallbacks(self, principal: Principal, model: Model) -> Iterator[Model]:
        """The model's fallbacks that this caller may use and that can serve."""
        for model_id in model.fallbacks:
            try:
                yield self._registry.resolve(principal, model_id)
            except (ModelNotFound, PermissionDenied, ModelUnavailable) as error:
                _log.debug("%s cannot stand in for %s: %s", model_id, model.id, error.message)


def _entry(principal: Principal, source: Door, endpoint: str, request_id: str | None) -> Entry:
    return Entry(
        request_id=request_id or new_id("req"),
        user_id=principal.user_id,
        key_id=principal.key_id,
        endpoint=endpoint,
        source=source,
    )


def _upstream_body(
    asked: Model, request: ModelRequest, serving: Model, deployment: Deployment
) -> Mapping[str, Any]:
    """The caller's body with the model's defaults, the upstream's name for it, and usage asked for.

    asked: whose system prompt counts. serving: the same model, or one that stands in for it.
    """
    body = dict(request.body)
    body["model"] = deployment.upstream_model
    if request.operation != CHAT:
        return body
    defaults = serving.parameters
    if asked is not serving and asked.base_model is not None:
        defaults = {**defaults, **asked.parameters}
    body |= {
        name: value
        for name, value in defaults.items()
        if name not in request.body and _SAME_MEANING.get(name) not in request.body
    }
    if asked.system_prompt:
        system = {"role": "system", "content": asked.system_prompt}
        body["messages"] = [system, *body["messages"]]
    if request.is_stream:
        body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return body
