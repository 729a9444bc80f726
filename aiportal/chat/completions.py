"""One model call on behalf of a caller: resolve, fill in, ask. Every door's answers begin here."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType
from typing import Any

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
    """Stateless between calls."""

    def __init__(self, registry: Registry, router: Router) -> None:
        self._registry = registry
        self._router = router

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
        call = ModelCall(
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
            body=partial(_upstream_body, model, request),
        )
        return _Opening(self._router, call)

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
