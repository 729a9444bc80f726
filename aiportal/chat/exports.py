"""Conversations as files: one of them, or all of a user in one archive."""

from collections.abc import AsyncIterator, Sequence

import sqlite_utils

from aiportal.chat.archive import ZipStream
from aiportal.chat.conversation import Conversation
from aiportal.chat.conversations import message_tree
from aiportal.chat.export import Export, ExportFormat, export_conversation, slug
from aiportal.chat.messages import Message
from aiportal.chat.owned_rows import owned_row
from aiportal.chat.tree import shown_leaf_id
from aiportal.errors import NotFound
from aiportal.principal import Principal
from aiportal.rendering import in_turn
from aiportal.store import Database
from aiportal.timestamps import from_text

__all__ = ["Exports"]

_IDS = "SELECT id FROM conversations WHERE user_id = ? ORDER BY number"
_Found = tuple[Conversation, Sequence[Message], str | None]  # with the end of the branch shown


class Exports:
    """Every method sees only the caller's own; another's is NotFound, as if it were not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        format: ExportFormat,  # noqa: A002
        leaf_id: str | None = None,
    ) -> Export:
        """A file of one conversation: `json` the whole tree, the others one branch.

        leaf_id: the branch's last message, else that of the branch last looked at. Raises NotFound.
        """
        conversation, tree, shown = await self._load(principal, conversation_id)
        return await in_turn(
            export_conversation, conversation, tree, format, leaf_id=leaf_id or shown
        )

    async def everything(self, principal: Principal) -> AsyncIterator[bytes]:
        """A ZIP archive, piece by piece: of each conversation the tree as JSON and a branch to read.

        One conversation is in memory at a time. One that is deleted meanwhile is left out.
        """
        archive = ZipStream()
        async for piece in self.add_to(principal, archive):
            yield piece
        yield archive.end()

    async def add_to(
        self, principal: Principal, archive: ZipStream, *, folder: str = ""
    ) -> AsyncIterator[bytes]:
        """What `everything` puts into an archive, into one that holds other things as well.

        folder: what the names of its files begin with.
        """
        ids = await self._ids(principal)
        for number, conversation_id in enumerate(ids, 1):
            try:
                found = await self._load(principal, conversation_id)
            except NotFound:
                continue
            for piece in await in_turn(_add, archive, f"{folder}{number:05d}", found):
                yield piece

    async def _ids(self, principal: Principal) -> Sequence[str]:
        def select(database: sqlite_utils.Database) -> Sequence[str]:
            found = database.execute(_IDS, (principal.user_id,)).fetchall()
            return [str(row[0]) for row in found]

        return await self._database.read(select)

    async def _load(self, principal: Principal, conversation_id: str) -> _Found:
        def select(database: sqlite_utils.Database) -> _Found:
            row = owned_row(database, principal, conversation_id)
            shown = shown_leaf_id(database, row)
            return Conversation.from_row(row), message_tree(database, row), shown

        return await self._database.read(select)


def _add(archive: ZipStream, prefix: str, found: _Found) -> list[bytes]:
    """Put a conversation into the archive; what of the archive is ready to be sent."""
    conversation, tree, shown = found
    name = f"{prefix}-{slug(conversation.title)}"
    moment = from_text(conversation.updated_at)
    formats: tuple[ExportFormat, ...] = ("json", "md")
    return [
        archive.add(
            f"{name}.{extension}",
            export_conversation(conversation, tree, extension, leaf_id=shown).text,
            moment=moment,
        )
        for extension in formats
    ]
