"""Files of projects: kept while their project has them, and sent before its conversations."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlite_utils

from aiportal.backup import back_up, restore
from aiportal.chat import (
    Attachment,
    Attachments,
    Conversation,
    Conversations,
    ProjectFiles,
    Projects,
    Turns,
)
from aiportal.chat.project_files import MAX_PER_PROJECT
from aiportal.errors import Conflict, NotFound
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database, migrate, rollback
from aiportal.store.database import connect
from aiportal.timestamps import to_text
from tests.unit.chat.asking import ask, events_of, sent
from tests.upstreams import Upstream, text

LONG_AGO = to_text(datetime.now(UTC) - timedelta(days=3))


@pytest.fixture
def attachments(database: Database, wired_settings: Settings) -> Attachments:
    return Attachments(database, wired_settings)


@pytest.fixture
def files(database: Database) -> ProjectFiles:
    return ProjectFiles(database)


@pytest.fixture
async def project_id(database: Database, ann: Principal) -> str:
    """An empty project of Ann's."""
    return (await Projects(database).create(ann, name="Garden", instructions="Be kind.")).id


@pytest.fixture
async def chat(conversations: Conversations, ann: Principal, project_id: str) -> Conversation:
    """An empty conversation in it."""
    return await conversations.create(ann, project_id=project_id)


async def _add(attachments: Attachments, principal: Principal, name: str) -> Attachment:
    return await attachments.add(principal, name=name, file=io.BytesIO(f"In {name}".encode()))


async def test_files_stand_in_the_order_they_came_and_each_once(
    attachments: Attachments, files: ProjectFiles, ann: Principal, project_id: str
) -> None:
    b, a = await _add(attachments, ann, "b"), await _add(attachments, ann, "a")
    for one in (b, a, b):
        assert await files.add(ann, project_id, one.id) == one
    assert await files.list(ann, project_id) == [b, a]

    c = await _add(attachments, ann, "c")
    assert await files.put(ann, project_id, [c.id, a.id]) == [a, c]
    await files.remove(ann, project_id, a.id)
    assert await files.list(ann, project_id) == [c]
    with pytest.raises(NotFound):
        await files.remove(ann, project_id, a.id)


async def test_a_project_takes_twenty_files_and_a_change_is_whole(
    attachments: Attachments, files: ProjectFiles, ann: Principal, project_id: str
) -> None:
    ids = [(await _add(attachments, ann, str(number))).id for number in range(MAX_PER_PROJECT + 1)]
    for one in ids[:-1]:
        await files.add(ann, project_id, one)
    with pytest.raises(Conflict, match="as many as it takes"):
        await files.add(ann, project_id, ids[-1])
    await files.add(ann, project_id, ids[0])

    with pytest.raises(NotFound):
        await files.put(ann, project_id, [ids[-1], "file_none"])
    assert [one.id for one in await files.list(ann, project_id)] == ids[:-1]
    assert len(await files.put(ann, project_id, ids[1:])) == MAX_PER_PROJECT


async def test_nobody_elses_project_and_file_is_there(
    attachments: Attachments,
    files: ProjectFiles,
    database: Database,
    ann: Principal,
    ben: Principal,
    project_id: str,
) -> None:
    mine, theirs = await _add(attachments, ann, "mine"), await _add(attachments, ben, "theirs")
    await files.add(ann, project_id, mine.id)
    bens = (await Projects(database).create(ben, name="Bens")).id
    for principal, place, file in (
        (ann, project_id, theirs.id),
        (ben, project_id, theirs.id),
        (ben, bens, mine.id),
    ):
        with pytest.raises(NotFound):
            await files.add(principal, place, file)
        with pytest.raises(NotFound):
            await files.put(principal, place, [file])
    with pytest.raises(NotFound):
        await files.list(ben, project_id)
    with pytest.raises(NotFound):
        await files.remove(ben, project_id, mine.id)
    assert await files.list(ann, project_id) == [mine]
    assert await files.list(ben, bens) == []


