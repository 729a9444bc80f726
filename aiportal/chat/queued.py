"""The rows of questions that wait, and what callers see of one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import sqlite_utils

from aiportal.chat.attached import AttachedFile
from aiportal.chat.attachments.rows import owned_attachment
from aiportal.chat.messages import Message
from aiportal.chat.owned_rows import not_found, owned_row
from aiportal.errors import Conflict
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.usage import Door

__all__ = ["MAX_QUEUED", "QueueStore", "QueuedQuestion", "take_queued"]

MAX_QUEUED: Final = 20  # in one conversation

_LIST: Final = "SELECT * FROM queued_questions WHERE conversation_id = ? ORDER BY number"
_IS_RUNNING: Final = """
SELECT 1 FROM messages WHERE conversation_id = ? AND status = 'running' LIMIT 1
"""
_REMOVE: Final = "DELETE FROM queued_questions WHERE id = ? AND conversation_id = ?"
# The newest answer to the newest question that follows the answer of a turn.
_FOLLOWING: Final = """
SELECT a.* FROM messages e JOIN messages q ON q.parent_id = e.id JOIN messages a ON a.parent_id = q.id
JOIN conversations c ON c.id = e.conversation_id
WHERE e.turn_id = ? AND c.user_id = ? AND c.deleted_at IS NULL AND a.comparison_id IS NULL
ORDER BY a.number DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class QueuedQuestion:
    """A question that waits.

    model: the id that it goes to. is_once: the conversation does not remember that model.
    error: why it could not be asked when its turn came; None for one that only waits.
    """

    id: str
    conversation_id: str
    content: str
    model: str
    is_once: bool
    attachments: tuple[AttachedFile, ...]
    source: Door
    key_id: str | None
    error: str | None
    created_at: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "QueuedQuestion":
        """Build one from a row of the table `queued_questions`."""
        return cls(
            id=row["id"],
            conversation_id=row["conversation_id"],
            content=row["content"],
            model=row["model"],
            is_once=bool(row["is_once"]),
            attachments=tuple(map(AttachedFile.from_json, json.loads(row["attachments"]))),
            source=cast(Door, row["source"]),
            key_id=row["key_id"],
            error=row["error"],
            created_at=row["created_at"],
        )


class QueueStore:
    """Internal to `Queue`. Conversations are the caller's own, or NotFound."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, principal: Principal, question: QueuedQuestion) -> bool:
        """Store it behind what waits or is being written; False, and nothing stored, where it need
        not wait. One that was refused is stored in any case.

        Raises NotFound for the conversation or a file, Conflict where too many wait.
        """
        row = asdict(question) | {
            "user_id": principal.user_id,
            "is_once": int(question.is_once),
            "attachments": json.dumps([asdict(file) for file in question.attachments]),
        }

        def insert(database: sqlite_utils.Database) -> bool:
            chat_id = question.conversation_id
            waiting = len(_questions(database, principal, chat_id))
            if waiting >= MAX_QUEUED:
                raise Conflict(
                    f"{waiting} questions wait in this chat, as many as can. Wait for the next "
                    "answer, or remove one.",
                    code="queue_full",
                )
            for file in question.attachments:
                owned_attachment(database, principal, file.id, param="attachments")
            is_running = database.execute(_IS_RUNNING, (chat_id,)).fetchone() is not None
            if waiting == 0 and not is_running and question.error is None:
                return False
            database.table("queued_questions").insert(row)
            return True

        return await self._database.write(insert)

    async def list(self, principal: Principal, conversation_id: str) -> Sequence[QueuedQuestion]:
        """The one that is asked next first. Raises NotFound."""
        return await self._database.read(
            lambda database: _questions(database, principal, conversation_id)
        )

    async def remove(self, principal: Principal, conversation_id: str, question_id: str) -> None:
        """Raises NotFound, also for one that has been asked."""

        def delete(database: sqlite_utils.Database) -> None:
            owned_row(database, principal, conversation_id)
            if database.execute(_REMOVE, (question_id, conversation_id)).rowcount == 0:
                raise not_found("queued question", question_id, param=None)

        await self._database.write(delete)

    async def refuse(self, question: QueuedQuestion, reason: str) -> None:
        """Keep it, with why it could not be asked."""
        sql = "UPDATE queued_questions SET error = ? WHERE id = ?"
        values = (reason, question.id)
        await self._database.write(lambda database: database.execute(sql, values).rowcount)

    async def following(self, principal: Principal, turn_id: str) -> Message | None:
        """The newest answer to what was asked after the answer of a turn."""
        values = (turn_id, principal.user_id)

        def select(database: sqlite_utils.Database) -> Message | None:
            return next(map(Message.from_row, database.query(_FOLLOWING, values)), None)

        return await self._database.read(select)


def take_queued(database: sqlite_utils.Database, conversation_id: str, question_id: str) -> None:
    """In the write that stores it as a question. Raises Conflict where it waits no more."""
    if database.execute(_REMOVE, (question_id, conversation_id)).rowcount == 0:
        raise Conflict("This question waits no more: it was asked, or removed.", code="not_queued")


def _questions(
    database: sqlite_utils.Database, principal: Principal, conversation_id: str
) -> list[QueuedQuestion]:
    owned_row(database, principal, conversation_id)
    return [QueuedQuestion.from_row(row) for row in database.query(_LIST, (conversation_id,))]
