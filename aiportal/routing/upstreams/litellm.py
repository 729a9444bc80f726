"""Providers of other dialects (Anthropic, Gemini, Bedrock…) through LiteLLM's `acompletion`.

LiteLLM takes 190 MB and seconds to import, so that happens at the first call, off the event loop.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import orjson

from aiportal.dialects.operations import CHAT
from aiportal.dialects.sse import DONE, encode
from aiportal.errors import InvalidRequest, UpstreamError
from aiportal.routing.upstreams.call import UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.failures import failure_from
from aiportal.settings import keep_litellm_offline

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["CHAT_FIELDS", "LiteLlmUpstream"]

CHAT_FIELDS = frozenset(
    {
        "audio",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
    }
)
"""What of a caller's body becomes an argument of LiteLLM. Nothing else may: among its arguments are
`base_url`, `api_key`, `mock_response` and `fallbacks`, by which a caller could have the portal's key
sent elsewhere, or another model asked."""

_PREFIX = re.compile(r"^(?:litellm\.\w+: )+(?:\w+(?:Exception|Error) - )?")


class LiteLlmUpstream:
    """Asks any provider that LiteLLM knows; its answers come back in OpenAI's shape.

    Of the caller's fields those of CHAT_FIELDS go on; what else a body holds has no meaning in another
    dialect.
    """

    def __init__(self) -> None:
        self._importing = asyncio.Lock()
        self._litellm: ModuleType | None = None

    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Raises UpstreamError for whatever LiteLLM raises, InvalidRequest for what is no chat."""
        if request.operation != CHAT:
            raise InvalidRequest(
                f"The model {request.model.id!r} answers in chats only. Choose another one for this.",
                param="model",
            )
        litellm = await self._library()
        deployment = request.deployment
        arguments = {name: request.body[name] for name in CHAT_FIELDS & request.body.keys()}
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
    body = _PREFIX.sub("", str(getattr(error, "message", error))).encode()
    if not body.startswith(b"{"):  # else it is the provider's own error object
        body = orjson.dumps({"error": {"message": body.decode()}})
    return failure_from(status if isinstance(status, int) else 502, body, headers, secret=secret)
