"""Numbered migrations, each with a way up and a way down, in portable SQL.

A migration is a pair of files `NNNN_name.up.sql` and `NNNN_name.down.sql` in this folder.
Each runs in one transaction together with its line in the table `migrations`.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path

import sqlite_utils

from aiportal.errors import ConfigError
from aiportal.store.database import connect

__all__ = ["Migration", "MigrationStatus", "available", "migrate", "rollback", "version_of"]

_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>\w+)\.up\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    up: str
    down: str


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """version: the number of the newest applied migration, 0 for none. changed: those just run."""

    version: int
    changed: tuple[str, ...]


@cache
def available() -> tuple[Migration, ...]:
    """All migrations of this version of the portal, in order."""
    folder = resources.files(__package__)
    found = []
    for entry in folder.iterdir():
        if match := _NAME.fullmatch(entry.name):
            down = folder / entry.name.replace(".up.sql", ".down.sql")
            found.append(
                Migration(int(match["number"]), match["name"], entry.read_text(), down.read_text())
            )
    return tuple(sorted(found, key=lambda migration: migration.number))


def migrate(path: Path) -> MigrationStatus:
    """Bring the database at `path` to the newest version, making it if it is not there.

    Safe to call from two processes at once. Raises ConfigError for a database that a newer
    version of the portal has written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    database = connect(path)
    try:
        changed = []
        while (name := _apply_next(database)) is not None:
            changed.append(name)
        return MigrationStatus(_version(database), tuple(changed))
    finally:
        database.close()


def version_of(database: sqlite_utils.Database) -> int:
    """The number of the newest applied migration, 0 for none.

    Raises ConfigError for a database that a newer version of the portal has written.
    """
    version, newest = _version(database), available()[-1].number
    if version > newest:
        raise ConfigError(
            f"The database is at version {version}, but this portal knows only {newest}. "
            "A newer portal has written it: update this one, or name another data folder."
        )
    return version


def rollback(path: Path, *, to: int | None = None) -> MigrationStatus:
    """Undo the newest migration, or all above number `to`. Data in what is dropped is lost."""
    database = connect(path)
    try:
        target = max(_version(database) - 1, 0) if to is None else to
        changed = [_revert(database, migration) for migration in _above(database, target)]
        return MigrationStatus(_version(database), tuple(changed))
    finally:
        database.close()


def _apply_next(database: sqlite_utils.Database) -> str | None:
    database.execute(
        "CREATE TABLE IF NOT EXISTS migrations "
        "(number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)"
    )
    database.conn.execute("BEGIN IMMEDIATE")
    try:
        version = version_of(database)
        following = next((m for m in available() if m.number > version), None)
        if following is not None:
            _run(database, following.up)
            database.conn.execute(
                "INSERT INTO migrations VALUES (?, ?, ?)",
                (following.number, following.name, datetime.now(UTC).isoformat()),
            )
        database.conn.execute("COMMIT")
    except BaseException:
        database.conn.execute("ROLLBACK")
        raise
    return None if following is None else f"{following.number:04d}_{following.name}"


def _revert(database: sqlite_utils.Database, migration: Migration) -> str:
    database.conn.execute("BEGIN IMMEDIATE")
    try:
        _run(database, migration.down)
        database.conn.execute("DELETE FROM migrations WHERE number = ?", (migration.number,))
        database.conn.execute("COMMIT")
    except BaseException:
        database.conn.execute("ROLLBACK")
        raise
    return f"{migration.number:04d}_{migration.name}"


def _above(database: sqlite_utils.Database, number: int) -> list[Migration]:
    version = _version(database)
    return [m for m in reversed(available()) if number < m.number <= version]


def _version(database: sqlite_utils.Database) -> int:
    if "migrations" not in database.table_names():
        return 0
    row = database.conn.execute("SELECT max(number) FROM migrations").fetchone()
    return int(row[0] or 0)


def _run(database: sqlite_utils.Database, script: str) -> None:
    for statement in _statements(script):
        database.conn.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """Split a script at the semicolons that end a statement (triggers hold more of them)."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending
