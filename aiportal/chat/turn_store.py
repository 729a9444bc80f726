"""The rows of turns: a question and its answer, from the start to the end."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlite_utils

from aiportal.chat import tree
from aiportal.chat.attachments.rows import owned_attachment
from aiportal.chat.conversation import title_from
from aiportal.chat.messages import Message
from aiportal.chat.owned_rows import owned_row
from aiportal.chat.queued import take_queued
from aiportal.chat.turn_log import TurnLog
from aiportal.chat.turn_plan import ROOT, StoredTurn, TurnPlan
from aiportal.errors import Conflict, InvalidRequest, NotFound
from aiportal.events import TurnFailed, TurnFinished, UsageReported
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["TurnStore"]

_SAVE = (
    "UPDATE messages SET content = :content, reasoning = :reasoning, outline = :outline, "
    "tool_calls = :tool_calls, web_search = :web_search "
)
_SAVE_PART = (
    _SAVE + "WHERE id = :id AND EXISTS (SELECT 1 FROM conversations c "
    "WHERE c.id = messages.conversation_id AND c.deleted_at IS NULL)"
)
_SAVE_END = (
    _SAVE + ", host_id = NULL, status = :status, finish_reason = :finish_reason, usage = :usage, "
    "cost_usd = :cost_usd, error = :error WHERE id = :id"
)
_TOUCH = """
UPDATE conversations SET updated_at = :now, model = coalesce(:model, model), leaf_id = :leaf_id,
  title = CASE WHEN title = '' THEN :title ELSE title END WHERE id = :id
"""
# Only as the caller has seen it: it may have been edited, or gone on with, in the meantime.
_GO_ON = """
UPDATE messages SET status = 'running', host_id = :host_id, turn_id = :turn_id, model = :model,
  finish_reason = NULL, error = NULL
