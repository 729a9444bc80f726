"""One SQLite file, used from asyncio.

All writes go through one thread that commits in groups: whatever has come up while the last commit
ran shares the next one. The groups are put together on the event loop, so that each costs the two
threads one exchange, however many writes it holds. A caller's await returns after its group is
committed, so what it then acknowledges survives the death of the process (WAL,
`synchronous=NORMAL`).
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlite_utils

from aiportal.errors import DatabaseUnavailable, PortalError

__all__ = ["Database", "connect"]

_log = logging.getLogger(__name__)
T = TypeVar("T")
BUSY_TIMEOUT_MS = 10_000
# A busy loop brings more jobs within an iteration or two; each group costs as much as several rows.
GATHER_ITERATIONS = 4
MAX_GROUP = 512  # writes in one commit: bounds how long the first of a group waits for the last
READERS = 4
MAX_SQL_VARIABLES = 30_000  # SQLite's own default is 32,766


def connect(path: Path, *, read_only: bool = False) -> sqlite_utils.Database:
    """Open a connection with the pragmas that all of ours share. Usable from any one thread at a time."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys=ON")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    else:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
    return sqlite_utils.Database(connection, execute_plugins=False)


@dataclass(frozen=True, slots=True)
class _Work:
    """A function to run inside the group's transaction."""

    function: Callable[[sqlite_utils.Database], Any]
    done: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row to insert; rows of one table in one group become one statement."""

    table: str
    columns: tuple[str, ...]
    values: Sequence[Any]
    done: asyncio.Future[Any]


_Job = _Work | _Row
_Rows = dict[tuple[str, tuple[str, ...]], list[_Row]]
_Outcome = tuple[asyncio.Future[Any], Any, BaseException | None]


class Database:
    """Use as an async context manager; every method is to be awaited on the loop that entered it.

    Raises DatabaseUnavailable where SQLite cannot read or write (locked for too long, disk full).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._groups: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._waiting: list[_Job] = []
        self._is_committing = False
        self._local = threading.local()
        self._reader_connections: list[sqlite_utils.Database] = []

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-read")
        self._writer = threading.Thread(target=self._write_groups, name="db-write", daemon=True)
        self._writer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while self._waiting or self._is_committing:
            await self.write(lambda _: None)
        self._groups.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._reader_connections:
            connection.close()

    async def write(self, function: Callable[[sqlite_utils.Database], T]) -> T:
        """Run `function` on the writer's thread; its result once it is committed.

        An exception undoes what this function wrote, nothing else, and is raised here.
        The write happens even if the awaiting task is cancelled.
        """
        done: asyncio.Future[T] = self._loop.create_future()
        self._enqueue(_Work(function, done))
        return await done

    async def append(self, table: str, columns: tuple[str, ...], values: Sequence[Any]) -> None:
        """Insert one row, in one statement with all others of its group; returns once committed."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._enqueue(_Row(table, columns, values, done))
        await done

    async def read(self, function: Callable[[sqlite_utils.Database], T]) -> T:
        """Run `function` on a reader's thread, on a connection that cannot write."""

        def run() -> T:
            try:
                return function(self._reader())
            except sqlite3.OperationalError as error:
                raise _unavailable(error) from error

        return await self._loop.run_in_executor(self._readers, run)

    def _reader(self) -> sqlite_utils.Database:
        connection: sqlite_utils.Database | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self.path, read_only=True)
            self._local.connection = connection
            self._reader_connections.append(connection)
        return connection

    def _enqueue(self, job: _Job) -> None:
        self._waiting.append(job)
        if not self._is_committing:
            self._is_committing = True
            self._gather(GATHER_ITERATIONS, 0)

    def _gather(self, iterations: int, seen: int) -> None:
        """Hand over when an iteration of the loop has brought no further job, or after the last."""
        count = len(self._waiting)
        if iterations == 0 or count == seen:
            self._hand_over()
        else:
            self._loop.call_soon(self._gather, iterations - 1, count)

    def _hand_over(self) -> None:
        self._groups.put(self._waiting[:MAX_GROUP])
        del self._waiting[:MAX_GROUP]

    def _write_groups(self) -> None:
        database = connect(self.path)
        while (group := self._groups.get()) is not None:
            outcomes = _commit(database, group)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._settle, outcomes)
        database.close()

    def _settle(self, outcomes: list[_Outcome]) -> None:
        if self._waiting:
            self._gather(GATHER_ITERATIONS, 0)
        else:
            self._is_committing = False
        for done, result, error in outcomes:
            if done.done():
                continue
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)


def _commit(database: sqlite_utils.Database, group: list[_Job]) -> list[_Outcome]:
    """Run a group in one transaction; if the commit itself fails, every job of it has failed.

    Rows of one table alone are one statement, which is a transaction by itself: each call of SQLite
    saved is one time less that this thread has to wait for Python's lock.
    """
    rows, work = _parted(group)
    try:
        if len(rows) == 1 and not work:
            ((table, columns), jobs) = next(iter(rows.items()))
            if len(jobs) * len(columns) <= MAX_SQL_VARIABLES:
                return _insert(database, table, columns, jobs)
        database.conn.execute("BEGIN IMMEDIATE")
        outcomes = _run_rows(database, rows)
        outcomes += [_run_work(database, job) for job in work]
        database.conn.execute("COMMIT")
    except Exception as error:  # a value that SQLite cannot hold must not end the writer's thread
        _log.exception("A group of %s writes failed", len(group))
        with suppress(sqlite3.Error):
            database.conn.execute("ROLLBACK")
        return [(job.done, None, _unavailable(error)) for job in group]
    return outcomes


def _parted(group: list[_Job]) -> tuple[_Rows, list[_Work]]:
    """A group's rows by table and columns, and its functions."""
    rows: _Rows = {}
    work: list[_Work] = []
    for job in group:
        if isinstance(job, _Row):
            rows.setdefault((job.table, job.columns), []).append(job)
        else:
            work.append(job)
    return rows, work


def _run_work(database: sqlite_utils.Database, job: _Work) -> _Outcome:
    try:
        with database.atomic():
            return job.done, job.function(database), None
    except sqlite3.OperationalError as error:
        return job.done, None, _unavailable(error)
    except Exception as error:  # of the caller's function: whatever it is belongs to the caller
        return job.done, None, error


def _run_rows(database: sqlite_utils.Database, by_table: _Rows) -> list[_Outcome]:
    outcomes: list[_Outcome] = []
    for (table, columns), rows in by_table.items():
        per_statement = MAX_SQL_VARIABLES // len(columns)
        for start in range(0, len(rows), per_statement):
            outcomes += _insert(database, table, columns, rows[start : start + per_statement])
    return outcomes


def _insert(
    database: sqlite_utils.Database, table: str, columns: tuple[str, ...], rows: list[_Row]
) -> list[_Outcome]:
    one = f"({','.join('?' * len(columns))})"
    sql = f"INSERT INTO {table} ({','.join(columns)}) VALUES {','.join([one] * len(rows))}"
    try:
        database.conn.execute(sql, [value for row in rows for value in row.values])
    except sqlite3.IntegrityError as error:
        if len(rows) == 1:
            return [(rows[0].done, None, error)]
        return [outcome for row in rows for outcome in _insert(database, table, columns, [row])]
    return [(row.done, None, None) for row in rows]


def _unavailable(error: Exception) -> PortalError:
    return DatabaseUnavailable(
        f"The database could not be used ({error}). Nothing was changed. Try again in a moment."
    )
