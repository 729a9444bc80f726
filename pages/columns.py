"""Answers to one question as columns side by side, in one message of the chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pages.footers import escaped, usd
from pages.markdown import MarkdownRenderer
from pages.reader import figure, worded
from pages.render import Answer, ChatMessage, problem_html, waiting_html
from pages.texts import texts

__all__ = ["Column", "ColumnsRenderer"]

_TAGS: Final = dict(zip(("cancelled", "interrupted"), texts("stopped", "interrupted"), strict=True))


@dataclass(frozen=True, slots=True)
class Column:
    """One answer under a name. key: what its events carry.

    stopped_by, chosen_by: what a click on its buttons names, "" without that button.
    """

    key: str
    name: str
    answer: Answer
    stopped_by: str = ""
    chosen_by: str = ""


class ColumnsRenderer:
    """Makes one message of the Chatbot. All text in it is safe HTML, in one line."""

    def __init__(self, markdown: MarkdownRenderer) -> None:
        self._markdown = markdown

    def message(self, columns: Sequence[Column], *, below: str = "", mark: str = "") -> ChatMessage:
        """All columns as one message. below: safe HTML under all of them. mark: a class for it."""
        inner = "".join(self._column(column) for column in columns)
        return {
            "role": "assistant",
            "content": f'<div class="cmp-all {mark}"><div class="cmp n{len(columns)}">{inner}</div>'
            f"{below}</div>",
        }

    def _column(self, column: Column) -> str:
        answer = column.answer
        is_running = answer.status == "running"
        render = self._markdown.growing if is_running else self._markdown.finished
        parts = [f'<h2 class="cmp-name">{escaped(column.name)}</h2>']
        if answer.reasoning:
            is_open = " open" if is_running and not answer.text else ""
            parts.append(
                f'<details class="cmp-think"{is_open}><summary>{worded("Thoughts")}</summary>'
                f"{render(answer.reasoning)}</details>"
            )
        if answer.text:
            parts.append(render(answer.text))
        elif is_running and not answer.reasoning:
            parts.append(waiting_html())
        if answer.status == "error":
            usual = worded("No answer came.")
            heading = worded("The answer broke off.") if answer.text else usual
            parts.append(problem_html(heading, answer.error_message))
        parts.append(_foot(column))
        return f'<section class="cmp-col">{"".join(parts)}</section>'


def _foot(column: Column) -> str:
    answer = column.answer
    if answer.status == "running":
        act = _button("lnk act-stop-one", column.stopped_by, worded("Stop this one"))
        return f'<div class="cmp-foot">{act if column.stopped_by else ""}</div>'
    facts = "".join(f"<span>{fact}</span>" for fact in _facts(answer))
    can_go_on = column.chosen_by and answer.text
    words = worded("Go on with this one")
    act = _button("btn act-choose", column.chosen_by, words) if can_go_on else ""
    if not facts and not act:
        return ""
    return f'<div class="cmp-foot"><span class="cmp-facts">{facts}</span>{act}</div>'


def _button(classes: str, value: str, words: str) -> str:
    return f'<button type="button" class="{classes}" value="{escaped(value)}">{words}</button>'


def _facts(answer: Answer) -> list[str]:
    """How it ended, tokens, cost, first token and time in all: what is known of them."""
    facts = [worded(_TAGS[answer.status])] if answer.status in _TAGS else []
    if answer.is_cut:
        facts.append(worded("cut off"))
    usage = answer.usage
    if usage is not None:
        mark = f" ({worded('estimated')})" if usage.is_estimated else ""
        tokens = worded("{count} tokens", count=figure(usage.completion_tokens))
        facts += [f"{tokens}{mark}", usd(usage.cost_usd)]
        if usage.ttft_ms is not None:
            facts.append(worded("first token {seconds} s", seconds=figure(usage.ttft_ms / 1000, 2)))
        facts.append(worded("{seconds} s in all", seconds=figure(usage.latency_ms / 1000, 1)))
    return facts
