"""One model call on behalf of a caller: resolve, fill in, ask. Every door's answers begin here."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiportal.dialects.openai_chat import ChatRequest
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.registry import Model, Registry
from aiportal.routing import Completion, Router
from aiportal.usage import Door, Entry

__all__ = ["Completions"]

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
        request: ChatRequest,
        *,
        source: Door,
        endpoint: str,
        request_id: str | None = None,
    ) -> AsyncIterator[Completion]:
        """Ask the model; entered once its upstream has accepted, cancelled if left before the end.

        Raises ModelNotFound, ModelUnavailable, PermissionDenied, UpstreamError.
        """
        model = self._registry.resolve(principal, request.model)
        deployment = self._router.choose(model)
        entry = Entry(
            request_id=request_id or new_id("req"),
            user_id=principal.user_id,
            key_id=principal.key_id,
            endpoint=endpoint,
            source=source,
            model=model.id,
            deployment=deployment.id,
        )
        completion = await self._router.complete(
            model,
            deployment,
            _upstream_body(model, deployment.upstream_model, request),
            entry,
            is_stream=request.is_stream,
            wants_usage=request.wants_usage,
            prompt_chars=request.prompt_chars() + len(model.system_prompt),
            timeouts=self._registry.timeouts,
        )
        async with completion:
            yield completion


def _upstream_body(model: Model, upstream_model: str, request: ChatRequest) -> Mapping[str, Any]:
    """The caller's body with the model's defaults, the upstream's name for it, and usage asked for."""
    body = dict(request.body)
    for name, value in model.parameters.items():
        if name not in body and _SAME_MEANING.get(name) not in body:
            body[name] = value
    body["model"] = upstream_model
    if model.system_prompt:
        system = {"role": "system", "content": model.system_prompt}
        body["messages"] = [system, *body["messages"]]
    if request.is_stream:
        body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return body
