"""Attachments are swept away when no message holds them, counted, and bounded for each user."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlite_utils

from aiportal.chat import Attachment, Attachments, Conversation, Conversations, Trash, Turns
from aiportal.chat.attached import MAX_SENT_BYTES
from aiportal.errors import Conflict, InvalidRequest, NotFound, RequestTooLarge
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import to_text
from tests.unit.chat.asking import events_of, newest, sent
from tests.unit.files.samples import picture
from tests.upstreams import Upstream

LONG_AGO = to_text(datetime.now(UTC) - timedelta(days=3))


@pytest.fixture
async def attachments(database: Database, wired_settings: Settings) -> AsyncIterator[Attachments]:
    async with Attachments(database, wired_settings) as attachments:
        yield attachments


async def _add(
    attachments: Attachments, principal: Principal, text: str, name: str = "a.txt"
) -> Attachment:
    return await attachments.add(principal, name=name, file=io.BytesIO(text.encode()))


async def _age(database: Database, folder: Path) -> None:
    """Make all attachments and their files older than the time that unsent ones have."""
    sql = "UPDATE attachments SET created_at = ?"

    def age() -> None:
        for path in folder.rglob("*"):
            os.utime(path, (0, 0))

    await database.write(lambda connection: connection.execute(sql, (LONG_AGO,)).rowcount)
    await asyncio.to_thread(age)


async def _files(folder: Path) -> set[str]:
    def names() -> set[str]:
        return {path.name for path in folder.rglob("*") if path.is_file()}

    return await asyncio.to_thread(names)


async def _files_become(folder: Path, names: set[str]) -> None:
    """Return when those alone are left. Raises TimeoutError."""
    async with asyncio.timeout(5):
        while await _files(folder) != names:  # noqa: ASYNC110  # reason: the disk tells nobody
            await asyncio.sleep(0)


async def _swept(attachments: Attachments, principal: Principal, count: int) -> None:
    """Return when so many are left. Raises TimeoutError."""
    async with asyncio.timeout(5):
        while len((await attachments.list(principal)).data) != count:  # noqa: ASYNC110  # reason: the database tells nobody
            await asyncio.sleep(0)


async def test_what_no_message_holds_goes_and_takes_its_file_along(
    attachments: Attachments,
    database: Database,
    wired_settings: Settings,
    turns: Turns,
    conversations: Conversations,
    ann: Principal,
    chat: Conversation,
) -> None:
    folder = wired_settings.data_dir / "attachments"
    kept, spare = await _add(attachments, ann, "kept"), await _add(attachments, ann, "spare")
    twin = await _add(attachments, ann, "kept", "twin.txt")
    started = await turns.start(ann, chat.id, content="?", attachments=[kept.id])
    await events_of(turns, ann, started.turn_id)
    assert kept.sha256 == twin.sha256
    assert await _files(folder) == {
        kept.sha256,
        f"{kept.sha256}.text",
        spare.sha256,
        f"{spare.sha256}.text",
    }
    await _age(database, folder)

    async with Attachments(database, wired_settings) as sweeping:
        await _swept(sweeping, ann, 1)
        await _files_become(folder, {kept.sha256, f"{kept.sha256}.text"})
    with pytest.raises(NotFound):
        await attachments.get(ann, spare.id)

    await conversations.delete(ann, chat.id)
    sql = "UPDATE conversations SET deleted_at = '2020-01-01T00:00:00.000+00:00'"
    await database.write(lambda connection: connection.execute(sql).rowcount)
    async with Trash(database), asyncio.timeout(5):
        while await _count(database, "messages"):  # noqa: ASYNC110  # reason: as above
            await asyncio.sleep(0)
    async with Attachments(database, wired_settings) as sweeping:
        await _swept(sweeping, ann, 0)
        await _files_become(folder, set())


async def _count(database: Database, table: str) -> int:
    def count(connection: sqlite_utils.Database) -> int:
        return connection.table(table).count

    return await database.read(count)


async def test_a_file_that_is_gone_is_named_to_the_model(
    attachments: Attachments,
    wired_settings: Settings,
    turns: Turns,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    file = await _add(attachments, ann, "word")
    path = wired_settings.data_dir / "attachments" / ann.user_id / f"{file.sha256}.text"
    await asyncio.to_thread(path.unlink)
    started = await turns.start(ann, chat.id, content="?", attachments=[file.id])
    await events_of(turns, ann, started.turn_id)

    assert sent(upstream) == [("user", '[The attached file "a.txt" is no longer there.]\n\n?')]


async def test_a_model_for_one_question_is_not_remembered(
    turns: Turns, conversations: Conversations, ann: Principal, chat: Conversation
) -> None:
    started = await turns.start(ann, chat.id, content="?", model="acme/slow", is_once=True)
    await events_of(turns, ann, started.turn_id)

    assert (await newest(conversations, ann, chat)).model == "acme/slow"
    assert (await conversations.get(ann, chat.id)).model is None


async def test_everybody_has_room_for_so_much(
    database: Database, wired_settings: Settings, ann: Principal, ben: Principal
) -> None:
    # A text is kept twice: as it came, and as it is sent.
    limits = {"max_attachment_bytes": 2_000, "max_attachment_bytes_per_user": 5_000}
    attachments = Attachments(database, wired_settings.model_copy(update=limits))
    with pytest.raises(RequestTooLarge, match="larger than 2,000 bytes"):
        await _add(attachments, ann, "a" * 2_001)
    await _add(attachments, ann, "a" * 2_000)
    with pytest.raises(Conflict, match="4,000 of 5,000 bytes"):
        await _add(attachments, ann, "b" * 501)
    await _add(attachments, ann, "b" * 500)
    await _add(attachments, ben, "b" * 2_000)
    assert await _files(wired_settings.data_dir / "attachments" / ".incoming") == set()


async def test_what_a_chat_in_the_trash_holds_stays(
    attachments: Attachments,
    conversations: Conversations,
    turns: Turns,
    ann: Principal,
    chat: Conversation,
) -> None:
    file = await _add(attachments, ann, "word")
    started = await turns.start(ann, chat.id, content="?", attachments=[file.id])
    await events_of(turns, ann, started.turn_id)
    await conversations.delete(ann, chat.id)
    with pytest.raises(Conflict):
        await attachments.delete(ann, file.id)


async def test_what_one_request_holds_is_bounded(attachments: Attachments, ann: Principal) -> None:
    file = (await _add(attachments, ann, "word")).attached
    large = replace(file, id="file_large", tokens=MAX_SENT_BYTES // 3)
    load = await attachments.loader(ann, [file, large], sees=True)
    assert "later ones follow" in (await asyncio.to_thread(load, file))["text"]
    load = await attachments.loader(ann, [large, file], sees=True)
    assert "word" in (await asyncio.to_thread(load, file))["text"]


async def test_a_refused_file_leaves_nothing(
    attachments: Attachments, wired_settings: Settings, ann: Principal
) -> None:
    with pytest.raises(InvalidRequest):
        await attachments.add(ann, name="x.png", file=io.BytesIO(picture()[:50]))

    assert await _files(wired_settings.data_dir / "attachments") == set()
