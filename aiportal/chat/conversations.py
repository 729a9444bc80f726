"""Conversations: stored trees of messages, each of one owner."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlite_utils

from aiportal.chat.conversation import MAX_MODEL_CHARS, MAX_TITLE_CHARS, Conversation
from aiportal.chat.messages import Message, check_text
from aiportal.chat.parameters import sampling_parameters
from aiportal.chat.search import match_expression
from aiportal.errors import InvalidRequest, NotFound
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["Conversations", "Page", "message_tree", "newest_message_id", "owned_row"]

T = TypeVar("T")
MAX_PAGE = 200
MAX_SYSTEM_PROMPT_CHARS = 100_000

_NEWEST = """
SELECT * FROM conversations
WHERE user_id = :user_id AND (:number IS NULL OR (updated_at, number) < (:updated_at, :number))
ORDER BY updated_at DESC, number DESC LIMIT :limit
"""
_NEWEST_MATCHING = """
SELECT * FROM conversations
WHERE user_id = :user_id AND (:number IS NULL OR (updated_at, number) < (:updated_at, :number))
  AND (number IN (SELECT rowid FROM conversations_text WHERE conversations_text MATCH :match)
    OR id IN (SELECT m.conversation_id FROM messages_text t JOIN messages m ON m.number = t.rowid
              WHERE messages_text MATCH :match))
ORDER BY updated_at DESC, number DESC LIMIT :limit
"""
_UPDATE = """
UPDATE conversations SET title = :title, model = :model, system_prompt = :system_prompt,
  parameters = :parameters WHERE number = :number
"""
_PATH = """
WITH RECURSIVE up (number, id, parent_id, step) AS (
  SELECT number, id, parent_id, 0 FROM messages WHERE id = :leaf AND conversation_id = :id
  UNION ALL
  SELECT m.number, m.id, m.parent_id, up.step + 1 FROM up JOIN messages m ON m.id = up.parent_id
  LIMIT :limit
)
SELECT messages.* FROM up JOIN messages USING (number) ORDER BY up.step DESC
"""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. has_more: there are further ones after the last of `data`."""

    data: Sequence[T]
    has_more: bool


