"""One message of a conversation, as it is stored and as callers see it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aiportal.chat.attached import AttachedFile
from aiportal.chat.rating import Rating
from aiportal.chat.tool_use import ToolUse, ended_uses
from aiportal.events import UsageReported

__all__ = ["Failure", "Message", "MessageStatus"]

MessageStatus = Literal["done", "running", "interrupted", "cancelled", "error"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer has the status `error`, in the words that the user is shown."""

    message: str
    code: str | None
    type: str


@dataclass(frozen=True, slots=True)
class Message:
    """A node of a conversation's tree.

    parent_id: the message that this one follows, None for a first question.
    turn_id: of an answer, to follow or to cancel it while `status` is `running`.
    model: of an answer, the id that was asked for.
    edited_at: when somebody changed its text, None for never.
    rating: what its owner thinks of an answer, None where nothing was said.
    attachments: of a question, the files that were sent with it.
    tool_calls: of an answer, what its model called. Where it has ended, so have they.
    """

    id: str
    conversation_id: str
    parent_id: str | None
    turn_id: str | None
    role: Literal["user", "assistant"]
    content: str
    reasoning: str
    model: str | None
    status: MessageStatus
    finish_reason: str | None
    usage: UsageReported | None
    cost_usd: float | None
    error: Failure | None
    created_at: str
    edited_at: str | None = None
    rating: Rating | None = None
    attachments: tuple[AttachedFile, ...] = ()
    tool_calls: tuple[ToolUse, ...] = ()

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Message":
        """Build one from a row of the table `messages`."""
        return cls(
            id=row["id"],
            conversation_id=row["conversation_id"],
            parent_id=row["parent_id"],
            turn_id=row["turn_id"],
            role=row["role"],
            content=row["content"],
            reasoning=row["reasoning"],
            model=row["model"],
            status=row["status"],
            finish_reason=row["finish_reason"],
            usage=None if row["usage"] is None else UsageReported(**json.loads(row["usage"])),
            cost_usd=row["cost_usd"],
            error=None if row["error"] is None else Failure(**json.loads(row["error"])),
            created_at=row["created_at"],
            edited_at=row["edited_at"],
            rating=None if row["rating"] is None else Rating.from_json(row["rating"]),
            attachments=tuple(map(AttachedFile.from_json, json.loads(row["attachments"]))),
            tool_calls=_uses(row["tool_calls"], row["status"]),
        )


def _uses(stored: str, status: MessageStatus) -> tuple[ToolUse, ...]:
    if stored == "[]":
        return ()
    uses = map(ToolUse.from_json, json.loads(stored))
    return tuple(uses) if status == "running" else tuple(ended_uses(uses, status))
