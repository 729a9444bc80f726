"""Which process runs a turn, and whether it still lives.

Several processes may have one data folder open at once: the server, a notebook, a command. Each
holds the lock of a file of its own as long as it runs; the system lets go of it however the process
ends. So an answer is given up as interrupted only when the process that was writing it is gone.
The lock is SQLite's, because that one works alike on every system.
"""

import asyncio
import sqlite3
import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from aiportal.ids import new_id

__all__ = ["TurnHost", "is_in_use"]

STALE_AFTER_S = 60  # a file younger than that may belong to a process that is about to lock it


class TurnHost:
    """This process. An async context manager: from its start to its end the lock is held."""

    def __init__(self, folder: Path) -> None:
        self.id = new_id("host")
        self._folder = folder

    async def __aenter__(self) -> Self:
        self._lock = await asyncio.to_thread(self._take)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._give_back)

    async def dead(self, host_ids: Collection[str]) -> set[str]:
        """Those whose process has ended."""
        return await asyncio.to_thread(lambda: {host for host in host_ids if self._is_dead(host)})

    def _take(self) -> sqlite3.Connection:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(self._path(self.id), isolation_level=None, check_same_thread=False)
        lock.execute("PRAGMA journal_mode=MEMORY")  # nothing is written: no second file
        lock.execute("BEGIN EXCLUSIVE")
        for file in self._folder.glob("*.lock"):
            if time.time() - file.stat().st_mtime > STALE_AFTER_S:
                self._is_dead(file.stem)
        return lock

    def _give_back(self) -> None:
        self._lock.close()
        self._path(self.id).unlink(missing_ok=True)

    def _is_dead(self, host_id: str) -> bool:
        """True if nobody holds that lock; then its file is removed."""
        if host_id == self.id:
            return False
        path = self._path(host_id)
        if not path.exists():
            return True
        if _is_held(path):
            return False
        path.unlink(missing_ok=True)
        return True

    def _path(self, host_id: str) -> Path:
        return self._folder / f"{host_id}.lock"


def is_in_use(folder: Path) -> bool:
    """Whether any process, this one included, runs a portal that keeps its lock in `folder`."""
    return any(_is_held(file) for file in folder.glob("*.lock"))


def _is_held(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=MEMORY")
            connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return True
    return False
