"""Messages put straight into the database."""

import json

import sqlite_utils

from aiportal.store import Database

__all__ = ["AT", "add_messages", "ask_twice"]

AT = "2026-03-01T10:00:00.000+00:00"


async def add_messages(
    database: Database, conversation_id: str, *rows: dict[str, str | None]
) -> None:
    """Each needs an `id`, a `role` and a `content`; it follows the one before unless it says."""
    whole: list[dict[str, str | None]] = []
    for row in rows:
        common: dict[str, str | None] = {
            "conversation_id": conversation_id,
            "parent_id": whole[-1]["id"] if whole else None,
            "status": "done",
            "created_at": AT,
        }
        whole.append(common | row)

    def insert(connection: sqlite_utils.Database) -> None:
        for row in whole:
            connection.table("messages").insert(row)

    await database.write(insert)


async def ask_twice(database: Database, conversation_id: str) -> None:
    """A question with two answers, the second of which broke off."""
    broke = json.dumps({"message": "It broke.", "code": None, "type": "api_error"})
    await add_messages(
        database,
        conversation_id,
        {"id": "q", "role": "user", "content": "Why?"},
        {"id": "a1", "role": "assistant", "content": "Old.", "model": "m/x"},
        {
            "id": "a2",
            "parent_id": "q",
            "role": "assistant",
            "content": "Because",
            "model": "m/y",
            "status": "error",
            "error": broke,
        },
    )
