"""How many tokens a request has before it is sent. Nobody is charged for asking."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from aiportal.chat.upstream_body import upstream_body
from aiportal.dialects.anthropic import NativeRequest
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.errors import ModelUnavailable, UpstreamError
from aiportal.local import LocalModels, count_tokens
from aiportal.principal import Principal
from aiportal.registry import Model, Registry
from aiportal.routing import Router
from aiportal.routing.outcome import estimated_usage

__all__ = ["PromptTokens", "TokenCount"]

_log = logging.getLogger(__name__)
TOKENS_OF_AN_ATTACHMENT = 1_600  # what Anthropic counts at most for an image
# Of a request and of its messages, what a model reads besides the texts.
_READ_FIELDS = ("tools", "response_format")
_READ_OF_MESSAGES = ("tool_calls", "reasoning_content", "reasoning", "thinking_blocks")
_TEXTS = frozenset({"text", "refusal", "thinking"})


@dataclass(frozen=True, slots=True)
class TokenCount:
    """is_estimated: by rule of thumb, not by the model's tokenizer."""

    tokens: int
    is_estimated: bool


class PromptTokens:
    """Counts as the model does where that runs on this machine, or its provider tells; else estimates."""

    def __init__(self, registry: Registry, local: LocalModels, router: Router) -> None:
        self._registry = registry
        self._local = local
        self._router = router

    async def count(self, principal: Principal, request: ChatRequest | NativeRequest) -> TokenCount:
        """Loads an embedded model if need be; asks a provider that is asked in Anthropic's dialect.

        Raises ModelNotFound, ModelUnavailable, PermissionDenied.
        """
        model = self._registry.resolve(principal, request.model)
        if isinstance(request, NativeRequest):
            return await self._told(model, request)
        tokens = await self._counted(model, request)
        if tokens is not None:
            return TokenCount(tokens, is_estimated=False)
        return TokenCount(_estimated(model, request), is_estimated=True)

    async def _told(self, model: Model, request: NativeRequest) -> TokenCount:
        body = partial(upstream_body, model, request, model)
        try:
            tokens = await self._router.count_tokens(model, request, body)
        except (UpstreamError, ModelUnavailable) as error:
            _log.debug("The provider of %s counts no tokens: %s", model.id, error.message)
            chars = len(model.system_prompt) + request.prompt_chars() + request.structure_chars()
            attached = request.attachments() * TOKENS_OF_AN_ATTACHMENT
            return TokenCount(estimated_usage(chars).prompt_tokens + attached, is_estimated=True)
        return TokenCount(tokens, is_estimated=False)

    async def _counted(self, model: Model, request: ChatRequest) -> int | None:
        if model.weights is None:
            return None
        messages = request.body["messages"]
        if model.system_prompt:
            messages = [{"role": "system", "content": model.system_prompt}, *messages]
        async with self._local.lease(
            model.base_model or model.id, model.weights, context_window=model.context_window
        ) as endpoint:
            return await count_tokens(endpoint, {**request.body, "messages": messages})


def _estimated(model: Model, request: ChatRequest) -> int:
    messages = request.body["messages"]
    chars = len(model.system_prompt) + request.prompt_chars()
    chars += sum(_json_chars(request.body.get(name)) for name in _READ_FIELDS)
    chars += sum(_json_chars(one.get(name)) for one in messages for name in _READ_OF_MESSAGES)
    attachments = sum(map(_attachments, messages))
    return estimated_usage(chars).prompt_tokens + attachments * TOKENS_OF_AN_ATTACHMENT


def _json_chars(value: object) -> int:
    return len(orjson.dumps(value)) if value else 0


def _attachments(message: dict[str, Any]) -> int:
    content = message.get("content")
    if not isinstance(content, list):
        return 0
    return sum(part["type"] not in _TEXTS for part in content)
