"""Whole databases as files: copied while they are used, checked, and given up to be replaced."""

import sqlite3
from contextlib import closing
from pathlib import Path

from aiportal.errors import Conflict, DatabaseUnavailable, InvalidRequest
from aiportal.store.database import connect
from aiportal.store.migrations import version_of

__all__ = ["check_copy", "copy_database", "release_database"]


def copy_database(source: Path, target: Path) -> None:
    """Copy it as it is at one moment, into one file, while others read and write.

    Raises DatabaseUnavailable.
    """
    try:
        with (
            closing(connect(source, read_only=True)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            reading.conn.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise DatabaseUnavailable(
            f"The database could not be copied ({error}). `aiportal doctor` looks into it."
        ) from error


def check_copy(path: Path) -> int:
    """The version of a database that is whole.

    Raises InvalidRequest for a damaged one or another program's, ConfigError for a newer portal's.
    """
    try:
        with closing(connect(path, read_only=True)) as database:
            fault = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
            version = version_of(database)
    except sqlite3.Error as error:
        raise InvalidRequest(f"The copy of the database is damaged ({error}).") from error
    if fault != "ok":
        raise InvalidRequest(f"The copy of the database is damaged ({fault}).")
    if version == 0:
        raise InvalidRequest("The copy of the database is not one of AI Portal.")
    return version


def release_database(path: Path) -> None:
    """See that all of a database is in its one file and that nobody has it open.

    A damaged one may keep its other files. Raises Conflict, DatabaseUnavailable.
    """
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise Conflict(f"{path} is in use. Stop what uses it, then try again.") from error
        raise DatabaseUnavailable(f"{path} cannot be replaced ({error}).") from error
    except sqlite3.DatabaseError:
        return  # no database any more: a reason to replace it
