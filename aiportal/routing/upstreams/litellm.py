"""Providers of other dialects through LiteLLM's `acompletion`: for those that have no translator here."""

from collections.abc import AsyncIterator
from typing import Any

import orjson

from aiportal.dialects.operations import CHAT
from aiportal.dialects.sse import DONE, encode
from aiportal.registry import Confidential
from aiportal.routing.upstreams.call import UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.litellm_library import LiteLlmLibrary, foreign_errors
from aiportal.routing.upstreams.provider_arguments import provider_arguments
from aiportal.routing.upstreams.remote_media import refuse_remote_media

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


class LiteLlmUpstream:
    """Asks any provider that LiteLLM knows; its answers come back in OpenAI's shape.

    Of the caller's fields those of CHAT_FIELDS go on; what else a body holds has no meaning in another
    dialect.
    """

    def __init__(self, library: LiteLlmLibrary | None = None) -> None:
        self._library = library or LiteLlmLibrary()

    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Raises UpstreamError for whatever LiteLLM raises, ModelUnavailable where a key is missing."""
        deployment = request.deployment
        refuse_remote_media(request.body.get("messages"))
        litellm = await self._library.load()
        arguments = {name: request.body[name] for name in CHAT_FIELDS & request.body.keys()}
        with foreign_errors(deployment.confidential):
            answer = await litellm.acompletion(
                **provider_arguments(deployment, CHAT),
                timeout=request.timeouts.total_s,
                _skip_mcp_handler=True,  # it looks among tools for servers to call by itself
                **arguments,
            )
        return _LiteLlmCall(answer, deployment.confidential)


class _LiteLlmCall:
    """One answer of LiteLLM, written back as OpenAI's bytes."""

    def __init__(self, answer: Any, confidential: Confidential) -> None:
        self._answer = answer
        self._confidential = confidential

    async def read(self) -> bytes:
        return orjson.dumps(self._answer.model_dump(exclude_none=True))

    async def pieces(self) -> AsyncIterator[bytes]:
        with foreign_errors(self._confidential):
            async for chunk in self._answer:
                yield encode(chunk.model_dump(exclude_unset=True))
        yield DONE

    def pause(self) -> None:
        """LiteLLM has the connection."""

    async def close(self) -> None:
        closing = getattr(self._answer, "aclose", None)
        if closing is not None:
            await closing()
