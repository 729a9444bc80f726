"""What is deleted is gone at once, comes back for 30 days, and then is gone for good."""

import asyncio

import pytest
import sqlite_utils

from aiportal.chat import BulkChange, Conversation, Conversations, ListFilter, Trash, Turns
from aiportal.errors import NotFound
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text
from tests.unit.chat.asking import ask
from tests.unit.chat.threads import add_messages

DAY_S = 86_400


async def _delete_long_ago(database: Database, conversation_id: str, *, days: float) -> None:
    values = (now_text(plus_s=-days * DAY_S), conversation_id)
    sql = "UPDATE conversations SET deleted_at = ? WHERE id = ?"
    await database.write(lambda connection: connection.execute(sql, values).rowcount)


async def _count(database: Database, table: str) -> int:
    def select(connection: sqlite_utils.Database) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    return await database.read(select)


async def test_what_was_deleted_comes_back_as_it_was(
    conversations: Conversations, database: Database, ann: Principal
) -> None:
    chat = await conversations.create(ann, title="Zebras")
    await add_messages(database, chat.id, "a zebra", "two")
    await conversations.update(ann, chat.id, is_pinned=True, tags=["x"])
    before = await conversations.get(ann, chat.id)
    messages = await conversations.messages(ann, chat.id)
    trash = Trash(database)

    await conversations.delete(ann, chat.id)
    assert (await conversations.list(ann, q="zebra")).data == []
    assert (await conversations.overview(ann, narrowed=ListFilter())).tags == []

    assert await trash.restore(ann, chat.id) == before
    assert await trash.restore(ann, chat.id) == before
    assert await conversations.messages(ann, chat.id) == messages
    assert [one.id for one in (await conversations.list(ann, q="zebra")).data] == [chat.id]


async def test_what_is_in_the_trash_can_neither_be_changed_nor_followed(
    conversations: Conversations, turns: Turns, ann: Principal, chat: Conversation
) -> None:
    started = await ask(turns, ann, chat, "Hi")
    await conversations.delete(ann, chat.id)

    with pytest.raises(NotFound):
        await conversations.change_all(ann, [chat.id], BulkChange("pin"))
    with pytest.raises(NotFound):
        await conversations.delete(ann, chat.id)
    with pytest.raises(NotFound):
        await turns.start(ann, chat.id, content="Hi")
    with pytest.raises(NotFound):
        await turns.status(ann, started.turn_id)


async def test_nobody_else_brings_it_back(
    conversations: Conversations,
    database: Database,
    ann: Principal,
    ben: Principal,
    chat: Conversation,
) -> None:
    await conversations.delete(ann, chat.id)

    with pytest.raises(NotFound):
        await Trash(database).restore(ben, chat.id)


async def test_after_30_days_it_does_not_come_back_and_is_purged(
    conversations: Conversations, database: Database, ann: Principal
) -> None:
    old, recent = await conversations.create(ann), await conversations.create(ann)
    await add_messages(database, old.id, "one", "two")
    await _delete_long_ago(database, old.id, days=30.1)
    await _delete_long_ago(database, recent.id, days=29.9)

    with pytest.raises(NotFound):
        await Trash(database).restore(ann, old.id)
    async with Trash(database) as trash:
        async with asyncio.timeout(5):
            while await _count(database, "messages"):  # noqa: ASYNC110  # reason: the database tells nobody
                await asyncio.sleep(0)
        assert (await trash.restore(ann, recent.id)).id == recent.id
    assert await _count(database, "conversations") == 1


async def test_what_a_purged_conversation_has_used_stays_in_the_ledger(
    conversations: Conversations, turns: Turns, database: Database, ann: Principal
) -> None:
    chat = await conversations.create(ann)
    await ask(turns, ann, chat, "Hi")
    await _delete_long_ago(database, chat.id, days=31)

    async with Trash(database):
        async with asyncio.timeout(5):
            while await _count(database, "conversations"):  # noqa: ASYNC110  # reason: as above
                await asyncio.sleep(0)

    assert await _count(database, "usage") == 1
