"""A turn's events as what the chat shows: an `Answer` that grows, and its HTML."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, assert_never

from aiportal.chat import BranchMessage, MessageStatus, ToolUse, is_broken_off
from aiportal.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    ToolCalled,
    ToolReturned,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    UsageReported,
)
from pages.attached import attached_html
from pages.footers import Versions, answer_foot, escaped, failure_foot, question_foot
from pages.markdown import MarkdownRenderer, plain_text_html
from pages.reader import worded
from pages.texts import texts
from pages.tool_bubbles import tool_html

__all__ = [
    "Answer",
    "ChatMessage",
    "ChatRenderer",
    "Texts",
    "followed_classes",
    "older_html",
    "problem_html",
    "thoughts_html",
    "waiting_html",
]

ChatMessage = dict[str, Any]

_HEADINGS: Final[Mapping[str | None, str]] = MappingProxyType(
    dict(
        zip(
            (
                "model_not_found",
                "model_unavailable",
                "upstream_timeout",
                "upstream_overloaded",
                "rate_limit_exceeded",
                "insufficient_quota",
            ),
            texts(
                "There is no such model.",
                "The model cannot serve now.",
                "The model did not answer in time.",
                "The model's server is overloaded.",
                "Too many requests at once.",
                "The budget is used up.",
            ),
            strict=True,
        )
    )
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as far as it has come, to the question `question_id`.

    siblings: all answers to the question. goes_on: it broke off, and can be written on.
    tool_calls: what its model called.
    """

    question_id: str
    model: str
    text: str = ""
    reasoning: str = ""
    status: MessageStatus = "running"
    usage: UsageReported | None = None
    error_message: str = ""
    error_code: str | None = None
    is_cut: bool = False
    message_id: str = ""
    turn_id: str = ""
    siblings: Sequence[str] = ()
    goes_on: bool = False
    is_edited: bool = False
    rating: str | None = None
    tool_calls: tuple[ToolUse, ...] = ()

    @classmethod
    def of(cls, stored: BranchMessage) -> "Answer":
        """The answer as it is stored."""
        message = stored.message
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
            message_id=message.id,
            turn_id=message.turn_id or "",
            siblings=stored.siblings,
            goes_on=is_broken_off(message),
            is_edited=message.edited_at is not None,
            rating=message.rating.value if message.rating else None,
            tool_calls=message.tool_calls,
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
            case ToolCalled():
                use = ToolUse(event, None, len(self.text))
                return replace(self, tool_calls=(*self.tool_calls, use))
            case ToolReturned():
                uses = (use.after(event) for use in self.tool_calls)
                return replace(self, tool_calls=tuple(uses))
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

    def branch(self, messages: Sequence[BranchMessage]) -> list[ChatMessage]:
        """A branch of a conversation, oldest first."""
        shown: list[ChatMessage] = []
        for one in messages:
            if one.message.role == "user":
                shown.append(self._stored_question(one))
            else:
                shown.append(self.answer(Answer.of(one)))
        return shown

    def question(self, text: str) -> ChatMessage:
        """What the user wrote, letter by letter."""
        return {"role": "user", "content": plain_text_html(text)}

    def _stored_question(self, one: BranchMessage) -> ChatMessage:
        versions = Versions(one.message.id, one.siblings)
        foot = question_foot(versions, is_edited=one.message.edited_at is not None)
        files = attached_html(one.message.attachments)
        return {"role": "user", "content": files + plain_text_html(one.message.content) + foot}

    def answer(self, answer: Answer) -> ChatMessage:
        """One answer; one that is being written is followed by the page, see `LiveAnswers`."""
        content = self.answer_html(answer)
        if answer.status == "running":
            classes = followed_classes(f"turn/{answer.turn_id}", answer.turn_id)
            content = f'<div class="{classes}">{content}</div>'
        return {"role": "assistant", "content": content}

    def answer_html(self, answer: Answer, texts: "Texts | None" = None) -> str:
        """What the model thought aloud, to be unfolded, the text, the footer or the error.

        texts: render an answer that grows; without them it is rendered whole.
        """
        is_running = answer.status == "running"
        texts = texts or Texts.whole(self._markdown)
        parts = [thoughts_html(answer, texts), *map(tool_html, answer.tool_calls)]
        if answer.text:
            parts.append(texts.text(answer.text))
        elif is_running and not answer.reasoning and not answer.tool_calls:
            parts.append(waiting_html())
        if answer.status == "error":
            parts.append(_failure_html(answer))
        if not is_running:
            parts.append(_foot_html(answer))
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Texts:
    """How the two texts of an answer become safe HTML."""

    reasoning: Callable[[str], str]
    text: Callable[[str], str]

    @classmethod
    def whole(cls, markdown: MarkdownRenderer) -> "Texts":
        return cls(markdown.finished, markdown.finished)

    @classmethod
    def growing(cls, markdown: MarkdownRenderer) -> "Texts":
        """For one answer as it grows."""
        return cls(markdown.growing().render, markdown.growing().render)


