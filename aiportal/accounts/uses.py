"""When keys and sessions were last used: noted in memory, written once a minute.

So no call waits for such a write, and a busy key costs one row a minute. A killed process loses the
last minute, which at worst ends a session that much sooner.
"""

import asyncio
import logging
from types import TracebackType
from typing import Self

import sqlite_utils

from aiportal.errors import PortalError
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["Uses"]

INTERVAL_S = 60.0
MAX_NOTES = 10_000  # of each kind; more within a minute are not noted
_log = logging.getLogger(__name__)


class Uses:
    """An async context manager that owns the task which writes."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._session_ttl_s = settings.session_ttl_s
        self._keys: dict[str, str] = {}
        self._sessions: dict[bytes, str] = {}

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._flush_each_minute(), name="account-uses")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await self.flush()

    def key_used(self, key_id: str) -> None:
        """Note that an API key has just been used."""
        if len(self._keys) < MAX_NOTES:
            self._keys[key_id] = now_text()

    def session_used(self, token_hash: bytes) -> None:
        """Note that a session has just been used, so that it lasts longer."""
        if len(self._sessions) < MAX_NOTES:
            self._sessions[token_hash] = now_text(plus_s=self._session_ttl_s)

    async def flush(self) -> None:
        """Write what was noted. Where the database is away, the notes are dropped with a warning."""
        keys, self._keys = self._keys, {}
        sessions, self._sessions = self._sessions, {}
        if not keys and not sessions:
            return

        def work(database: sqlite_utils.Database) -> None:
            database.conn.executemany(
                "UPDATE api_keys SET last_used_at = ? WHERE id = ?",
                [(moment, key_id) for key_id, moment in keys.items()],
            )
            database.conn.executemany(
                "UPDATE sessions SET expires_at = ? WHERE token_hash = ?",
                [(moment, token_hash) for token_hash, moment in sessions.items()],
            )

        try:
            await self._database.write(work)
        except PortalError as error:
            _log.warning("The last uses of keys and sessions were not stored: %s", error.message)

    async def _flush_each_minute(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            await self.flush()
