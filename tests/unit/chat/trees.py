"""Trees of messages for tests, written straight into the database."""

from collections.abc import Mapping

import sqlite_utils

from aiportal.chat import Conversation
from aiportal.store import Database

__all__ = ["add_chain", "add_tree"]


async def add_tree(
    database: Database, chat: Conversation, parents: Mapping[str, str | None]
) -> None:
    """Messages by name, each with the name of its parent; names that begin with `q` are questions.

    Ids and texts are the names; parents come before their children.
    """
    rows = [
        {
            "id": name,
            "conversation_id": chat.id,
            "parent_id": parent,
            "role": "user" if name.startswith("q") else "assistant",
            "content": name,
            "status": "done",
            "model": None if name.startswith("q") else "acme/fast",
            "created_at": "2026-01-01T00:00:00.000+00:00",
        }
        for name, parent in parents.items()
    ]

    def insert(connection: sqlite_utils.Database) -> None:
        connection.table("messages").insert_all(rows)

    await database.write(insert)


async def add_chain(database: Database, chat: Conversation, length: int) -> list[str]:
    """Questions and answers one below the other; their ids."""
    ids = [f"{'a' if number % 2 else 'q'}{number}" for number in range(length)]
    await add_tree(database, chat, dict(zip(ids, [None, *ids], strict=False)))
    return ids
