"""How many tokens a request has before it is sent. Nobody is charged for asking."""

from dataclasses import dataclass
from typing import Any

import orjson

from aiportal.dialects.openai_chat import ChatRequest
from aiportal.local import LocalModels, count_tokens
from aiportal.principal import Principal
from aiportal.registry import Model, Registry
from aiportal.routing.outcome import estimated_usage

__all__ = ["PromptTokens", "TokenCount"]

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
    """Counts as the model does where that runs on this machine; estimates elsewhere."""

    def __init__(self, registry: Registry, local: LocalModels) -> None:
        self._registry = registry
        self._local = local

    async def count(self, principal: Principal, request: ChatRequest) -> TokenCount:
        """Loads an embedded model if need be.

        Raises ModelNotFound, ModelUnavailable, PermissionDenied.
        """
        model = self._registry.resolve(principal, request.model)
        tokens = await self._counted(model, request)
        if tokens is not None:
            return TokenCount(tokens, is_estimated=False)
        return TokenCount(_estimated(model, request), is_estimated=True)

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
