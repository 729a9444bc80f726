"""Calls of tools within an answer: one line each at its place, to be unfolded.

What a model wrote as arguments and what a tool gave is hostile text: it is escaped, or passes the same
sanitiser as answers do. Nothing of it is loaded but pictures of known kinds that the portal keeps.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from aiportal.chat import ToolUse
from pages.footers import escaped
from pages.markdown import MarkdownRenderer
from pages.reader import figure, worded
from pages.texts import texts
from pages.tool_results import ToolResults, labelled

__all__ = ["ToolBubbles", "state_of"]

GIST_CHARS: Final = 60
MAX_ASKED_CHARS: Final = 100_000  # of a call that a person agrees to
_CODE_TOOL: Final = "code-execution"
_ICONS: Final = MappingProxyType(
    {_CODE_TOOL: "code", "web-search": "search", "web_search": "search", "web-scraper": "link"}
)
_ENDS: Final = ("declined", "expired", "cancelled", "interrupted")
_STATES: Final[Mapping[str, str]] = MappingProxyType(
    dict(
        zip(
            ("waiting", "running", "done", "failed", *_ENDS),
            texts(
                "waits for your approval",
                "running",
                "done",
                "failed",
                "declined",
                "not approved in time",
                "cancelled",
                "interrupted",
            ),
            strict=True,
        )
    )
)


def state_of(use: ToolUse) -> str:
    """One of the names that a bubble's state has, in the stylesheet too."""
    if use.returned is None:
        return "waiting" if use.called.approval_id else "running"
    kind = use.returned.error_type
    if kind in _ENDS:
        return str(kind)
    return "done" if use.returned.error is None else "failed"


class ToolBubbles:
    """Renders the calls of one answer; each state of a call once, however often the answer grows."""

    def __init__(self, markdown: MarkdownRenderer) -> None:
        self._markdown = markdown
        self._results = ToolResults(markdown)
        self._made: dict[tuple[str, str], str] = {}

    def html(self, use: ToolUse, files_at: str = "") -> str:
        """Safe HTML in one line. files_at: where its files are that are not stored; see
        `ToolResults.html`."""
        key = (use.called.call_id, state_of(use))
        if key not in self._made:
            self._made[key] = self._html(use, files_at)
        return self._made[key]

    def _html(self, use: ToolUse, files_at: str) -> str:
        state = state_of(use)
        inside = self._asked(use) if state == "waiting" else [self._arguments(use)]
        if use.returned is not None:
            inside.append(self._results.html(use.returned, files_at))
        # The tag itself stays the same while the call goes on: what the reader has unfolded stays so.
        return (
            f'<details class="tool"><summary>{_head(use, state)}</summary>'
            f'<div class="md tbody">{"".join(inside)}</div></details>'
        )

    def _asked(self, use: ToolUse) -> list[str]:
        """What a person agrees to stands there whole, or they cannot agree to it."""
        arguments = dict(use.called.arguments)
        code = str(arguments.pop("code")) if _is_code(use) else ""
        rest = json.dumps(arguments, ensure_ascii=False, indent=2, default=str)
        if len(code) + len(rest) > MAX_ASKED_CHARS:
            return [self._arguments(use), _asking(use, can_agree=False)]
        parts = [labelled(worded("Code"), self._results.whole_html(code, "python"))] if code else []
        if arguments or not code:
            parts.append(labelled(worded("Arguments"), self._results.whole_html(rest, "json")))
        return [*parts, _asking(use, can_agree=True)]

    def _arguments(self, use: ToolUse) -> str:
        arguments = use.called.arguments
        if not _is_code(use):
            return labelled(worded("Arguments"), self._results.value_html(arguments))
        code = self._results.code_html(str(arguments["code"]), "python")
        rest = {k: v for k, v in arguments.items() if k not in ("code", "language")}
        more = self._results.value_html(rest) if rest else ""
        return labelled(worded("Code"), code + more)


def _head(use: ToolUse, state: str) -> str:
    icon = _ICONS.get(use.called.tool_id, "tool")
    gist = _gist(use.called.arguments["code"] if _is_code(use) else use.called.arguments)
    told = f'<span class="tgist">{escaped(gist)}</span>' if gist else ""
    returned = use.returned
    took = ""
    if returned is not None and returned.duration_ms:
        seconds = figure(returned.duration_ms / 1000, 1 if returned.duration_ms >= 100 else 2)
        took = f'<span class="ttime">{worded("{seconds} s", seconds=seconds)}</span>'
    return (
        f'<span class="tico i-{icon}"></span><b>{escaped(use.called.tool_name)}</b>{told}'
        f'<span class="tstate s-{state}">{worded(_STATES[state])}</span>{took}'
    )


def _asking(use: ToolUse, *, can_agree: bool) -> str:
    """What a person has to say; approvals.js knows the buttons by their classes."""
    value = escaped(use.called.approval_id or "")
    words = worded("This tool asks before it runs. It is called with exactly what stands above.")
    agree = (
        f'<button type="button" class="btn tyes act-approve" value="{value}">'
        f"{worded('Approve')}</button>"
    )
    if not can_agree:
        words = worded("This tool asks before it runs, and the call is too long to be shown here.")
        agree = ""
    return (
        f'<div class="task"><p>{words}</p><div class="tacts">{agree}'
        f'<button type="button" class="btn act-decline" value="{value}">'
        f"{worded('Decline')}</button></div></div>"
    )


def _is_code(use: ToolUse) -> bool:
    return use.called.tool_id == _CODE_TOOL and isinstance(use.called.arguments.get("code"), str)


def _gist(arguments: Any) -> str:
    """The first value that can be told in a few words."""
    values = list(arguments.values()) if isinstance(arguments, Mapping) else [arguments]
    for value in values:
        if isinstance(value, str) and not value.strip():
            continue
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            text = value if isinstance(value, str) else json.dumps(value)
            line = " ".join(text.lstrip()[: GIST_CHARS * 4].split())
            return line if len(line) <= GIST_CHARS else f"{line[:GIST_CHARS].rstrip()}…"
    return ""