def thoughts_html(answer: Answer, texts: Texts) -> str:
    """What the model thought aloud, open until the answer begins; "" for nothing."""
    if not answer.reasoning:
        return ""
    is_thinking = answer.status == "running" and not answer.text
    title = worded("Thinking") if is_thinking else worded("Thoughts")
    return (
        f'<details class="think"{" open" if is_thinking else ""}><summary>{title}</summary>'
        f"{texts.reasoning(answer.reasoning)}</details>"
    )


def followed_classes(address: str, key: str) -> str:
    """The classes of what live.js draws into: what comes under `key` from `/live/{address}`."""
    return f"live from-{address} part-{key}"


def waiting_html() -> str:
    """What stands where the first words of an answer will."""
    return (
        '<div class="md wait" role="status"><span class="dots"></span>'
        f'<span class="only-sr">{worded("The model is working.")}</span></div>'
    )


def problem_html(heading: str, message: str, *, again_id: str | None = None) -> str:
    """The error component: what (bold), why and what to do, and a button where there is a way on."""
    button = (
        f'<div class="do"><button type="button" class="lnk act-again" value="{escaped(again_id)}">'
        f"{worded('Try again')}</button></div>"
        if again_id
        else ""
    )
    return (
        f'<div class="err" role="alert"><b>{escaped(heading)}</b>'
        f"<p>{escaped(message)}</p>{button}</div>"
    )


def older_html() -> str:
    """The button above a chat whose first messages are not shown."""
    return (
        '<div class="older"><button type="button" class="lnk act-older">'
        f"{worded('Show earlier messages')}</button></div>"
    )


def _failure_html(answer: Answer) -> str:
    usual = worded("The answer broke off.") if answer.text else worded("No answer came.")
    known = _HEADINGS.get(answer.error_code)
    heading = worded(known) if known else usual
    return problem_html(heading, answer.error_message, again_id=answer.question_id)


def _foot_html(answer: Answer) -> str:
    versions = Versions(answer.message_id, answer.siblings)
    if answer.status == "error" and not answer.text:
        return failure_foot(versions)
    return answer_foot(
        versions,
        question_id=answer.question_id,
        model=answer.model,
        usage=answer.usage,
        rating=answer.rating,
        tags=_tag_html(answer),
        is_edited=answer.is_edited,
        has_text=bool(answer.text),
        # An error has its own button.
        has_again=answer.status != "error" and answer.question_id != "",
        goes_on=answer.goes_on,
    )


def _tag_html(answer: Answer) -> str:
    tags = []
    if answer.usage is not None and answer.usage.is_estimated:
        why = worded("The model's server sent no usage: the tokens were counted here.")
        tags.append(_tag(worded("estimated"), why))
    if answer.is_cut:
        why = worded(
            "The answer has reached the most tokens that it may have, or what the model can hold."
        )
        tags.append(_tag(worded("cut off"), why))
    if answer.status == "cancelled":
        tags.append(f'<span class="tag">{worded("stopped")}</span>')
    if answer.status == "interrupted":
        why = worded("The portal ended while the answer was written. What had come is kept.")
        tags.append(_tag(worded("interrupted"), why))
    return "".join(tags)


def _tag(words: str, why: str) -> str:
    return f'<span class="tag" title="{escaped(why)}">{words}</span>'
