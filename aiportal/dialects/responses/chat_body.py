"""From a request for a response to the body of Chat Completions."""

from collections.abc import Sequence
from typing import Any

from aiportal.dialects.openai_chat import ChatLimits, ChatRequest
from aiportal.dialects.responses.body import JsonFormat, ResponsesBody, TextConfig
from aiportal.dialects.responses.items import Item
from aiportal.dialects.responses.messages import chat_messages
from aiportal.dialects.responses.tools import NamedTool, chat_tools
from aiportal.errors import InvalidRequest

__all__ = ["chat_request"]

# The same in both dialects.
_AS_THEY_ARE = (
    "model",
    "stream",
    "temperature",
    "top_p",
    "parallel_tool_calls",
    "user",
    "safety_identifier",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
)


def chat_request(
    body: ResponsesBody, items: Sequence[Item], limits: ChatLimits | None = None
) -> ChatRequest:
    """What a model is asked by `body`, with `items` as the whole conversation.

    The most tokens are said by `max_completion_tokens`: OpenAI's newer models refuse `max_tokens`,
    and llama.cpp, vLLM and LiteLLM take either. Raises InvalidRequest.
    """
    chat: dict[str, Any] = {
        name: value for name in _AS_THEY_ARE if (value := getattr(body, name)) is not None
    }
    chat |= body.model_extra or {}
    chat["messages"] = chat_messages(items, body.instructions)
    chat |= _tools(body)
    if body.max_output_tokens is not None:
        chat["max_completion_tokens"] = body.max_output_tokens
    if body.reasoning is not None and body.reasoning.effort is not None:
        chat["reasoning_effort"] = body.reasoning.effort
    if body.text is not None:
        chat |= _text(body.text)
    if body.wants_logprobs:
        chat["logprobs"] = True
        if body.top_logprobs is not None:
            chat["top_logprobs"] = body.top_logprobs
    if body.stream:
        chat["stream_options"] = {"include_usage": True}
    try:
        return ChatRequest.parse(chat, limits)
    except InvalidRequest as error:
        if not (error.param or "").startswith("messages"):
            raise
        words = error.message.replace("`messages`", "`input`")
        raise InvalidRequest(words, param="input", code=error.code) from error


def _tools(body: ResponsesBody) -> dict[str, Any]:
    """The caller's own functions, or the portal's tools."""
    if body.portal_tools is None:
        return chat_tools(body.tools or (), body.tool_choice)
    chat: dict[str, Any] = {"tools": body.portal_tools.as_wire()}
    choice = body.tool_choice
    if isinstance(choice, NamedTool):
        chat["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    elif isinstance(choice, str):
        chat["tool_choice"] = choice
    elif choice is not None:
        raise InvalidRequest(
            "Which of the portal's tools may be called is said by `tools.allowedTools`.",
            param="tool_choice",
        )
    return chat


def _text(text: TextConfig) -> dict[str, Any]:
    chat: dict[str, Any] = {}
    if text.verbosity is not None:
        chat["verbosity"] = text.verbosity
    wanted = text.format
    if isinstance(wanted, JsonFormat):
        schema: dict[str, Any] = {"name": wanted.name, "schema": wanted.json_schema}
        for name in ("description", "strict"):
            if (value := getattr(wanted, name)) is not None:
                schema[name] = value
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif wanted is not None and wanted.type != "text":
        chat["response_format"] = {"type": wanted.type}
    return chat
