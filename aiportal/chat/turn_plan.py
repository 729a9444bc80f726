"""What a turn is to do, and what the database has of one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiportal.chat.attached import AttachedFile
from aiportal.chat.messages import Message, MessageStatus
from aiportal.chat.turn_log import TurnLog
from aiportal.dialects.portal_tools import PortalTools
from aiportal.events import TurnFailed, TurnFinished, TurnStarted
from aiportal.principal import Principal
from aiportal.usage import Door

__all__ = ["ROOT", "StoredTurn", "TurnPlan", "started_of"]

ROOT = "root"  # as a `parent_id`: a first question, beside the one that is there


def started_of(answer: Message) -> TurnStarted:
    """The event that the turn of a stored answer began with."""
    return TurnStarted(
        turn_id=answer.turn_id or "",
        conversation_id=answer.conversation_id,
        user_message_id=answer.parent_id or "",
        assistant_message_id=answer.id,
        model=answer.model or "",
    )


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn as the database has it."""

    message: Message
    outline: str

    @property
    def status(self) -> MessageStatus:
        return self.message.status

    def text(self, started: TurnStarted) -> TurnLog:
        """What was written, with the numbers that it had; without an end."""
        log = TurnLog(started)
        message = self.message
        log.replay(
            json.loads(self.outline),
            text=message.content,
            reasoning=message.reasoning,
            uses=message.tool_calls,
        )
        return log

    def log(self) -> TurnLog:
        """Its events, with the numbers that they had; without an end while it is running."""
        message = self.message
        log = self.text(started_of(message))
        if message.status == "running":
            return log
        if message.usage is not None:
            log.append(message.usage)
        if message.error is not None:
            failure = message.error
            log.append(TurnFailed(failure.message, failure.code, failure.type))
        log.append(TurnFinished(message.status, message.finish_reason))
        return log


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """A turn that is about to start.

    content: the new question, "" where it is only its `attachments`, None to answer the question
        `started.user_message_id` once more.
    parent_id: what the new question follows; None: the end of the branch last looked at; ROOT:
        nothing.
    continued: the answer that is gone on with, where that is what is asked for; then the two above
        are None.
    chosen_model: the model, where the caller named one; the conversation remembers it.
    context_window: of the model, in tokens, where it is known.
    comparison_id: what it shares with the other answers to its question that start together.
    queued_id: of the question in the queue, where it has waited there.
    attachments: of the new question. project_files: they stand before the conversation.
    sees: the model takes images.
    tools: of the portal, None where the caller said nothing of them.
    tells_calls: the model is told what was called earlier in the conversation.
    request_id: of the model call in the ledger, None for one of its own.
    """

    principal: Principal
    started: TurnStarted
    content: str | None
    parent_id: str | None
    continued: StoredTurn | None
    chosen_model: str | None
    system_prompt: str
    parameters: Mapping[str, Any]
    context_window: int | None
    source: Door
    request_id: str | None
    comparison_id: str | None = None
    attachments: tuple[AttachedFile, ...] = ()
    project_files: tuple[AttachedFile, ...] = ()
    sees: bool = True
    queued_id: str | None = None
    tools: PortalTools | None = None
    tells_calls: bool = False

    def log(self) -> TurnLog:
        """The log that the turn begins with."""
        if self.continued is None:
            return TurnLog(self.started)
        return self.continued.text(self.started)
