"""Providers of other dialects through LiteLLM's `acompletion`: for those that have no translator here."""

from collections.abc import AsyncIterator
from typing import Any

import orjson

from aiportal.dialects.sse import DONE, encode
from aiportal.errors import ModelUnavailable
from aiportal.registry import Deployment
from aiportal.routing.upstreams.call import UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.litellm_library import NO_KEY, LiteLlmLibrary, foreign_errors
from aiportal.routing.upstreams.remote_media import refuse_remote_media

__all__ = ["CHAT_FIELDS", "LiteLlmUpstream", "provider_arguments"]

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

# Without an address of its own LiteLLM looks for one in variables that are other programs' too.
_API_BASES = {
    "anthropic": "https://api.anthropic.com",
    "cohere": "https://api.cohere.com/v2/chat",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
}
# Where the key is no `api_key`: the JSON of a service account.
_KEY_ARGUMENTS = {"vertex_ai": "vertex_credentials"}
# Whose clouds would otherwise be asked for credentials, or the environment.
_NEED_A_KEY = {"bedrock", "vertex_ai"}


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
        with foreign_errors(deployment.api_key):
            answer = await litellm.acompletion(
                **provider_arguments(deployment),
                timeout=request.timeouts.total_s,
                _skip_mcp_handler=True,  # it looks among tools for servers to call by itself
                **arguments,
            )
        return _LiteLlmCall(answer, deployment.api_key)


def provider_arguments(deployment: Deployment) -> dict[str, Any]:
    """What tells any function of LiteLLM whom to ask. Raises ModelUnavailable where a key is missing."""
    dialect = deployment.dialect
    if deployment.api_key is None and dialect in _NEED_A_KEY:
        raise ModelUnavailable(
            f"This model's dialect, {dialect!r}, needs a key. Name the variable that holds it as "
            "`apiKeyEnv` of the model or its provider.",
            param="model",
        )
    return {
        "model": f"{dialect}/{deployment.upstream_model}",
        _KEY_ARGUMENTS.get(dialect, "api_key"): deployment.api_key or NO_KEY,
        "api_base": deployment.api_base or _API_BASES.get(dialect),
        "extra_headers": dict(deployment.headers) or None,
        "num_retries": 0,
    }


class _LiteLlmCall:
    """One answer of LiteLLM, written back as OpenAI's bytes."""

    def __init__(self, answer: Any, secret: str | None) -> None:
        self._answer = answer
        self._secret = secret

    async def read(self) -> bytes:
        return orjson.dumps(self._answer.model_dump(exclude_none=True))

    async def pieces(self) -> AsyncIterator[bytes]:
        with foreign_errors(self._secret):
            async for chunk in self._answer:
                yield encode(chunk.model_dump(exclude_unset=True))
        yield DONE

    async def close(self) -> None:
        closing = getattr(self._answer, "aclose", None)
        if closing is not None:
            await closing()
