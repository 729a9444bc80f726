"""The trash: deleted conversations, which come back within 30 days and then are gone for good."""

import logging

import sqlite_utils

from aiportal.chat.arrangement import BulkChange, change_rows, kept_since
from aiportal.chat.conversation import Conversation
from aiportal.chat.owned_rows import owned_row
from aiportal.chat.upkeep import Upkeep
from aiportal.principal import Principal
from aiportal.store import Database

__all__ = ["Trash"]

PURGE_EVERY_S = 86_400
PURGED_AT_ONCE = 20  # with their messages: holds up other writes

_PURGE = """
DELETE FROM conversations WHERE number IN (
  SELECT number FROM conversations WHERE deleted_at < ? LIMIT ?
)
"""

logger = logging.getLogger(__name__)


class Trash(Upkeep):
    """While it is open the trash is emptied, at the start and daily. What conversations have used stays
    in the ledger."""

    def __init__(self, database: Database) -> None:
        super().__init__("trash", every_s=PURGE_EVERY_S)
        self._database = database

    async def restore(self, principal: Principal, conversation_id: str) -> Conversation:
        """Put a conversation back where it was; one that is not deleted stays as it is.

        Raises NotFound for another's, and for one that was deleted more than 30 days ago.
        """

        def change(database: sqlite_utils.Database) -> Conversation:
            change_rows(database, principal, [conversation_id], BulkChange("restore"))
            return Conversation.from_row(owned_row(database, principal, conversation_id))

        return await self._database.write(change)

    async def _tidy(self) -> None:
        """Remove what is older than 30 days, some at a time."""
        values = (kept_since(), PURGED_AT_ONCE)

        def remove(database: sqlite_utils.Database) -> int:
            return database.execute(_PURGE, values).rowcount

        while await self._database.write(remove) > 0:
            logger.debug("some of the trash is gone")
