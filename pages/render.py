"""A turn's events as what the chat shows: an `Answer` that grows, and its HTML."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, assert_never

from aiportal.chat import Message, MessageStatus
from aiportal.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    UsageReported,
)
from pages.markdown import MarkdownRenderer, plain_text_html

__all__ = ["Answer", "ChatMessage", "ChatRenderer", "older_html", "problem_html", "usd"]

ChatMessage = dict[str, Any]

_HEADINGS: Final[Mapping[str | None, str]] = MappingProxyType(
    {
        "model_not_found": "There is no such model.",
        "model_unavailable": "The model cannot serve now.",
        "upstream_timeout": "The model did not answer in time.",
        "upstream_overloaded": "The model's server is overloaded.",
        "rate_limit_exceeded": "Too many requests at once.",
        "insufficient_quota": "The budget is used up.",
    }
)
_WAITING: Final = (
    '<div class="md wait" role="status"><span class="dots"></span>'
    '<span class="only-sr">The model is working.</span></div>'
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as far as it has come, to the question `question_id`."""

    question_id: str
    model: str
    text: str = ""
    reasoning: str = ""
    status: MessageStatus = "running"
    usage: UsageReported | None = None
    error_message: str = ""
    error_code: str | None = None
    is_cut: bool = False

    @classmethod
    def from_message(cls, message: Message) -> "Answer":
        """The answer as it is stored."""
        return cls(
            question_id=message.parent_id or "",
            model=message.model or "",
            text=message.content,
            reasoning=message.reasoning,
            status=message.status,
            usage=message.usage,
            error_message=message.error.message if message.error else "",
            error_code=message.error.code if message.error else None,
            is_cut=message.finish_reason == "length",
        )

    def after(self, event: Event) -> "Answer":
        """The answer with what the event tells."""
        match event:
            case TurnStarted():
                return replace(self, question_id=event.user_message_id, model=event.model)
            case TextDelta():
                return replace(self, text=self.text + event.text)
            case ReasoningDelta():
                return replace(self, reasoning=self.reasoning + event.text)
            case UsageReported():
                return replace(self, usage=event)
            case TurnFailed():
                return replace(self, error_message=event.message, error_code=event.code)
            case TurnFinished():
                return replace(self, status=event.status, is_cut=event.finish_reason == "length")
            case _:
                assert_never(event)


class ChatRenderer:
    """Makes the messages that Gradio's Chatbot is given. All text in them is safe HTML."""

    def __init__(self, markdown: MarkdownRenderer) -> None:
        self._markdown = markdown

    def path(self, messages: Sequence[Message]) -> list[ChatMessage]:
        """A branch of a conversation, oldest first."""
        shown: list[ChatMessage] = []
        for message in messages:
            if message.role == "user":
                shown.append(self.question(message.content))
            else:
                shown.extend(self.answer(Answer.from_message(message)))
        return shown

    def question(self, text: str) -> ChatMessage:
        """What the user wrote, letter by letter."""
        return {"role": "user", "content": plain_text_html(text)}

    def answer(self, answer: Answer) -> list[ChatMessage]:
        """The answer: what the model thought aloud in a bubble, the text, the footer or the error."""
        shown: list[ChatMessage] = []
        is_running = answer.status == "running"
        render = self._markdown.growing if is_running else self._markdown.finished
        if answer.reasoning:
            is_thinking = is_running and not answer.text
            shown.append(
                {
                    "role": "assistant",
                    "content": render(answer.reasoning),
                    "metadata": {
                        "title": "Thinking" if is_thinking else "Thoughts",
                        "status": "pending" if is_thinking else "done",
                    },
                }
            )
        parts = [render(answer.text)] if answer.text else []
        if is_running and not answer.text and not answer.reasoning:
            parts.append(_WAITING)
        if answer.status == "error":
            parts.append(_failure_html(answer))
        if not is_running and (answer.text or answer.status != "error"):
            parts.append(_footer_html(answer))
        if parts:
            shown.append({"role": "assistant", "content": "".join(parts)})
        return shown


def problem_html(heading: str, message: str, *, again_id: str | None = None) -> str:
    """The error component: what (bold), why and what to do, and a button where there is a way on."""
    button = (
        f'<div class="do"><button type="button" class="lnk act-again" value="{_escaped(again_id)}">'
        "Try again</button></div>"
        if again_id
        else ""
    )
    return (
        f'<div class="err" role="alert"><b>{_escaped(heading)}</b>'
        f"<p>{_escaped(message)}</p>{button}</div>"
    )


def older_html() -> str:
    """The button above a chat whose first messages are not shown."""
    return (
        '<div class="older"><button type="button" class="lnk act-older">Show the earlier messages'
        "</button></div>"
    )


def _failure_html(answer: Answer) -> str:
    usual = "The answer broke off." if answer.text else "No answer came."
    heading = _HEADINGS.get(answer.error_code, usual)
    return problem_html(heading, answer.error_message, again_id=answer.question_id)


def _footer_html(answer: Answer) -> str:
    identifier = _escaped(answer.question_id)
    copy = (
        '<button type="button" class="ib i-copy act-copy" title="Copy the answer"></button>'
        if answer.text
        else ""
    )
    again = (
        f'<button type="button" class="ib i-retry act-again" value="{identifier}" '
        'title="Answer again"></button>'
        if answer.status != "error"  # there the error has its own button
        else ""
    )
    facts = "".join(f"<span>{_escaped(fact)}</span>" for fact in _facts(answer))
    return (
        f'<div class="mfoot"><span class="acts">{copy}{again}</span>'
        f'<span class="mono">{_escaped(answer.model)}</span>{facts}{_tag_html(answer)}</div>'
    )


def _facts(answer: Answer) -> list[str]:
    """Tokens, cost, first token, speed: what is known of them."""
    usage = answer.usage
    if usage is None:
        return []
    facts = [
        f"{usage.prompt_tokens:,} in · {usage.completion_tokens:,} out",
        usd(usage.cost_usd),
    ]
    if usage.ttft_ms is not None:
        facts.append(f"first token {usage.ttft_ms / 1000:.2f} s")
        writing_s = (usage.latency_ms - usage.ttft_ms) / 1000
        if writing_s > 0 and usage.completion_tokens > 1:
            facts.append(f"{(usage.completion_tokens - 1) / writing_s:,.0f} tokens/s")
    return facts


def _tag_html(answer: Answer) -> str:
    tags = []
    if answer.usage is not None and answer.usage.is_estimated:
        why = "The model's server sent no usage: the tokens were counted here."
        tags.append(f'<span class="tag" title="{_escaped(why)}">estimated</span>')
    if answer.is_cut:
        why = "The answer has reached the most tokens that it may have, or what the model can hold."
        tags.append(f'<span class="tag" title="{_escaped(why)}">cut off</span>')
    if answer.status == "cancelled":
        tags.append('<span class="tag">stopped</span>')
    if answer.status == "interrupted":
        why = "The portal ended while the answer was written. What had come is kept."
        tags.append(f'<span class="tag" title="{_escaped(why)}">interrupted</span>')
    return "".join(tags)


def usd(amount: float) -> str:
    """A sum for people: two digits that count, at least cents."""
    if amount == 0:
        return "$0"
    if amount < 0.000_1:
        return "< $0.0001"
    return f"${amount:,.4f}" if amount < 0.01 else f"${amount:,.2f}"


def _escaped(text: str) -> str:
    return html.escape(text).replace("\r", " ").replace("\n", "&#10;")
