"""What stands below a message: its other versions, what can be done with it, what it used.

The names of buttons are in `title`, and what they act on in `value`: Gradio's sanitiser lets no
`data-` and no `aria-` through. portal.js and messages.js know them by their class `act-…`.
"""

import html
from collections.abc import Sequence

from aiportal.events import UsageReported
from pages.reader import figure, held_together, worded

__all__ = ["Versions", "answer_foot", "escaped", "failure_foot", "question_foot", "usd"]


class Versions:
    """A message among those that follow the same one. message_id: "" while it is not stored."""

    def __init__(self, message_id: str = "", siblings: Sequence[str] = ()) -> None:
        self.message_id = message_id
        self._siblings = siblings

    def html(self) -> str:
        """‹ 2/3 ›, or nothing where there is but one."""
        count = len(self._siblings)
        if count < 2 or self.message_id not in self._siblings:
            return ""
        place = self._siblings.index(self.message_id)
        before = self._siblings[place - 1] if place else ""
        name = worded("Version {place} of {count}", place=place + 1, count=count)
        after = self._siblings[place + 1] if place + 1 < count else ""
        return (
            f'<span class="vers">{_step("left", worded("Previous version"), before)}'
            f'<span class="n" role="img" title="{name}">'
            f"{place + 1}/{count}</span>"
            f"{_step('right', worded('Next version'), after)}</span>"
        )


def question_foot(versions: Versions, *, is_edited: bool) -> str:
    """Below a question; nothing while it is not stored."""
    if not versions.message_id:
        return ""
    acts = (
        versions.html()
        + _icon("pencil", "edit", worded("Edit the question"), versions.message_id)
        + _icon("copy", "copy", worded("Copy the question"), "")
        + _more(versions, worded("More about this question"))
    )
    return f'<div class="qfoot"><span class="acts">{acts}</span>{_edited(is_edited)}</div>'


def answer_foot(
    versions: Versions,
    *,
    question_id: str,
    model: str,
    usage: UsageReported | None,
    rating: str | None,
    tags: str,
    is_edited: bool,
    has_text: bool,
    has_again: bool,
    goes_on: bool,
) -> str:
    """Below an answer. rating: `good` or `poor`. goes_on: its rest can be asked for."""
    acts = (
        versions.html()
        + (_icon("copy", "copy", worded("Copy the answer"), "") if has_text else "")
        + (_icon("retry", "again", worded("Answer again"), question_id) if has_again else "")
        + (_rating(versions.message_id, rating) if versions.message_id and has_text else "")
        + (_more(versions, worded("More about this answer")) if versions.message_id else "")
    )
    on = _continue(versions) if goes_on else ""
    facts = "".join(f"<span>{escaped(fact)}</span>" for fact in _facts(usage))
    return (
        f'<div class="mfoot"><span class="acts">{acts}</span>{on}'
        f'<span class="mono">{escaped(model)}</span>{facts}{tags}{_edited(is_edited)}</div>'
    )


def failure_foot(versions: Versions) -> str:
    """Below a failure without an answer."""
    if not versions.message_id:
        return ""
    acts = versions.html() + _more(versions, worded("More about this answer"))
    return f'<div class="efoot"><span class="acts">{acts}</span></div>'


def usd(amount: float) -> str:
    """A sum for people: two digits that count, at least cents."""
    if amount == 0:
        return held_together("$0")
    if amount < 0.000_1:
        return held_together(f"< ${figure(0.000_1, 4)}")
    return held_together(f"${figure(amount, 4 if amount < 0.01 else 2)}")


def escaped(text: str) -> str:
    """`text` for HTML on one line."""
    return html.escape(text).replace("\r", " ").replace("\n", "&#10;")


def _icon(icon: str, act: str, name: str, value: str) -> str:
    return (
        f'<button type="button" class="ib i-{icon} act-{act}" value="{escaped(value)}" '
        f'title="{name}"></button>'
    )


def _step(icon: str, name: str, message_id: str) -> str:
    disabled = "" if message_id else " disabled"
    return (
        f'<button type="button" class="ib i-{icon} act-show" value="{escaped(message_id)}" '
        f'title="{name}"{disabled}></button>'
    )


def _rating(message_id: str, rating: str | None) -> str:
    """Two buttons; answers.js says of the one with `on` that it is pressed."""
    return "".join(
        f'<button type="button" class="ib i-{value} act-{value}{" on" if value == rating else ""}" '
        f'value="{escaped(message_id)}" title="{name}"></button>'
        for value, name in (("good", worded("Good answer")), ("poor", worded("Poor answer")))
    )


def _more(versions: Versions, name: str) -> str:
    return _icon("dots", "more", name, versions.message_id)


def _continue(versions: Versions) -> str:
    return (
        f'<button type="button" class="lnk act-go-on" value="{escaped(versions.message_id)}">'
        f"{worded('Continue')}</button>"
    )


def _edited(is_edited: bool) -> str:
    if not is_edited:
        return ""
    why = worded("Somebody has changed this text by hand.")
    return f'<span class="tag" title="{why}">{worded("edited")}</span>'


def _facts(usage: UsageReported | None) -> list[str]:
    """Tokens, cost, first token, speed: what is known of them."""
    if usage is None:
        return []
    facts = [
        worded(
            "{asked} in · {answered} out",
            asked=figure(usage.prompt_tokens),
            answered=figure(usage.completion_tokens),
        ),
        usd(usage.cost_usd),
    ]
    if usage.ttft_ms is not None:
        facts.append(worded("first token {seconds} s", seconds=figure(usage.ttft_ms / 1000, 2)))
        writing_s = (usage.latency_ms - usage.ttft_ms) / 1000
        if writing_s > 0 and usage.completion_tokens > 1:
            speed = (usage.completion_tokens - 1) / writing_s
            facts.append(worded("{count} tokens/s", count=figure(speed)))
    return facts