class Conversations:
    """Every method sees only the caller's own; another's is NotFound, as if it were not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self,
        principal: Principal,
        *,
        q: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[Conversation]:
        """The newest first, 1 to 200 of them, from the one after the conversation `after`.

        q: words that the title, or one message, must all hold (or begin a word of it with).
        Raises NotFound for an `after` that is not there.
        """
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidRequest(f"`limit` is 1 to {MAX_PAGE}, not {limit}.", param="limit")
        match = match_expression(q or "")

        def select(database: sqlite_utils.Database) -> list[Conversation]:
            cursor = {} if after is None else owned_row(database, principal, after, param="after")
            values = {
                "user_id": principal.user_id,
                "match": match,
                "updated_at": cursor.get("updated_at"),
                "number": cursor.get("number"),
                "limit": limit + 1,
            }
            sql = _NEWEST if match is None else _NEWEST_MATCHING
            return [Conversation.from_row(row) for row in database.query(sql, values)]

        found = await self._database.read(select)
        return Page(found[:limit], has_more=len(found) > limit)

    async def create(
        self,
        principal: Principal,
        *,
        title: str | None = None,
        model: str | None = None,
        system_prompt: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> Conversation:
        """A new, empty conversation. Without a title it gets one from its first question."""
        now = now_text()
        row = _fields(title, model, system_prompt, parameters or {}) | {
            "id": new_id("conv"),
            "user_id": principal.user_id,
            "created_at": now,
            "updated_at": now,
        }
        row.setdefault("title", "")

        def insert(database: sqlite_utils.Database) -> Conversation:
            database.table("conversations").insert(row)
            return Conversation.from_row(owned_row(database, principal, str(row["id"])))

        return await self._database.write(insert)

    async def get(self, principal: Principal, conversation_id: str) -> Conversation:
        """One of the caller's own. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> Conversation:
            return Conversation.from_row(owned_row(database, principal, conversation_id))

        return await self._database.read(select)

    async def update(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        title: str | None = None,
        model: str | None = None,
        system_prompt: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Conversation:
        """Change what is not None; its place in the list stays. `model=""`: the portal's default.

        `parameters` replaces all of them. Raises NotFound, InvalidRequest.
        """
        changes = _fields(title, model, system_prompt, parameters)

        def change(database: sqlite_utils.Database) -> Conversation:
            row = owned_row(database, principal, conversation_id) | changes
            database.execute(_UPDATE, row)
            return Conversation.from_row(row)

        return await self._database.write(change)

    async def delete(self, principal: Principal, conversation_id: str) -> None:
        """Remove it with its messages; an answer that is being written stops. Raises NotFound."""

        def remove(database: sqlite_utils.Database) -> None:
            row = owned_row(database, principal, conversation_id)
            database.execute("DELETE FROM conversations WHERE number = ?", (row["number"],))

        await self._database.write(remove)

    async def messages(self, principal: Principal, conversation_id: str) -> Sequence[Message]:
        """The whole tree, parents before their children. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> Sequence[Message]:
            return message_tree(database, owned_row(database, principal, conversation_id))

        return await self._database.read(select)

    async def path(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        limit: int = 50,
        leaf_id: str | None = None,
    ) -> Sequence[Message]:
        """The newest `limit` messages of one branch, oldest first: what a chat shows.

        leaf_id: the branch's last message, else the newest message of all (it is always a leaf).
        There are older ones if the first message has a `parent_id`. Raises NotFound.
        """
        values = {"id": conversation_id, "leaf": leaf_id, "limit": limit}

        def select(database: sqlite_utils.Database) -> Sequence[Message]:
            owned_row(database, principal, conversation_id)
            if leaf_id is None:
                values["leaf"] = newest_message_id(database, conversation_id)
            found = [Message.from_row(row) for row in database.query(_PATH, values)]
            if leaf_id is not None and not found:
                raise _not_found("message", leaf_id, param="leaf_id")
            return found

        return await self._database.read(select)


def owned_row(
    database: sqlite_utils.Database,
    principal: Principal,
    conversation_id: str,
    *,
    param: str | None = None,
) -> dict[str, Any]:
    """The row of the caller's conversation. Raises NotFound."""
    sql = "SELECT * FROM conversations WHERE id = ? AND user_id = ?"
    for row in database.query(sql, (conversation_id, principal.user_id)):
        return dict(row)
    raise _not_found("conversation", conversation_id, param=param)


def newest_message_id(database: sqlite_utils.Database, conversation_id: str) -> str | None:
    """The message that was added last, None in an empty conversation."""
    sql = "SELECT id FROM messages WHERE conversation_id = ? ORDER BY number DESC LIMIT 1"
    row = database.execute(sql, (conversation_id,)).fetchone()
    return None if row is None else str(row[0])


def message_tree(
    database: sqlite_utils.Database, conversation: Mapping[str, Any]
) -> Sequence[Message]:
    """All messages of that row of `conversations`, parents before their children."""
    sql = "SELECT * FROM messages WHERE conversation_id = ? ORDER BY number"
    return [Message.from_row(row) for row in database.query(sql, (conversation["id"],))]


def _fields(
    title: str | None,
    model: str | None,
    system_prompt: str | None,
    parameters: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The columns of what is not None, checked."""
    columns: dict[str, Any] = {}
    if title is not None:
        line = " ".join(title.split())
        columns["title"] = check_text(line, param="title", max_chars=MAX_TITLE_CHARS, min_chars=1)
    if model is not None:
        columns["model"] = check_text(model, param="model", max_chars=MAX_MODEL_CHARS) or None
    if system_prompt is not None:
        columns["system_prompt"] = check_text(
            system_prompt, param="system_prompt", max_chars=MAX_SYSTEM_PROMPT_CHARS
        )
    if parameters is not None:
        columns["parameters"] = json.dumps(sampling_parameters(parameters))
    return columns


def _not_found(kind: str, resource_id: str, *, param: str | None) -> NotFound:
    return NotFound(
        f"There is no {kind} {resource_id!r}. It was deleted, or the id is wrong.", param=param
    )