WHERE id = :id AND status = :status AND content = :content
"""
_INTERRUPT = """
UPDATE messages SET status = 'interrupted', host_id = NULL
WHERE status = 'running' AND turn_id IN (SELECT value FROM json_each(?))
"""


class TurnStore:
    """Internal to `Turns`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, plans: Sequence[TurnPlan], *, host_id: str) -> None:
        """Store question and empty answer in one write, or that an answer is written on.

        plans: several for answers to one question that start together.

        Raises NotFound for the conversation or the parent, Conflict while another turn runs or
        where the answer has changed, InvalidRequest where what should be answered once more is no
        question.
        """
        await self._database.write(lambda database: _begin(database, plans, host_id))

    async def save(self, message_id: str, log: TurnLog) -> bool:
        """Keep what has been written so far; False if the conversation was deleted."""
        values = _written(message_id, log)
        return await self._database.write(
            lambda database: bool(database.execute(_SAVE_PART, _row(values)).rowcount)
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
        await self._database.write(lambda db: db.execute(_SAVE_END, _row(values)).rowcount)

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

    async def answer(
        self,
        principal: Principal,
        conversation_id: str,
        message_id: str,
        *,
        param: str = "continue_id",
    ) -> StoredTurn:
        """A message of the caller's conversation. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> StoredTurn:
            owned_row(database, principal, conversation_id)
            row = tree.message_row(database, conversation_id, message_id, param=param)
            return StoredTurn(Message.from_row(row), row["outline"])

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


def _begin(database: sqlite_utils.Database, plans: Sequence[TurnPlan], host_id: str) -> None:
    plan, now = plans[0], now_text()
    started = plan.started
    owned_row(database, plan.principal, started.conversation_id)
    _refuse_second_turn(database, started.conversation_id)
    if plan.queued_id is not None:
        take_queued(database, started.conversation_id, plan.queued_id)
    if plan.continued is None:
        question = _question(database, plan, now)
        database.table("messages").insert_all(_answer(one, host_id, now) for one in plans)
    else:
        question = ""
        _go_on(database, plan, plan.continued, host_id)
    touched = {
        "now": now,
        "model": plan.chosen_model,
        # Of answers that start together none is chosen yet: the branch ends with the question.
        "leaf_id": started.user_message_id if plan.comparison_id else started.assistant_message_id,
        "title": title_from(question),
        "id": started.conversation_id,
    }
    database.execute(_TOUCH, touched)


def _answer(plan: TurnPlan, host_id: str, now: str) -> dict[str, Any]:
    """The row of an answer that has just begun."""
    started = plan.started
    return {
        "id": started.assistant_message_id,
        "conversation_id": started.conversation_id,
        "parent_id": started.user_message_id,
        "turn_id": started.turn_id,
        "host_id": host_id,
        "role": "assistant",
        "content": "",
        "model": started.model,
        "status": "running",
        "created_at": now,
        "comparison_id": plan.comparison_id,
    }


def _question(database: sqlite_utils.Database, plan: TurnPlan, now: str) -> str:
    """The text of the question, which is stored if it is a new one."""
    started = plan.started
    if plan.content is None:
        question = _parent(database, plan, started.user_message_id)
        if question["role"] != "user":
            raise InvalidRequest(
                "`parent_id` is an answer. Without `content` it must name the question to answer.",
                param="parent_id",
            )
        return str(question["content"])
    row = {
        "id": started.user_message_id,
        "conversation_id": started.conversation_id,
        "parent_id": _parent_id(database, plan),
        "role": "user",
        "content": plan.content,
        "status": "done",
        "created_at": now,
        "attachments": json.dumps([asdict(file) for file in plan.attachments]),
    }
    _check_attachments(database, plan)
    database.table("messages").insert(row)
    return plan.content or ", ".join(file.name for file in plan.attachments)


def _check_attachments(database: sqlite_utils.Database, plan: TurnPlan) -> None:
    """In the write that stores the question: from then on nobody sweeps them away."""
    for file in plan.attachments:
        owned_attachment(database, plan.principal, file.id, param="attachments")


def _go_on(
    database: sqlite_utils.Database, plan: TurnPlan, continued: StoredTurn, host_id: str
) -> None:
    values = {
        "host_id": host_id,
        "turn_id": plan.started.turn_id,
        "model": plan.started.model,
        "id": plan.started.assistant_message_id,
        "status": continued.status,
        "content": continued.message.content,
    }
    if database.execute(_GO_ON, values).rowcount == 0:
        raise Conflict(
            "The answer has changed in the meantime, or it was deleted. "
            "Read it again, then go on with it.",
            code="message_changed",
        )


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
    if plan.parent_id == ROOT:
        return None
    if plan.parent_id is None:
        conversation = owned_row(database, plan.principal, plan.started.conversation_id)
        return tree.shown_leaf_id(database, conversation)
    return str(_parent(database, plan, plan.parent_id)["id"])


def _parent(database: sqlite_utils.Database, plan: TurnPlan, message_id: str) -> dict[str, Any]:
    conversation_id = plan.started.conversation_id
    return tree.message_row(database, conversation_id, message_id, param="parent_id")


def _written(message_id: str, log: TurnLog) -> dict[str, Any]:
    """What there is now, as values; `_row` makes JSON of them, in the writer's thread."""
    return {
        "id": message_id,
        "content": log.text,
        "reasoning": log.reasoning,
        "outline": log.outline,
        "tool_calls": log.tool_uses,
        "web_search": log.findings.as_json(),
    }


def _row(values: Mapping[str, Any]) -> dict[str, Any]:
    found = values["web_search"]
    return {
        **values,
        "outline": json.dumps(values["outline"]),
        "tool_calls": json.dumps([use.as_json() for use in values["tool_calls"]]),
        "web_search": None if found is None else json.dumps(found),
    }


def _failure_json(failure: TurnFailed) -> str:
    fields = {"message": failure.message, "code": failure.code, "type": failure.error_type}
    return json.dumps(fields)
