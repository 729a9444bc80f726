"""A conversation as a file."""

import json

import sqlite_utils

from aiportal.chat import Conversation, Conversations
from aiportal.principal import Principal
from aiportal.store import Database


async def _ask_twice(database: Database, conversation_id: str) -> None:
    rows: list[dict[str, str | None]] = [
        {"id": "q", "parent_id": None, "role": "user", "content": "Why?"},
        {"id": "a1", "parent_id": "q", "role": "assistant", "content": "Old.", "model": "m/x"},
        {
            "id": "a2",
            "parent_id": "q",
            "role": "assistant",
            "content": "Because",
            "model": "m/y",
            "status": "error",
            "error": json.dumps({"message": "It broke.", "code": None, "type": "api_error"}),
        },
    ]

    def insert(connection: sqlite_utils.Database) -> None:
        for row in rows:
            common: dict[str, str | None] = {
                "conversation_id": conversation_id,
                "status": "done",
                "created_at": "now",
            }
            connection.table("messages").insert(common | row)

    await database.write(insert)


async def test_markdown_is_the_newest_branch(
    conversations: Conversations, database: Database, ann: Principal
) -> None:
    made = await conversations.create(ann, title="Über: alles / nichts", system_prompt="Brief.")
    await _ask_twice(database, made.id)

    export = await conversations.export(ann, made.id, format="md")

    assert export.filename == "ber-alles-nichts.md"
    assert export.text == (
        "# Über: alles / nichts\n\n## System prompt\n\nBrief.\n\n## Question\n\nWhy?\n\n"
        "## Answer (m/y, error)\n\nBecause\n\n> It broke.\n"
    )


async def test_json_is_the_whole_tree(
    conversations: Conversations, database: Database, ann: Principal, chat: Conversation
) -> None:
    await _ask_twice(database, chat.id)

    export = await conversations.export(ann, chat.id, format="json")
    document = json.loads(export.text)

    assert document["format"] == "aiportal.conversation"
    assert [(m["id"], m["parent_id"]) for m in document["messages"]] == [
        ("q", None),
        ("a1", "q"),
        ("a2", "q"),
    ]


async def test_an_empty_conversation_can_be_exported(
    conversations: Conversations, ann: Principal
) -> None:
    made = await conversations.create(ann, title="日本")

    export = await conversations.export(ann, made.id, format="md")

    assert (export.filename, export.text) == ("conversation.md", "# 日本\n")
