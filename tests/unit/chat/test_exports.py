"""All of a user's conversations in one archive."""

import io
import json
import zipfile

import pytest

from aiportal.chat import Branches, Conversation, Conversations, Exports
from aiportal.errors import NotFound
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.branches import add_messages, ask_twice


async def _archive(exports: Exports, principal: Principal) -> zipfile.ZipFile:
    pieces = [piece async for piece in exports.everything(principal)]
    return zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


async def test_an_archive_holds_each_conversation_as_a_tree_and_to_read(
    exports: Exports, conversations: Conversations, database: Database, ann: Principal
) -> None:
    first = await conversations.create(ann, title="One")
    await conversations.create(ann, title="One")
    await ask_twice(database, first.id)

    archive = await _archive(exports, ann)

    assert archive.testzip() is None
    assert archive.namelist() == [
        "00001-one.json",
        "00001-one.md",
        "00002-one.json",
        "00002-one.md",
    ]
    assert json.loads(archive.read("00001-one.json"))["id"] == first.id
    assert b"Because" in archive.read("00001-one.md")


async def test_by_itself_a_file_to_read_is_the_branch_that_is_shown(
    exports: Exports, branches: Branches, database: Database, chat: Conversation, ann: Principal
) -> None:
    await ask_twice(database, chat.id)
    await branches.choose(ann, chat.id, "a1")

    for text in (
        (await exports.one(ann, chat.id, format="md")).text,
        (await _archive(exports, ann)).read("00001-new-chat.md").decode(),
    ):
        assert "Old." in text
        assert "Because" not in text


async def test_an_archive_holds_nobody_elses(
    exports: Exports, chat: Conversation, ben: Principal
) -> None:
    archive = await _archive(exports, ben)

    assert archive.namelist() == []


async def test_one_conversation_at_a_time_is_made_ready(
    exports: Exports, conversations: Conversations, database: Database, ann: Principal
) -> None:
    for number in range(3):
        made = await conversations.create(ann)
        text = {"id": f"q{number}", "role": "user", "content": str(number) * 100_000}
        await add_messages(database, made.id, dict(text))

    sizes = [len(piece) async for piece in exports.everything(ann)]

    assert len(sizes) == 7  # two files of each, then the table of contents


async def test_what_is_deleted_meanwhile_is_left_out(
    exports: Exports, conversations: Conversations, ann: Principal
) -> None:
    made = [await conversations.create(ann, title=title) for title in ("One", "Two")]
    pieces = exports.everything(ann)
    data = await anext(pieces)
    await conversations.delete(ann, made[1].id)
    data += b"".join([piece async for piece in pieces])

    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["00001-one.json", "00001-one.md"]


async def test_another_persons_conversation_is_not_found(
    exports: Exports, chat: Conversation, ben: Principal
) -> None:
    with pytest.raises(NotFound):
        await exports.one(ben, chat.id, format="json")
