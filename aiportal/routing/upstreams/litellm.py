"""Providers of other dialects (Anthropic, Gemini, Bedrock…) through LiteLLM's `acompletion`.

LiteLLM takes 190 MB and seconds to import, so that happens at the first call, off the event loop.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import orjson

from aiportal.dialects.sse import DONE, encode
from aiportal.errors import UpstreamError
from aiportal.routing.upstreams.call import UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.failures import failure_from
from aiportal.settings import keep_litellm_offline

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["LiteLlmUpstream"]


class LiteLlmUpstream:
    """Asks any provider that LiteLLM knows; its answers come back in OpenAI's shape."""

    def __init__(self) -> None:
        self._importing = asyncio.Lock()
        self._litellm: ModuleType | None = None

    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Raises UpstreamError for whatever LiteLLM raises."""
        litellm = await self._library()
        deployment = request.deployment
        arguments = {name: value for name, value in request.body.items() if name != "model"}
        try:
            answer = await litellm.acompletion(
                model=f"{deployment.dialect}/{deployment.upstream_model}",
                api_key=deployment.api_key,
                api_base=deployment.api_base,
                extra_headers=dict(deployment.headers) or None,
                timeout=request.timeouts.total_s,
                num_retries=0,
                **arguments,
            )
        except Exception as error:
            raise _translated(error, deployment.api_key) from error
        return _LiteLlmCall(answer, deployment.api_key)

    async def _library(self) -> Any:
        async with self._importing:
            if self._litellm is None:
                self._litellm = await asyncio.to_thread(_import_litellm)
        return self._litellm


def _import_litellm() -> "ModuleType":
    keep_litellm_offline()
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    return litellm


class _LiteLlmCall:
    """One answer of LiteLLM, written back as OpenAI's bytes."""

    def __init__(self, answer: Any, secret: str | None) -> None:
        self._answer = answer
        self._secret = secret

    async def read(self) -> bytes:
        return orjson.dumps(self._answer.model_dump(exclude_none=True))

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer:
                yield encode(chunk.model_dump(exclude_unset=True))
        except Exception as error:
            raise _translated(error, self._secret) from error
        yield DONE

    async def close(self) -> None:
        closing = getattr(self._answer, "aclose", None)
        if closing is not None:
            await closing()


def _translated(error: Exception, secret: str | None) -> UpstreamError:
    """LiteLLM's errors derive from openai's and carry a status; whatever has none is a failure, 502."""
    status = getattr(error, "status_code", None)
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or {}
    message = str(getattr(error, "message", error))
    body = orjson.dumps({"error": {"message": message, "code": getattr(error, "code", None)}})
    return failure_from(status if isinstance(status, int) else 502, body, headers, secret=secret)
