"""What a model that may call tools is asked, round by round."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from aiportal.chat.tool_calls import WantedCall
from aiportal.chat.tool_messages import assistant_message, function_of, tool_message
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.errors import InvalidRequest
from aiportal.events import ToolReturned
from aiportal.tools import OfferedTool

__all__ = ["ENOUGH", "Dialogue", "NativeDialogue", "ToolChoice", "tool_choice_of"]

ENOUGH: Final = (
    "No more tools can be called now. Answer with what is known so far, and say what is missing."
)
_OWN_FIELDS: Final = frozenset({"tools", "tool_choice", "parallel_tool_calls", "stream_options"})

ToolChoice = str
"""`auto`, `none`, `required`, or the name of a function after a colon: `:calculator`."""


def tool_choice_of(body: Mapping[str, Any], tools: Sequence[OfferedTool]) -> ToolChoice:
    """What the caller says of the first round. Raises InvalidRequest for what it cannot be.

    A function may be named by its own name or by the tool's id.
    """
    choice = body.get("tool_choice")
    if choice is None:
        return "auto"
    if choice in ("auto", "none", "required"):
        if choice == "required" and not tools:
            raise _no_such_choice("`required`, but there is no tool to call")
        return str(choice)
    function = choice.get("function") if isinstance(choice, dict) else None
    wanted = function.get("name") if isinstance(function, dict) else None
    for tool in tools:
        if wanted in (tool.id, tool.function_name):
            return f":{tool.function_name}"
    raise _no_such_choice("neither `auto`, `none`, `required` nor one of the tools of this call")


def _no_such_choice(words: str) -> InvalidRequest:
    return InvalidRequest(f"`tool_choice` is {words}.", param="tool_choice")


class Dialogue(Protocol):
    """The conversation as it grows. One request, then one `add`, as often as the model calls."""

    def request(self, *, is_last: bool) -> ChatRequest:
        """What to ask now. is_last: no tool may be called any more."""

    def holds(self, text: str) -> bool:
        """Whether an answer that begins with `text` may be a call, and no text for the caller."""

    def calls_in(self, text: str) -> list[WantedCall]:
        """The calls that a text of the model's is, where it calls by text."""

    def shown(self, text: str) -> str:
        """What the caller is shown of a text that was held, and is no call."""

    def add(self, text: str, calls: Sequence[WantedCall], returned: Sequence[ToolReturned]) -> None:
        """What was said and what came of the calls, in their order."""


class NativeDialogue:
    """For a model that knows OpenAI's functions."""

    def __init__(
        self, request: ChatRequest, tools: Sequence[OfferedTool], *, max_chars: int
    ) -> None:
        self._asked = request
        self._choice = tool_choice_of(request.body, tools)
        self._tools = [function_of(tool) for tool in tools]
        self._fields = {k: v for k, v in request.body.items() if k not in _OWN_FIELDS}
        self._is_parallel = request.body.get("parallel_tool_calls")
        self._messages = list(request.body["messages"])
        self._max_chars = max_chars
        self._round = 0

    def request(self, *, is_last: bool) -> ChatRequest:
        """See Dialogue. What the caller says of the choice holds for the first round."""
        fields = dict(self._fields)
        messages = self._messages
        if self._tools:
            fields["tools"] = self._tools
            fields |= self._choice_fields(is_last=is_last)
            if self._is_parallel is not None:
                fields["parallel_tool_calls"] = self._is_parallel
        if is_last:
            messages = [*messages[:-1], _with_note(messages[-1])]
        body = {**fields, "messages": messages}
        return replace(self._asked, body=body, wants_usage=False, portal_tools=None)

    def holds(self, text: str) -> bool:  # noqa: ARG002 - Dialogue's
        """Never: it does not call by text."""
        return False

    def calls_in(self, text: str) -> list[WantedCall]:  # noqa: ARG002 - Dialogue's
        """None."""
        return []

    def shown(self, text: str) -> str:
        """All of it."""
        return text

    def add(self, text: str, calls: Sequence[WantedCall], returned: Sequence[ToolReturned]) -> None:
        """See Dialogue."""
        self._round += 1
        self._messages.append(assistant_message(text, calls))
        self._messages += [tool_message(one, max_chars=self._max_chars) for one in returned]

    def _choice_fields(self, *, is_last: bool) -> dict[str, Any]:
        if is_last or self._choice == "none":
            return {"tool_choice": "none"}
        if self._round or self._choice == "auto":
            return {}
        if self._choice == "required":
            return {"tool_choice": "required"}
        function = {"name": self._choice.removeprefix(":")}
        return {"tool_choice": {"type": "function", "function": function}}


def _with_note(message: Mapping[str, Any]) -> dict[str, Any]:
    """The last result, with the word that no more can be had."""
    content = message.get("content")
    if not isinstance(content, str):
        return dict(message)
    return {**message, "content": f"{content}\n\n{ENOUGH}"}
