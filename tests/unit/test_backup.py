"""aiportal.backup"""

import asyncio
import gzip
import io
import json
import shutil
import sqlite3
import stat
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aiportal import backup as module
from aiportal.backup import back_up, restore
from aiportal.errors import ConfigError, Conflict, DatabaseUnavailable, InvalidRequest, NotFound
from aiportal.portal import Portal
from aiportal.settings import Settings

LEFT_OUT = {"turn-hosts", "aiportal.db-wal", "aiportal.db-shm"}
ABOUT = ("aiportal-backup.json", b'{"format": 1, "created_at": "2026-01-01T00:00:00.000+00:00"}')


@pytest.fixture
def own(settings: Settings) -> Settings:
    """Settings of a portal whose model config is in its data folder."""
    return settings.model_copy(update={"model_config_dir": None})


@pytest.fixture
def data(own: Settings) -> Path:
    """The data folder of a portal that has the users `admin` and `ann`."""
    asyncio.run(make_user(own, "ann"))
    return own.data_dir


async def make_user(settings: Settings, name: str) -> None:
    async with Portal.open(settings) as portal:
        await add_user(portal, name)


async def add_user(portal: Portal, name: str) -> None:
    operator = await portal.users.operator()
    await portal.users.create(operator, username=name, password=None)


def users(settings: Settings) -> set[str]:
    with closing(sqlite3.connect(settings.database_path)) as database:
        return {row[0] for row in database.execute("SELECT username FROM users")}


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the places of locks."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in LEFT_OUT
    }


def archive(path: Path, *members: tuple[str, bytes] | tarfile.TarInfo) -> Path:
    """A gzipped tar file with these members."""
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                entry = tarfile.TarInfo(member[0])
                entry.size = len(member[1])
                tar.addfile(entry, io.BytesIO(member[1]))
    return path


def test_attached_files_come_along(own: Settings, data: Path, tmp_path: Path) -> None:
    shelf = data / "attachments" / "user_1"
    shelf.mkdir(parents=True)
    (shelf / ("a" * 64)).write_bytes(b"kept")
    (data / "attachments" / ".incoming" / "x").mkdir(parents=True)
    (data / "attachments" / ".incoming" / "x" / "source").write_bytes(b"half")

    assert "attachments" in back_up(own, tmp_path / "b").parts
    shutil.rmtree(data / "attachments")
    restore(own, tmp_path / "b")

    assert contents(data / "attachments") == {f"user_1/{'a' * 64}": b"kept"}


def test_a_restored_portal_is_as_it_was(own: Settings, data: Path, tmp_path: Path) -> None:
    made = back_up(own, tmp_path / "b")
    before = contents(data)
    asyncio.run(make_user(own, "bob"))
    (data / "jwt_secret").write_text("another")
    (data / "model_config" / "config.json").write_text("{}")
    (data / "model_config" / "new.json").write_text("{}")
    done = restore(own, tmp_path / "b")
    assert users(own) == {"admin", "ann"}
    after = contents(data)
    assert after.keys() == before.keys()
    assert [name for name in after if after[name] != before[name]] in ([], ["aiportal.db"])
    assert (done.parts, done.version) == (made.parts, made.version)
    asyncio.run(make_user(own, "carl"))


