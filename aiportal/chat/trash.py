"""The trash: deleted conversations, which come back within 30 days and then are gone for good."""

import asyncio
import logging
from types import TracebackType
from typing import Self

import sqlite_utils

from aiportal.chat.arrangement import BulkChange, change_rows, kept_since
from aiportal.chat.conversation import Conversation
from aiportal.chat.owned_rows import owned_row
from aiportal.errors import DatabaseUnavailable
from aiportal.principal import Principal
from aiportal.store import Database

__all__ = ["Trash"]

PURGE_EVERY_S = 86_400
PURGED_AT_ONCE = 20  # with their messages: holds up other writes
RETRY_AFTER_S = 600

_PURGE = """
DELETE FROM conversations WHERE number IN (
  SELECT number FROM conversations WHERE deleted_at < ? LIMIT ?
)
"""

logger = logging.getLogger(__name__)


class Trash:
    """An async context manager: while it is open a task of its own empties the trash, at its start
    and daily. What conversations have used stays in the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._purge_daily(), name="trash")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def restore(self, principal: Principal, conversation_id: str) -> Conversation:
        """Put a conversation back where it was; one that is not deleted stays as it is.

        Raises NotFound for another's, and for one that was deleted more than 30 days ago.
        """

        def change(database: sqlite_utils.Database) -> Conversation:
            change_rows(database, principal, [conversation_id], BulkChange("restore"))
            return Conversation.from_row(owned_row(database, principal, conversation_id))

        return await self._database.write(change)

    async def _purge_daily(self) -> None:
        while True:
            try:
                await self._purge()
                wait_s = PURGE_EVERY_S
            except DatabaseUnavailable as error:
                logger.warning("the trash is not emptied yet: %s", error)
                wait_s = RETRY_AFTER_S
            await asyncio.sleep(wait_s)

    async def _purge(self) -> None:
        """Remove what is older than 30 days, some at a time."""
        values = (kept_since(), PURGED_AT_ONCE)

        def remove(database: sqlite_utils.Database) -> int:
            return database.execute(_PURGE, values).rowcount

        while await self._database.write(remove) > 0:
            logger.debug("some of the trash is gone")