async def test_a_file_goes_when_its_project_has_gone(
    attachments: Attachments,
    files: ProjectFiles,
    database: Database,
    wired_settings: Settings,
    ann: Principal,
    project_id: str,
) -> None:
    kept, spare = await _add(attachments, ann, "kept"), await _add(attachments, ann, "spare")
    await files.add(ann, project_id, kept.id)
    with pytest.raises(Conflict, match='a file of the project "Garden"'):
        await attachments.delete(ann, kept.id)
    await _age(database)

    await _sweep(database, wired_settings, ann, left=1)
    assert await files.list(ann, project_id) == [await attachments.get(ann, kept.id)]
    with pytest.raises(NotFound):
        await attachments.get(ann, spare.id)
    await Projects(database).delete(ann, project_id)
    await _sweep(database, wired_settings, ann, left=0)


async def _age(database: Database) -> None:
    sql = "UPDATE attachments SET created_at = ?"
    await database.write(lambda connection: connection.execute(sql, (LONG_AGO,)).rowcount)


async def _sweep(
    database: Database, settings: Settings, principal: Principal, *, left: int
) -> None:
    """Return when so many are left. Raises TimeoutError."""
    async with Attachments(database, settings) as sweeping, asyncio.timeout(5):
        while len((await sweeping.list(principal)).data) != left:  # noqa: ASYNC110  # reason: the database tells nobody
            await asyncio.sleep(0)


async def test_each_turn_begins_with_the_files(
    attachments: Attachments,
    files: ProjectFiles,
    turns: Turns,
    ann: Principal,
    chat: Conversation,
    project_id: str,
    upstream: Upstream,
) -> None:
    upstream.answer("fast", text("Yes."))
    for name in ("a.md", "b.md"):
        await files.add(ann, project_id, (await _add(attachments, ann, name)).id)
    framed = '<file name="a.md">\nIn a.md\n</file>\n\n<file name="b.md">\nIn b.md\n</file>\n\n'
    own = await _add(attachments, ann, "own.md")

    first = await ask(turns, ann, chat, "Roses?")
    assert sent(upstream) == [("system", "Be kind."), ("user", f"{framed}Roses?")]
    started = await turns.start(ann, chat.id, content="And this?", attachments=[own.id])
    await events_of(turns, ann, started.turn_id)
    assert sent(upstream)[1] == ("user", f"{framed}Roses?")
    assert sent(upstream)[-1] == ("user", '<file name="own.md">\nIn own.md\n</file>\n\nAnd this?')
    again = await turns.retry(ann, chat.id, question_id=first.user_message_id)
    await events_of(turns, ann, again.turn_id)
    assert sent(upstream)[1:] == [("user", f"{framed}Roses?")]

    for one in await files.list(ann, project_id):
        await files.remove(ann, project_id, one.id)
    await ask(turns, ann, chat, "Still?")
    assert "a.md" not in str(sent(upstream))


async def test_they_come_back_with_a_backup(settings: Settings, tmp_path: Path) -> None:
    async with Portal.open(settings) as portal:
        admin = await portal.users.operator()
        file = await _add(portal.attachments, admin, "a.md")
        made = await portal.projects.create(admin, name="Garden")
        await portal.project_files.add(admin, made.id, file.id)
        await asyncio.to_thread(back_up, settings, tmp_path / "backup")
        await portal.projects.delete(admin, made.id)
    await asyncio.to_thread(restore, settings, tmp_path / "backup")
    async with Portal.open(settings) as portal:
        assert await portal.project_files.list(admin, made.id) == [file]
        assert await portal.attachments.text(admin, file.id) == "In a.md"


def test_the_way_down_leaves_the_attachments(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    migrate(path)
    database = connect(path)
    _fill(database)
    database.close()
    rollback(path, to=12)
    database = connect(path)
    assert [row["id"] for row in database.table("attachments").rows] == ["file"]
    assert not database.table("project_files").exists()
    database.close()
    migrate(path)


def _fill(database: sqlite_utils.Database) -> None:
    user = {"id": "u", "username": "u", "username_key": "u", "name": "u", "role": "user"}
    numbers = dict.fromkeys(("size", "kept_bytes", "characters", "width", "height", "tokens"), 1)
    names = {"name": "a", "kind": "text", "media_type": "text/plain", "sha256": "x"}
    with database.conn:
        database.table("users").insert(user | {"created_at": ""})
        project = {"id": "p", "name": "p", "instructions": "", "created_at": "", "updated_at": ""}
        database.table("projects").insert(project | {"user_id": "u"})
        file = {"id": "file", "user_id": "u", "created_at": ""} | numbers | names
        database.table("attachments").insert(file)
        held = {"project_id": "p", "attachment_id": "file", "created_at": ""}
        database.table("project_files").insert(held)
