"""Calls of tools as people read them, in exports and on shared pages."""

import json
import re
from typing import Final

from aiportal.chat.tool_use import ToolUse

__all__ = ["use_markdown", "use_text"]

MAX_CHARS: Final = 20_000  # of a call and of what came of it, each
_BACKTICKS: Final = re.compile(r"`+")


def use_text(use: ToolUse) -> str:
    """The tool's name on the first line, below it what it was called with and what it gave."""
    return "\n".join([_heading(use), *_body(use)])


def use_markdown(use: ToolUse) -> str:
    """The same, in a fence that nothing within can end."""
    body = "\n".join(_body(use))
    longest = max((len(run) for run in _BACKTICKS.findall(body)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"**{_heading(use)}**\n\n{fence}text\n{body}\n{fence}"


def _heading(use: ToolUse) -> str:
    name = " ".join(use.called.tool_name.split())
    ending = "" if use.status == "done" else f" ({use.status})"
    return f"Tool: {name}{ending}"


def _body(use: ToolUse) -> list[str]:
    lines = [_told(use.called.arguments)]
    returned = use.returned
    if returned is None:
        return lines
    lines.append(f"Error: {returned.error}" if returned.error else f"→ {_told(returned.result)}")
    lines += [text.rstrip("\n") for text in (returned.stdout, returned.stderr) if text]
    lines += [f"File: {one.name}" for one in returned.artifacts]
    return [line[:MAX_CHARS] for line in lines]


def _told(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
