"""Branches of a conversation's tree: look at one, go to another, edit, cut off, fork."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from aiportal.chat import tree
from aiportal.chat.conversation import MAX_TITLE_CHARS, Conversation, checked_title
from aiportal.chat.messages import Message
from aiportal.chat.owned_rows import owned_row
from aiportal.chat.text_bounds import check_text
from aiportal.dialects.openai_chat import ChatLimits
from aiportal.errors import InvalidRequest
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["Branch", "BranchMessage", "Branches"]

MAX_LIMIT = 1_000
FORK_MARK = " (fork)"

_SHOW = "UPDATE conversations SET leaf_id = ? WHERE number = ?"
# The order of text and reasoning is not known any more, and what is written by hand did not fail.
_EDIT = """
UPDATE messages SET content = :content, edited_at = :now, outline = '[]', error = NULL,
  status = CASE status WHEN 'error' THEN 'done' ELSE status END WHERE number = :number
"""


@dataclass(frozen=True, slots=True)
class BranchMessage:
    """siblings: ids of all messages that follow the same one, this one among them, oldest first."""

    message: Message
    siblings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Branch:
    """The newest messages of one branch, oldest first. has_earlier: there are some before them."""

    messages: Sequence[BranchMessage]
    has_earlier: bool


class Branches:
    """Every method sees only the caller's own; another's is NotFound, as if it were not there.

    limits: asked for at each edit, because they can be reloaded.
    """

    def __init__(self, database: Database, *, limits: Callable[[], ChatLimits]) -> None:
        self._database = database
        self._limits = limits

    async def show(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        limit: int = 50,
        leaf_id: str | None = None,
        through: str | None = None,
    ) -> Branch:
        """The newest `limit` (1 to 1,000) messages of one branch.

        leaf_id: the branch's last message. through: a message of it, and the branch ends with the
        newest one below. Without both it is the branch that was last looked at. Nothing is changed.
        Raises NotFound; InvalidRequest for both, or a limit out of bounds.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidRequest(f"`limit` is 1 to {MAX_LIMIT:,}, not {limit}.", param="limit")
        if leaf_id is not None and through is not None:
            raise InvalidRequest("Send `leaf_id` or `through`, not both.", param="through")

        def select(database: sqlite_utils.Database) -> Branch:
            conversation = owned_row(database, principal, conversation_id)
            leaf = leaf_id
            if through is not None:
                tree.message_row(database, conversation_id, through, param="through")
                leaf = tree.newest_below(database, conversation_id, through)
            elif leaf is None:
                leaf = tree.shown_leaf_id(database, conversation)
            else:
                tree.message_row(database, conversation_id, leaf, param="leaf_id")
            return _branch(database, conversation_id, leaf, limit)

        return await self._database.read(select)

    async def choose(self, principal: Principal, conversation_id: str, message_id: str) -> str:
        """Go to the branch through a message, to its newest end; the end's id.

        It is what `show` shows from now on, on every device. Raises NotFound.
        """

        def change(database: sqlite_utils.Database) -> str:
            conversation = owned_row(database, principal, conversation_id)
            tree.message_row(database, conversation_id, message_id)
            leaf_id = tree.newest_below(database, conversation_id, message_id) or message_id
            database.execute(_SHOW, (leaf_id, conversation["number"]))
            return leaf_id

        return await self._database.write(change)

    async def message(self, principal: Principal, conversation_id: str, message_id: str) -> Message:
        """One message. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> Message:
            owned_row(database, principal, conversation_id)
            return Message.from_row(tree.message_row(database, conversation_id, message_id))

        return await self._database.read(select)

    async def edit(
        self, principal: Principal, conversation_id: str, message_id: str, *, content: str
    ) -> Message:
        """Change the text of a question or of an ended answer where it stands.

        content: 1 to 1,000,000 characters. An answer that had failed counts as done from then on.
        Raises NotFound, InvalidRequest; Conflict while it, or an answer below it, is being written.
        """
        max_chars = self._limits().max_content_chars
        check_text(content, param="content", min_chars=1, max_chars=max_chars)

        def change(database: sqlite_utils.Database) -> Message:
            owned_row(database, principal, conversation_id)
            row = tree.message_row(database, conversation_id, message_id)
            tree.refuse_if_running(database, conversation_id, message_id)
            if row["content"] != content:
                values = {"content": content, "now": now_text(), "number": row["number"]}
                database.execute(_EDIT, values)
            return Message.from_row(tree.message_row(database, conversation_id, message_id))

        return await self._database.write(change)

    async def delete(self, principal: Principal, conversation_id: str, message_id: str) -> None:
        """Remove a message and all below it, in all branches.

        If the branch last looked at went through it, the newest that is left above takes its place.
        Raises NotFound; Conflict while it, or an answer below it, is being written.
        """

        def remove(database: sqlite_utils.Database) -> None:
            conversation = owned_row(database, principal, conversation_id)
            row = tree.message_row(database, conversation_id, message_id)
            tree.refuse_if_running(database, conversation_id, message_id)
            shown = tree.shown_leaf_id(database, conversation)
            tree.delete_below(database, conversation_id, message_id)
            if not _is_there(database, shown):
                database.execute(_SHOW, (row["parent_id"], conversation["number"]))

        await self._database.write(remove)

    async def fork(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        message_id: str | None = None,
        title: str | None = None,
    ) -> Conversation:
        """A new conversation with copies of the messages from the first to `message_id`.

        message_id: else the end of the branch last looked at. title: else the old one, marked.
        Settings come along; what the messages have cost is not counted again. Raises NotFound,
        InvalidRequest; Conflict while one of the messages is being written.
        """
        chosen_title = None if title is None else checked_title(title)

        def copy(database: sqlite_utils.Database) -> Conversation:
            origin = owned_row(database, principal, conversation_id)
            leaf_id = tree.shown_leaf_id(database, origin)
            if message_id is not None:
                leaf_id = message_id
                tree.message_row(database, conversation_id, message_id, param="message_id")
            rows = tree.branch_rows(database, conversation_id, leaf_id, -1)
            for row in rows:
                if row["status"] == "running":
                    tree.refuse_if_running(database, conversation_id, row["id"])
            new, now = new_id("conv"), now_text()
            copies = _copies(rows, new)
            fork = origin | {
                "id": new,
                "title": _forked_title(origin["title"]) if title is None else chosen_title,
                "title_by": "user",
                "is_pinned": False,
                "is_archived": False,
                "leaf_id": copies[-1]["id"] if copies else None,
                "created_at": now,
                "updated_at": now,
            }
            del fork["number"]
            database.table("conversations").insert(fork)
            database.table("messages").insert_all(copies)
            return Conversation.from_row(owned_row(database, principal, new))

        return await self._database.write(copy)


def _branch(
    database: sqlite_utils.Database, conversation_id: str, leaf_id: str | None, limit: int
) -> Branch:
    rows = tree.branch_rows(database, conversation_id, leaf_id, limit)
    siblings = tree.alternatives(database, conversation_id, rows)
    messages = [
        BranchMessage(Message.from_row(row), ids) for row, ids in zip(rows, siblings, strict=True)
    ]
    return Branch(messages, has_earlier=bool(rows) and rows[0]["parent_id"] is not None)


def _is_there(database: sqlite_utils.Database, message_id: str | None) -> bool:
    found = database.execute("SELECT 1 FROM messages WHERE id = ?", (message_id,)).fetchone()
    return found is not None


def _copies(rows: Sequence[dict[str, Any]], conversation_id: str) -> list[dict[str, Any]]:
    """Rows of a branch, first to last, for another conversation: new ids, and nothing spent."""
    copies: list[dict[str, Any]] = []
    for row in rows:
        new = row | {
            "id": new_id("msg"),
            "conversation_id": conversation_id,
            "parent_id": copies[-1]["id"] if copies else None,
            "turn_id": None,
            "host_id": None,
            "rating": None,
            "cost_usd": None if row["cost_usd"] is None else 0.0,
        }
        del new["number"]
        copies.append(new)
    return copies


def _forked_title(title: str) -> str:
    return title[: MAX_TITLE_CHARS - len(FORK_MARK)] + FORK_MARK if title else ""
