"""Calls of earlier answers, as a model is told of them in a later turn."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from aiportal.chat.messages import Message
from aiportal.chat.tool_calls import WantedCall
from aiportal.chat.tool_messages import assistant_message, tool_message
from aiportal.chat.tool_results import unfinished
from aiportal.chat.tool_use import ToolUse

__all__ = ["call_texts", "told_calls"]

MAX_RESULT_CHARS: Final = 2_000  # of an earlier answer, whose text says what mattered


def told_calls(message: Message) -> list[dict[str, Any]]:
    """An answer as its texts, calls and results in turn. Calls at one place were made at once."""
    messages: list[dict[str, Any]] = []
    start = 0
    for at, group in groupby(message.tool_calls, key=lambda use: use.at):
        uses = list(group)
        calls = [_wanted(use) for use in uses]
        messages.append(assistant_message(message.content[start:at].strip(), calls))
        messages += [_result(use) for use in uses]
        start = max(start, at)
    if rest := message.content[start:].strip():
        messages.append({"role": "assistant", "content": rest})
    return messages


def call_texts(uses: Sequence[ToolUse]) -> Iterator[str]:
    """What is told of calls, for an estimate of its tokens."""
    for use in uses:
        yield json.dumps(use.called.arguments, ensure_ascii=False)
        yield str(_result(use)["content"])


def _wanted(use: ToolUse) -> WantedCall:
    arguments = json.dumps(use.called.arguments, ensure_ascii=False)
    return WantedCall(use.called.call_id, use.called.tool_id, arguments)


def _result(use: ToolUse) -> dict[str, Any]:
    returned = use.returned or unfinished(use.called, "interrupted")
    return tool_message(returned, max_chars=MAX_RESULT_CHARS)
