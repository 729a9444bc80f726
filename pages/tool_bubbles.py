"""Calls of tools within an answer: one line each, to be unfolded."""

import json
from typing import Final

from aiportal.chat import ToolUse
from pages.footers import escaped

__all__ = ["tool_html"]

_MAX_CHARS: Final = 4_000  # of each text: a page holds many calls


def tool_html(use: ToolUse) -> str:
    """The tool's name, below it what it was called with and what it gave, letter by letter."""
    texts = [_told(use.called.arguments)]
    if (returned := use.returned) is not None:
        texts.append(_told(returned.result) if returned.error is None else returned.error)
        texts += [text for text in (returned.stdout, returned.stderr) if text]
    body = "".join(f"<pre>{escaped(_short(text))}</pre>" for text in texts)
    mark = {"running": "…", "done": "✓"}.get(use.status, "✗")
    return (
        f'<details class="think tool tool-{use.status}"><summary>{escaped(use.called.tool_name)} '
        f'{mark}</summary><div class="md">{body}</div></details>'
    )


def _told(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]}…"
