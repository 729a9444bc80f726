"""The rows of turns: a question and its answer, from the start to the end."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlite_utils

from aiportal.chat.conversation import title_from
from aiportal.chat.conversations import newest_message_id
from aiportal.chat.messages import Message, MessageStatus
from aiportal.chat.owned_rows import owned_row
from aiportal.chat.turn_log import TurnLog
from aiportal.errors import Conflict, InvalidRequest, NotFound
from aiportal.events import TurnFailed, TurnFinished, TurnStarted, UsageReported
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text
from aiportal.usage import Door

__all__ = ["ROOT", "StoredTurn", "TurnPlan", "TurnStore"]

ROOT = "root"  # as a `parent_id`: a first question, beside the one that is there

_SAVE = "UPDATE messages SET content = :content, reasoning = :reasoning, outline = :outline "
_SAVE_PART = (
    _SAVE + "WHERE id = :id AND EXISTS (SELECT 1 FROM conversations c "
    "WHERE c.id = messages.conversation_id AND c.deleted_at IS NULL)"
)
_SAVE_END = (
    _SAVE + ", host_id = NULL, status = :status, finish_reason = :finish_reason, usage = :usage, "
    "cost_usd = :cost_usd, error = :error WHERE id = :id"
)
_TOUCH = """
UPDATE conversations SET updated_at = :now, model = coalesce(:model, model),
  title = CASE WHEN title = '' THEN :title ELSE title END WHERE id = :id
"""
_INTERRUPT = """
UPDATE messages SET status = 'interrupted', host_id = NULL
WHERE status = 'running' AND turn_id IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """A turn that is about to start.

    content: the new question, None to answer the question `started.user_message_id` once more.
    parent_id: what the new question follows; None: the newest message; ROOT: nothing.
    chosen_model: the model, where the caller named one; the conversation remembers it.
    context_window: of the model, in tokens, where it is known.
    request_id: of the model call in the ledger, None for one of its own.
    """

    principal: Principal
    started: TurnStarted
    content: str | None
    parent_id: str | None
    chosen_model: str | None
    system_prompt: str
    parameters: Mapping[str, Any]
    context_window: int | None
    source: Door
    request_id: str | None


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn as the database has it."""

    message: Message
    outline: str

    @property
    def status(self) -> MessageStatus:
        return self.message.status

    def log(self) -> TurnLog:
        """Its events, with the numbers that they had; without an end while it is running."""
        message = self.message
        log = TurnLog(
            TurnStarted(
                turn_id=message.turn_id or "",
                conversation_id=message.conversation_id,
                user_message_id=message.parent_id or "",
                assistant_message_id=message.id,
                model=message.model or "",
            )
        )
        log.replay(json.loads(self.outline), text=message.content, reasoning=message.reasoning)
        if message.status == "running":
            return log
        if message.usage is not None:
            log.append(message.usage)
        if message.error is not None:
            failure = message.error
            log.append(TurnFailed(failure.message, failure.code, failure.type))
        log.append(TurnFinished(message.status, message.finish_reason))
        return log


class TurnStore:
    """Internal to `Turns`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, plan: TurnPlan, *, host_id: str) -> None:
        """Store question and empty answer in one write.

        Raises NotFound for the conversation or the parent, Conflict while another turn runs,
        InvalidRequest where what should be answered once more is no question.
        """
        await self._database.write(lambda database: _begin(database, plan, host_id))

    async def save(self, message_id: str, log: TurnLog) -> bool:
        """Keep what has been written so far; False if the conversation was deleted."""
        values = _written(message_id, log)
        return await self._database.write(
            lambda database: bool(database.execute(_SAVE_PART, values).rowcount)
        )

    async def end(
        self,
        message_id: str,
        log: TurnLog,
        *,
        usage: UsageReported | None,
        failure: TurnFailed | None,
        finished: TurnFinished,
    ) -> None:
        """Keep the whole answer and how it ended. Raises DatabaseUnavailable."""
        values = _written(message_id, log) | {
            "status": finished.status,
            "finish_reason": finished.finish_reason,
            "usage": None if usage is None else json.dumps(asdict(usage)),
            "cost_usd": None if usage is None else usage.cost_usd,
            "error": None if failure is None else _failure_json(failure),
        }
        await self._database.write(lambda database: database.execute(_SAVE_END, values).rowcount)

    async def load(self, principal: Principal, turn_id: str) -> StoredTurn:
        """The caller's own turn of that id. Raises NotFound."""
        sql = (
            "SELECT m.* FROM messages m JOIN conversations c ON c.id = m.conversation_id "
            "WHERE m.turn_id = ? AND c.user_id = ? AND c.deleted_at IS NULL"
        )

        def select(database: sqlite_utils.Database) -> StoredTurn:
            for row in database.query(sql, (turn_id, principal.user_id)):
                return StoredTurn(Message.from_row(row), row["outline"])
            raise NotFound(f"There is no turn {turn_id!r}. It was deleted, or the id is wrong.")

        return await self._database.read(select)

    async def running(self) -> list[tuple[str, str]]:
        """(turn id, host id) of all turns that the database has as running, whoever's they are."""
        sql = "SELECT turn_id, host_id FROM messages WHERE status = 'running'"

        def select(database: sqlite_utils.Database) -> list[tuple[str, str]]:
            return [(row[0], row[1] or "") for row in database.execute(sql).fetchall()]

        return await self._database.read(select)

    async def interrupt(self, turn_ids: Collection[str]) -> None:
        """Mark those that are still running as interrupted; their text stays."""
        ids = json.dumps(list(turn_ids))
        await self._database.write(lambda database: database.execute(_INTERRUPT, (ids,)).rowcount)


