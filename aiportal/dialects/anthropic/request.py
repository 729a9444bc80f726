"""The request: Anthropic's Messages as a Chat Completions body."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from aiportal.dialects.anthropic.schema import CountBody, OutputFormat, Tool, ToolChoice
from aiportal.dialects.anthropic.turns import Turns
from aiportal.dialects.openai_chat import ChatLimits, ChatRequest
from aiportal.errors import InvalidRequest

__all__ = ["Target", "chat_request"]

Wire = dict[str, Any]
# Dialects whose translators know Anthropic's `thinking`, `cache_control` and `thinking_blocks`.
_ANTHROPIC_ALIKE = frozenset({"anthropic", "bedrock", "gemini", "vertex_ai"})
# Tokens of thinking from which on an effort is meant; LiteLLM draws the same lines.
_BUDGETS = ((4096, "high"), (2048, "medium"), (0, "low"))
_EFFORTS = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
_TOOL_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


@dataclass(frozen=True, slots=True)
class Target:
    """What the model that is asked understands beyond plain Chat Completions.

    is_anthropic: Anthropic's own fields. is_reasoning: `reasoning_effort`, and
    `max_completion_tokens` where `max_tokens` may be refused.
    """

    is_anthropic: bool = False
    is_reasoning: bool = False

    @classmethod
    def of(cls, dialects: Collection[str], capabilities: Collection[str]) -> "Target":
        """From the dialects of a model's deployments and what the model can do."""
        is_anthropic = bool(dialects) and all(one in _ANTHROPIC_ALIKE for one in dialects)
        return cls(is_anthropic, "reasoning" in capabilities)


def chat_request(body: CountBody, target: Target, limits: ChatLimits) -> ChatRequest:
    """The chat request that a message amounts to; its usage is asked for, streamed or not.

    Raises InvalidRequest that names the field at fault.
    """
    chat = {name: value for name, value in _fields(body, target) if value is not None}
    try:
        return ChatRequest.parse(chat, limits).without_portal_tools()
    except InvalidRequest as error:
        if error.param is None or not error.param.startswith("messages."):
            raise
        # The numbers of the translated messages are not those of the caller's.
        raise InvalidRequest(
            error.message.replace(error.param, "messages"), param="messages", code=error.code
        ) from error


def _fields(body: CountBody, target: Target) -> Iterator[tuple[str, Any]]:
    yield "model", body.model
    yield "messages", _messages(body, target)
    is_new_name = target.is_reasoning and not target.is_anthropic
    yield "max_completion_tokens" if is_new_name else "max_tokens", body.max_tokens
    yield "temperature", body.temperature
    yield "top_p", body.top_p
    yield "top_k", body.top_k
    yield "stop", body.stop_sequences or None
    yield "user", body.metadata.user_id if body.metadata else None
    # `auto` is what OpenAI does unasked.
    yield "service_tier", "default" if body.service_tier == "standard_only" else None
    if body.stream:
        yield "stream", True
        yield "stream_options", {"include_usage": True}
    yield from _tools(body, target)
    yield from _thinking(body, target)
    if body.output_config is not None and body.output_config.format is not None:
        yield "response_format", _response_format(body.output_config.format)


def _messages(body: CountBody, target: Target) -> list[Wire]:
    turns = Turns(body.model, target.is_anthropic)
    messages = [turns.system(body.system)] if body.system else []
    for number, message in enumerate(body.messages):
        messages += turns.messages(message, f"messages.{number}")
    return messages


def _tools(body: CountBody, target: Target) -> Iterator[tuple[str, Any]]:
    if not body.tools:
        return
    yield "tools", [_tool(tool, number, target) for number, tool in enumerate(body.tools)]
    if body.tool_choice is not None:
        yield "tool_choice", _tool_choice(body.tool_choice)
        yield "parallel_tool_calls", False if body.tool_choice.disable_parallel_tool_use else None


def _tool(tool: Tool, number: int, target: Target) -> Wire:
    if tool.type not in (None, "custom"):
        kind = str(tool.type)[:60]
        raise InvalidRequest(
            f"`tools.{number}` is of type {kind!r}, which only Anthropic itself provides. Give "
            "the tool a `name` and an `input_schema`, and run its calls yourself.",
            param=f"tools.{number}.type",
        )
    if tool.input_schema is None:
        raise InvalidRequest(
            f"`tools.{number}.input_schema` is missing. Describe the tool's input by JSON Schema.",
            param=f"tools.{number}.input_schema",
        )
    function: Wire = {"name": tool.name, "parameters": tool.input_schema}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    wire: Wire = {"type": "function", "function": function}
    if target.is_anthropic and tool.cache_control is not None:
        wire["cache_control"] = tool.cache_control
    return wire


def _tool_choice(choice: ToolChoice) -> str | Wire:
    if choice.type != "tool":
        return _TOOL_CHOICES[choice.type]
    if choice.name is None:
        raise InvalidRequest(
            "`tool_choice.name` is missing. Name the tool to use.", param="tool_choice.name"
        )
    return {"type": "function", "function": {"name": choice.name}}


def _thinking(body: CountBody, target: Target) -> Iterator[tuple[str, Any]]:
    """Thinking is a wish: a model that cannot is asked without it."""
    thinking = body.thinking
    effort: str | None = body.output_config.effort if body.output_config else None
    if target.is_anthropic:
        yield "thinking", thinking.model_dump(exclude_none=True) if thinking else None
        yield "reasoning_effort", effort
    elif target.is_reasoning:
        if effort is None and thinking is not None and thinking.type == "enabled":
            budget = thinking.budget_tokens or 0
            effort = next(word for least, word in _BUDGETS if budget >= least)
        yield "reasoning_effort", _EFFORTS.get(effort or "")


def _response_format(form: OutputFormat) -> Wire:
    schema = {"name": "output", "schema": form.schema_, "strict": _is_strict(form.schema_)}
    return {"type": "json_schema", "json_schema": schema}


def _is_strict(schema: object) -> bool:
    """Whether a schema keeps to what OpenAI demands of a strict one: closed, every property required."""
    open_ones = [schema]
    while open_ones:
        one = open_ones.pop()
        if isinstance(one, list):
            open_ones += one
        elif isinstance(one, dict):
            if one.get("type") == "object" and not _is_closed(one):
                return False
            open_ones += one.values()
    return True


def _is_closed(schema: Wire) -> bool:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    return (
        schema.get("additionalProperties") is False
        and isinstance(properties, dict)
        and isinstance(required, list)
        and all(name in required for name in properties)
    )
