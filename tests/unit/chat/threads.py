"""Stored messages without turns."""

import sqlite_utils

from aiportal.store import Database

__all__ = ["add_messages"]


async def add_messages(
    database: Database, conversation_id: str, *contents: str, is_chain: bool = True
) -> list[str]:
    """Messages one under the other, or all first ones; their ids."""
    ids = [f"{conversation_id}_{number}" for number in range(len(contents))]

    def insert(connection: sqlite_utils.Database) -> None:
        for number, content in enumerate(contents):
            row = {
                "id": ids[number],
                "conversation_id": conversation_id,
                "parent_id": ids[number - 1] if is_chain and number else None,
                "role": "assistant" if number % 2 else "user",
                "content": content,
                "status": "done",
                "created_at": "2026-01-01T00:00:00.000+00:00",
            }
            connection.table("messages").insert(row)

    await database.write(insert)
    return ids