def _begin(database: sqlite_utils.Database, plan: TurnPlan, host_id: str) -> None:
    started, now = plan.started, now_text()
    owned_row(database, plan.principal, started.conversation_id)
    _refuse_second_turn(database, started.conversation_id)
    common = {"conversation_id": started.conversation_id, "created_at": now}
    messages = database.table("messages")
    if plan.content is None:
        question = _message(database, started.conversation_id, started.user_message_id)
        if question["role"] != "user":
            raise InvalidRequest(
                "`parent_id` is an answer. Without `content` it must name the question to answer.",
                param="parent_id",
            )
    else:
        question = common | {
            "id": started.user_message_id,
            "parent_id": _parent_id(database, plan),
            "role": "user",
            "content": plan.content,
            "status": "done",
        }
        messages.insert(question)
    answer = {
        "id": started.assistant_message_id,
        "parent_id": started.user_message_id,
        "turn_id": started.turn_id,
        "host_id": host_id,
        "role": "assistant",
        "content": "",
        "model": started.model,
        "status": "running",
    }
    messages.insert(common | answer)
    touched = {
        "now": now,
        "model": plan.chosen_model,
        "title": title_from(question["content"]),
        "id": started.conversation_id,
    }
    database.execute(_TOUCH, touched)


def _refuse_second_turn(database: sqlite_utils.Database, conversation_id: str) -> None:
    sql = "SELECT turn_id FROM messages WHERE conversation_id = ? AND status = 'running'"
    row = database.execute(sql, (conversation_id,)).fetchone()
    if row is not None:
        raise Conflict(
            f"The turn {row[0]!r} of this conversation is still running. "
            "Wait for its end or cancel it, then ask.",
            code="turn_running",
        )


def _parent_id(database: sqlite_utils.Database, plan: TurnPlan) -> str | None:
    if plan.parent_id is None:
        return newest_message_id(database, plan.started.conversation_id)
    if plan.parent_id == ROOT:
        return None
    return str(_message(database, plan.started.conversation_id, plan.parent_id)["id"])


def _message(
    database: sqlite_utils.Database, conversation_id: str, message_id: str
) -> dict[str, Any]:
    sql = "SELECT * FROM messages WHERE id = ? AND conversation_id = ?"
    for row in database.query(sql, (message_id, conversation_id)):
        return dict(row)
    raise NotFound(
        f"This conversation has no message {message_id!r}. GET its messages for their ids.",
        param="parent_id",
    )


def _written(message_id: str, log: TurnLog) -> dict[str, Any]:
    return {
        "id": message_id,
        "content": log.text,
        "reasoning": log.reasoning,
        "outline": json.dumps(log.outline),
    }


def _failure_json(failure: TurnFailed) -> str:
    fields = {"message": failure.message, "code": failure.code, "type": failure.error_type}
    return json.dumps(fields)
