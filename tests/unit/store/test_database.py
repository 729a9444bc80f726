import asyncio
import sqlite3
import threading

import pytest
import sqlite_utils

from aiportal.errors import DatabaseUnavailable
from aiportal.store import Database

COLUMNS = ("id", "value")


@pytest.fixture(autouse=True)
async def _table(database: Database) -> None:
    await database.write(lambda db: db.execute("CREATE TABLE t (id TEXT PRIMARY KEY, value INT)"))


async def count(database: Database) -> int:
    return await database.read(lambda db: int(db.execute("SELECT count(*) FROM t").fetchone()[0]))


async def test_what_was_acknowledged_is_committed(database: Database) -> None:
    await asyncio.gather(*(database.append("t", COLUMNS, (str(n), n)) for n in range(1000)))
    other = sqlite3.connect(database.path)
    assert other.execute("SELECT count(*), sum(value) FROM t").fetchone() == (1000, 499_500)
    other.close()


async def test_a_failing_write_undoes_only_its_own_work(database: Database) -> None:
    def fail(db: sqlite_utils.Database) -> None:
        db.execute("INSERT INTO t VALUES ('lost', 1)")
        raise LookupError("on purpose")

    results = await asyncio.gather(
        database.append("t", COLUMNS, ("kept", 1)), database.write(fail), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), LookupError]
    assert await count(database) == 1


async def test_one_duplicate_among_many_rows_fails_alone(database: Database) -> None:
    await database.append("t", COLUMNS, ("a", 1))
    results = await asyncio.gather(
        *(database.append("t", COLUMNS, (name, 1)) for name in "abc"), return_exceptions=True
    )
    assert [type(result) for result in results] == [sqlite3.IntegrityError, type(None), type(None)]
    assert await count(database) == 3


async def test_a_write_happens_although_its_caller_was_cancelled(database: Database) -> None:
    held, release = threading.Event(), threading.Event()

    def hold(_: sqlite_utils.Database) -> None:
        held.set()
        release.wait(5)

    blocker = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(held.wait, 5)
    task = asyncio.create_task(database.append("t", COLUMNS, ("late", 1)))
    await asyncio.sleep(0)
    task.cancel()
    release.set()
    await blocker
    await database.write(lambda _: None)  # what was enqueued before it is committed by now
    assert await count(database) == 1


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        await database.read(lambda db: db.execute("INSERT INTO t VALUES ('x', 1)"))


async def test_a_database_that_is_away_is_unavailable_not_a_crash(database: Database) -> None:
    def broken(_: sqlite_utils.Database) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(DatabaseUnavailable, match="disk I/O error"):
        await database.write(broken)
    await database.append("t", COLUMNS, ("after", 1))
    assert await count(database) == 1
