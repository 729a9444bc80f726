"""The rows of a conversation's tree: branches, alternatives, and what stands below a message.

Each function runs on a connection of the database; whose the conversation is was checked before.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlite_utils

from aiportal.errors import Conflict, NotFound

__all__ = [
    "alternatives",
    "branch_rows",
    "delete_below",
    "message_row",
    "newest_below",
    "newest_message_id",
    "refuse_if_running",
    "shown_leaf_id",
]

Row = dict[str, Any]

_PATH = """
WITH RECURSIVE up (number, id, parent_id, step) AS (
  SELECT number, id, parent_id, 0 FROM messages WHERE id = :leaf AND conversation_id = :id
  UNION ALL
  SELECT m.number, m.id, m.parent_id, up.step + 1 FROM up JOIN messages m ON m.id = up.parent_id
  LIMIT :limit
)
SELECT messages.* FROM up JOIN messages USING (number) ORDER BY up.step DESC
"""
_BELOW = """
WITH RECURSIVE below (number, id) AS (
  SELECT number, id FROM messages WHERE id = ? AND conversation_id = ?
  UNION ALL
  SELECT m.number, m.id FROM below JOIN messages m ON m.parent_id = below.id
)
"""
_NEWEST_BELOW = _BELOW + "SELECT id FROM below ORDER BY number DESC LIMIT 1"
_RUNNING_BELOW = (
    _BELOW + "SELECT turn_id FROM below JOIN messages USING (number) WHERE status = 'running'"
)
# One statement: the references from child to parent are looked at when all of them have gone.
_DELETE_BELOW = _BELOW + "DELETE FROM messages WHERE number IN (SELECT number FROM below)"
_CHILDREN = """
SELECT parent_id, id FROM messages WHERE parent_id IN (SELECT value FROM json_each(?))
ORDER BY number
"""
_FIRST = """
SELECT id FROM messages WHERE conversation_id = ? AND parent_id IS NULL ORDER BY number
"""


def branch_rows(
    database: sqlite_utils.Database, conversation_id: str, leaf_id: str | None, limit: int
) -> list[Row]:
    """The newest `limit` messages of the branch that ends with `leaf_id`, oldest first.

    limit: -1 for all. Empty where there is no such message.
    """
    values = {"id": conversation_id, "leaf": leaf_id, "limit": limit}
    return [dict(row) for row in database.query(_PATH, values)]


def shown_leaf_id(database: sqlite_utils.Database, conversation: Mapping[str, Any]) -> str | None:
    """The end of the branch last looked at, else the newest message; None without messages.

    conversation: its row. What has been added below the end since then belongs to the branch.
    """
    conversation_id = str(conversation["id"])
    if conversation["leaf_id"] is not None:
        leaf_id = newest_below(database, conversation_id, conversation["leaf_id"])
        if leaf_id is not None:
            return leaf_id
    return newest_message_id(database, conversation_id)


def newest_below(
    database: sqlite_utils.Database, conversation_id: str, message_id: str
) -> str | None:
    """The newest message of those below it (always a leaf), or itself; None if it is not there."""
    row = database.execute(_NEWEST_BELOW, (message_id, conversation_id)).fetchone()
    return None if row is None else str(row[0])


def newest_message_id(database: sqlite_utils.Database, conversation_id: str) -> str | None:
    """The message that was added last, None in an empty conversation."""
    sql = "SELECT id FROM messages WHERE conversation_id = ? ORDER BY number DESC LIMIT 1"
    row = database.execute(sql, (conversation_id,)).fetchone()
    return None if row is None else str(row[0])


def message_row(
    database: sqlite_utils.Database,
    conversation_id: str,
    message_id: str,
    *,
    param: str | None = None,
) -> Row:
    """One message. Raises NotFound."""
    sql = "SELECT * FROM messages WHERE id = ? AND conversation_id = ?"
    for row in database.query(sql, (message_id, conversation_id)):
        return dict(row)
    raise NotFound(
        f"This conversation has no message {message_id!r}. It was deleted, or the id is wrong: "
        "GET the conversation's messages for their ids.",
        param=param,
    )


def alternatives(
    database: sqlite_utils.Database, conversation_id: str, branch: Sequence[Row]
) -> list[Sequence[str]]:
    """For each message of a branch the ids of all that follow the same one, oldest first."""
    parents = [row["parent_id"] for row in branch]
    children: dict[str | None, list[str]] = {}
    known = json.dumps([parent for parent in parents if parent is not None])
    for parent_id, message_id in database.execute(_CHILDREN, (known,)).fetchall():
        children.setdefault(parent_id, []).append(message_id)
    if None in parents:
        found = database.execute(_FIRST, (conversation_id,)).fetchall()
        children[None] = [row[0] for row in found]
    return [children[parent] for parent in parents]


def refuse_if_running(
    database: sqlite_utils.Database, conversation_id: str, message_id: str
) -> None:
    """Raises Conflict where the message, or one below it, is an answer that is being written."""
    row = database.execute(_RUNNING_BELOW, (message_id, conversation_id)).fetchone()
    if row is not None:
        raise Conflict(
            f"The answer of the turn {row[0]!r}, here or below, is still being written. "
            "Wait for its end or cancel it, then try again.",
            code="turn_running",
        )


def delete_below(database: sqlite_utils.Database, conversation_id: str, message_id: str) -> None:
    """Remove the message and all below it, however deep."""
    database.execute(_DELETE_BELOW, (message_id, conversation_id))
