"""What the files of all programs are translated into, and what of it can be taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aiportal.chat.messages import Failure, MessageStatus
from aiportal.chat.tool_use import ToolUse
from aiportal.chat.web.findings import NO_FINDINGS, Findings
from aiportal.errors import InvalidRequest
from aiportal.events import UsageReported

__all__ = [
    "MAX_MESSAGES",
    "MAX_MESSAGE_CHARS",
    "ForeignConversation",
    "ForeignMessage",
    "Source",
    "check_bounds",
    "quoted",
    "text_of",
]

MAX_MESSAGES: Final = 10_000
"""Of one conversation: a chat that is opened is read whole."""

MAX_MESSAGE_CHARS: Final = 1_000_000
MAX_SYSTEM_PROMPT_CHARS: Final = 100_000
MAX_QUOTED_CHARS: Final = 60

Source = Literal["aiportal", "chatgpt", "open-webui"]


@dataclass(frozen=True, slots=True)
class ForeignMessage:
    """A message that can be stored, but for its ids, which are those of the file.

    created_at: as `timestamps.to_text` writes it, None where the file has no time.
    """

    id: str
    parent_id: str | None
    role: Literal["user", "assistant"]
    content: str
    reasoning: str = ""
    model: str | None = None
    status: MessageStatus = "done"
    finish_reason: str | None = None
    usage: UsageReported | None = None
    cost_usd: float | None = None
    error: Failure | None = None
    created_at: str | None = None
    tool_calls: tuple[ToolUse, ...] = ()
    findings: Findings = NO_FINDINGS


@dataclass(frozen=True, slots=True)
class ForeignConversation:
    """messages: parents before their children, the end of the branch that is shown last.

    foreign_id: by which the same conversation is known again. updated_at: None where the file has
    no time.
    """

    source: Source
    foreign_id: str
    title: str
    messages: Sequence[ForeignMessage]
    model: str | None = None
    system_prompt: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    created_at: str | None = None
    updated_at: str | None = None
    web_search: bool = False


def text_of(value: object) -> str:
    """A text of the file, "" for what is none."""
    return value if isinstance(value, str) else ""


def quoted(value: object) -> str:
    """A value of the file for an error's words, cut to some length."""
    text = repr(value)
    return text if len(text) <= MAX_QUOTED_CHARS else f"{text[:MAX_QUOTED_CHARS]}…"


def check_bounds(found: ForeignConversation) -> None:
    """Raises InvalidRequest for too many messages or none, and for a text that is too long."""
    count = len(found.messages)
    if count > MAX_MESSAGES:
        raise InvalidRequest(f"It has {count:,} messages; at most {MAX_MESSAGES:,} are taken.")
    if count == 0 and found.source != "aiportal":
        raise InvalidRequest("It has no messages.")
    if len(found.system_prompt) > MAX_SYSTEM_PROMPT_CHARS:
        raise InvalidRequest(
            f"Its system prompt has {len(found.system_prompt):,} characters; "
            f"at most {MAX_SYSTEM_PROMPT_CHARS:,} are taken."
        )
    for message in found.messages:
        longest = max(len(message.content), len(message.reasoning))
        if longest > MAX_MESSAGE_CHARS:
            raise InvalidRequest(
                f"The message {quoted(message.id)} has {longest:,} characters; "
                f"at most {MAX_MESSAGE_CHARS:,} are taken."
            )
