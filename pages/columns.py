"""Answers to one question as columns side by side, in one message of the chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiportal.chat import Comparison
from aiportal.chat.arena import SIDES, Battle, Side
from pages.footers import escaped, usd
from pages.markdown import MarkdownRenderer
from pages.reader import figure, worded
from pages.render import (
    Answer,
    ChatMessage,
    Texts,
    followed_classes,
    problem_html,
    said_html,
    thoughts_html,
)
from pages.texts import texts

__all__ = ["Column", "ColumnsRenderer", "battle_columns", "columns_of"]

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


def battle_columns(battle: Battle) -> list[Column]:
    """Both sides of a blind battle, by letter until their names are told."""
    return [_side_column(battle, side) for side in SIDES]


def _side_column(battle: Battle, side: Side) -> Column:
    one = battle.sides[side]
    letter = side.upper()
    is_running = battle.status == "running"
    answer = Answer(
        question_id="",
        model="",
        text=one.answer,
        status="running" if is_running else "done" if one.answer else "error",
        error_message="" if one.answer else worded("It was stopped, or it failed."),
    )
    return Column(key=side, name=f"{letter}: {one.model}" if one.model else letter, answer=answer)


def columns_of(comparison: Comparison) -> list[Column]:
    """The answers of a comparison as they are stored."""
    return [
        Column(
            key=one.message.turn_id or one.message.id,
            name=one.message.model or "",
            answer=Answer.of(one),
            stopped_by=one.message.turn_id or "",
            chosen_by=one.message.id,
        )
        for one in comparison.answers
    ]


class ColumnsRenderer:
    """Makes one message of the Chatbot. All text in it is safe HTML, in one line."""

    def __init__(self, markdown: MarkdownRenderer) -> None:
        self._markdown = markdown

    def message(
        self, columns: Sequence[Column], *, below: str = "", mark: str = "", address: str = ""
    ) -> ChatMessage:
        """All columns as one message. below: safe HTML under all of them. mark: a class for it.
        address: where the page follows those that are being written, see `LiveAnswers`."""
        inner = "".join(
            f'<section class="{_classes(column, address)}">{self.column_html(column)}</section>'
            for column in columns
        )
        return {
            "role": "assistant",
            "content": f'<div class="cmp-all {mark}"><div class="cmp n{len(columns)}">{inner}</div>'
            f"{below}</div>",
        }

    def column_html(self, column: Column, texts: Texts | None = None) -> str:
        """One column, without what holds it. texts: see `ChatRenderer.answer_html`."""
        answer = column.answer
        texts = texts or Texts.whole(self._markdown)
        parts = [f'<h2 class="cmp-name">{escaped(column.name)}</h2>']
        parts += [thoughts_html(answer, texts), said_html(answer, texts)]
        if answer.status == "error":
            usual = worded("No answer came.")
            heading = worded("The answer broke off.") if answer.text else usual
            parts.append(problem_html(heading, answer.error_message))
        parts.append(_foot(column))
        return "".join(parts)


def _classes(column: Column, address: str) -> str:
    is_followed = address and column.answer.status == "running"
    return f"cmp-col {followed_classes(address, column.key)}" if is_followed else "cmp-col"


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
