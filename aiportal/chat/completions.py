"""One model call on behalf of a caller: resolve, fill in, ask. Every door's answers begin here."""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
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
        async with await self._router.complete(call) as completion:
            yield completion

    def _fallbacks(self, principal: Principal, model: Model) -> Iterator[Model]:
        """The model's fallbacks that this caller may use and that can serve."""
        for model_id in model.fallbacks:
            try:
                yield self._registry.resolve(principal, model_id)
            except (ModelNotFound, PermissionDenied, ModelUnavailable) as error:
                _log.debug("%s cannot stand in for %s: %s", model_id, model.id, error.message)


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
