"""A conversation as a file."""

import json

import pytest

from aiportal.chat import Conversation, Conversations, Exports
from aiportal.errors import NotFound
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.branches import ask_twice


async def test_markdown_is_the_newest_branch(
    exports: Exports, conversations: Conversations, database: Database, ann: Principal
) -> None:
    made = await conversations.create(ann, title="Über: alles / nichts", system_prompt="Brief.")
    await ask_twice(database, made.id)

    export = await exports.one(ann, made.id, format="md")

    assert export.filename == "ber-alles-nichts.md"
    assert export.text == (
        "# Über: alles / nichts\n\n## System prompt\n\nBrief.\n\n## Question\n\nWhy?\n\n"
        "## Answer (m/y, error)\n\nBecause\n\n> It broke.\n"
    )


async def test_another_branch_is_exported_by_its_last_message(
    exports: Exports, database: Database, ann: Principal, chat: Conversation
) -> None:
    await ask_twice(database, chat.id)

    export = await exports.one(ann, chat.id, format="md", leaf_id="a1")

    assert export.text.endswith("## Answer (m/x)\n\nOld.\n")
    with pytest.raises(NotFound) as refusal:
        await exports.one(ann, chat.id, format="html", leaf_id="none")
    assert refusal.value.param == "leaf_id"


async def test_json_is_the_whole_tree(
    exports: Exports, database: Database, ann: Principal, chat: Conversation
) -> None:
    await ask_twice(database, chat.id)

    export = await exports.one(ann, chat.id, format="json")
    document = json.loads(export.text)

    assert document["format"] == "aiportal.conversation"
    assert [(m["id"], m["parent_id"]) for m in document["messages"]] == [
        ("q", None),
        ("a1", "q"),
        ("a2", "q"),
    ]


async def test_an_empty_conversation_can_be_exported(
    exports: Exports, conversations: Conversations, ann: Principal
) -> None:
    made = await conversations.create(ann, title="日本")

    export = await exports.one(ann, made.id, format="md")
    page = await exports.one(ann, made.id, format="html")

    assert (export.filename, export.text) == ("conversation.md", "# 日本\n")
    assert "Nothing has been said here yet." in page.text