def test_a_backup_restores_where_nothing_was(own: Settings, data: Path, tmp_path: Path) -> None:
    back_up(own, tmp_path / "b")
    secret = (data / "jwt_secret").read_text()
    elsewhere = own.model_copy(update={"data_dir": tmp_path / "elsewhere" / "data"})
    restore(elsewhere, tmp_path / "b")
    assert users(elsewhere) == {"admin", "ann"}
    assert (elsewhere.data_dir / "jwt_secret").read_text() == secret
    assert stat.S_IMODE((elsewhere.data_dir / "jwt_secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(elsewhere.data_dir.stat().st_mode) == 0o700


def test_everything_that_a_portal_keeps_is_in_its_backup(
    own: Settings, data: Path, tmp_path: Path
) -> None:
    parts = set(back_up(own, tmp_path / "b").parts)
    assert {path.name for path in data.iterdir()} - LEFT_OUT == parts


def test_a_backup_is_for_its_owner_alone(own: Settings, data: Path, tmp_path: Path) -> None:
    back_up(own, tmp_path / "b")
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob(".backup-*")] == []


async def test_a_running_portal_can_be_backed_up_and_not_restored(
    own: Settings, tmp_path: Path
) -> None:
    async with Portal.open(own) as portal:
        await add_user(portal, "ann")
        await asyncio.to_thread(back_up, own, tmp_path / "b")
        with pytest.raises(Conflict, match="A portal runs on"):
            await asyncio.to_thread(restore, own, tmp_path / "b")
        await add_user(portal, "bob")
    await asyncio.to_thread(restore, own, tmp_path / "b")
    assert await asyncio.to_thread(users, own) == {"admin", "ann"}


def test_a_database_that_another_program_has_open_is_not_replaced(
    own: Settings, data: Path, tmp_path: Path
) -> None:
    back_up(own, tmp_path / "b")
    asyncio.run(make_user(own, "bob"))
    with closing(sqlite3.connect(own.database_path)) as database:
        database.execute("SELECT count(*) FROM users").fetchone()
        with pytest.raises(Conflict, match="in use"):
            restore(own, tmp_path / "b")
    assert "bob" in users(own)


def test_a_damaged_database_is_replaced(own: Settings, data: Path, tmp_path: Path) -> None:
    back_up(own, tmp_path / "b")
    own.database_path.write_bytes(b"no database at all" * 1000)
    (data / "aiportal.db-wal").write_bytes(b"stale")
    restore(own, tmp_path / "b")
    assert users(own) == {"admin", "ann"}


def test_a_backup_of_a_newer_portal_is_refused(own: Settings, data: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(own.database_path)) as database, database:
        shutil.copy(own.database_path, tmp_path / "newer.db")
    with closing(sqlite3.connect(tmp_path / "newer.db")) as database, database:
        database.execute("INSERT INTO migrations VALUES (999, 'future', '')")
    newer = (tmp_path / "newer.db").read_bytes()
    before = contents(data)
    for file in (
        archive(tmp_path / "schema", ABOUT, ("aiportal.db", newer)),
        archive(tmp_path / "format", (ABOUT[0], b'{"format": 2}')),
    ):
        with pytest.raises(ConfigError, match="newer portal"):
            restore(own, file)
    assert contents(data) == before


def test_a_place_that_cannot_be_taken_leaves_all_as_it_was(
    own: Settings, data: Path, tmp_path: Path
) -> None:
    back_up(own, tmp_path / "b")
    own.database_path.rename(data / "moved.db")
    own.database_path.mkdir()
    (data / "jwt_secret").write_text("another")
    before = contents(data)
    with pytest.raises(DatabaseUnavailable):
        restore(own, tmp_path / "b")
    assert contents(data) == before
    assert own.database_path.is_dir()


def link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def oversized() -> tarfile.TarInfo:
    entry = tarfile.TarInfo("model_config/a.json")
    entry.size = 10**17
    return entry


HOSTILE: dict[str, tuple[str, bytes] | tarfile.TarInfo] = {
    "absolute": ("/tmp/evil", b""),
    "above": ("../evil", b""),
    "above within": ("model_config/../../evil", b""),
    "not ours": ("other", b""),
    "side file": ("aiportal.db-wal", b""),
    "folder": link("model_config", "", tarfile.DIRTYPE),
    "symbolic link": link("model_config/a", "/etc/passwd", tarfile.SYMTYPE),
    "hard link": link("model_config/a", "aiportal.db", tarfile.LNKTYPE),
    "device": link("jwt_secret", "", tarfile.CHRTYPE),
    "null byte": ("model_config/a\0b", b""),
    "about twice": ABOUT,
    "too large": oversized(),
}


@pytest.mark.parametrize("member", HOSTILE.values(), ids=HOSTILE)
def test_what_does_not_belong_into_a_backup_is_never_unpacked(
    own: Settings, data: Path, tmp_path: Path, member: tuple[str, bytes] | tarfile.TarInfo
) -> None:
    file = archive(tmp_path / "b", ABOUT, ("jwt_secret", b"theirs"), member)
    before = contents(tmp_path)
    with pytest.raises(InvalidRequest):
        restore(own, file)
    assert contents(tmp_path) == before


def test_more_files_than_the_bound_are_refused(
    own: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FILES", 3)
    many = [(f"model_config/{number}.json", b"{}") for number in range(5)]
    with pytest.raises(InvalidRequest, match="larger"):
        restore(own, archive(tmp_path / "b", ABOUT, *many))


def broken(good: bytes) -> Iterator[bytes]:
    """What is no backup, or no longer a whole one."""
    yield b""
    yield b"a text"
    yield gzip.compress(b"a text" * 1000)
    yield from (good[: len(good) * part // 5] for part in range(1, 5))
    yield good[:-8] + bytes(8)  # the checksum at the end
    unpacked = gzip.decompress(good)
    yield gzip.compress(unpacked.replace(b"SQLite format 3", b"SQLite format 4"))
    yield gzip.compress(unpacked.replace(b"aiportal.db", b"aiportal.xy"))
    yield gzip.compress(unpacked + bytes(100_000))
    yield gzip.compress(unpacked.replace(b'"format"', b'"farmot"'))


def test_a_damaged_backup_is_refused_and_changes_nothing(
    own: Settings, data: Path, tmp_path: Path
) -> None:
    back_up(own, tmp_path / "b")
    before = contents(data)
    for number, content in enumerate(broken((tmp_path / "b").read_bytes())):
        file = tmp_path / f"broken-{number}"
        file.write_bytes(content)
        with pytest.raises(InvalidRequest):
            restore(own, file)
        assert contents(data) == before


def test_another_restore_is_not_disturbed(own: Settings, data: Path, tmp_path: Path) -> None:
    back_up(own, tmp_path / "b")
    (data / ".restore").mkdir()
    with pytest.raises(Conflict, match="broken off"):
        restore(own, tmp_path / "b")
    assert (data / ".restore").exists()


def test_a_backup_needs_a_database_and_a_free_name(
    own: Settings, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="no database"):
        back_up(own.model_copy(update={"data_dir": tmp_path / "none"}), tmp_path / "b")
    back_up(own, tmp_path / "b")
    with pytest.raises(Conflict, match="already"):
        back_up(own, tmp_path / "b")
    with pytest.raises(ConfigError, match="missing"):
        back_up(own, tmp_path / "missing" / "b")


def test_the_archive_says_what_it_is(own: Settings, data: Path, tmp_path: Path) -> None:
    made = back_up(own, tmp_path / "b")
    with tarfile.open(tmp_path / "b") as tar:
        names = tar.getnames()
        first = tar.extractfile(names[0])
        assert first is not None
        assert json.loads(first.read()) == {"format": 1, "created_at": made.created_at}
    assert {name.split("/")[0] for name in names[1:]} == set(made.parts)
