"""Attachments: files of one owner, from their upload until nothing holds them any more."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final

import sqlite_utils

from aiportal.chat.attached import MAX_SENT_BYTES, AttachedFile, Attachment, token_estimate
from aiportal.chat.attachments import rows
from aiportal.chat.attachments.parts import Loader, part_loader
from aiportal.chat.attachments.shelf import Shelf
from aiportal.chat.conversation_list import check_limit
from aiportal.chat.conversations import Page
from aiportal.chat.text_bounds import check_text
from aiportal.chat.upkeep import Upkeep
from aiportal.files import FileFacts
from aiportal.files.reader import FileReader
from aiportal.ids import new_id
from aiportal.picture_types import PICTURE_HEAD_BYTES, picture_mime
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import now_text, to_text

__all__ = ["Attachments", "KeptFile"]

FOLDER: Final = "attachments"
SWEEP_EVERY_S: Final = 3_600
UNSENT_FOR: Final = timedelta(days=2)
MAX_NAME_CHARS: Final = 255
MAX_IMAGES: Final = 40  # in one request

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """Where the bytes of an attachment lie, and what they are."""

    path: Path
    name: str
    media_type: str
    is_image: bool


class Attachments(Upkeep):
    """While it is open, what is in no message and no project is swept away.

    Every method sees only the caller's own; another's is NotFound, as if it were not there.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        super().__init__("attachments", every_s=SWEEP_EVERY_S)
        self._database = database
        self._shelf = Shelf(settings.data_dir / FOLDER)
        self._reader = FileReader()
        self.max_bytes = settings.max_attachment_bytes
        self._max_total_bytes = settings.max_attachment_bytes_per_user

    async def add(self, principal: Principal, *, name: str, file: IO[bytes]) -> Attachment:
        """Read a file, keep what is good of it. It goes after two days if no question is sent with it
        and no project has it.

        name: as the user has it; folders before it do not count. file: is read in a thread.
        Raises InvalidRequest for what cannot be read, RequestTooLarge, Conflict where the caller has
        no room for it, ServiceUnavailable while many files are being read.
        """
        plain = _plain_name(name)
        await self._check_room(principal, 0)
        folder = await asyncio.to_thread(
            self._shelf.take_in, file, max_bytes=self.max_bytes, name=plain
        )
        try:
            facts = await self._reader.read(
                self._shelf.source(folder), folder, name=plain, owner_id=principal.user_id
            )
            return await self._keep(principal, plain, facts, folder)
        finally:
            await asyncio.to_thread(self._shelf.drop, folder)

    async def list(
        self, principal: Principal, *, limit: int = 50, after: str | None = None
    ) -> Page[Attachment]:
        """The newest first, 1 to 200 of them, from the one after `after`."""
        check_limit(limit)
        found = await self._database.read(
            lambda database: rows.page_of(database, principal, limit=limit, after=after)
        )
        return Page(found[:limit], has_more=len(found) > limit)

    async def get(self, principal: Principal, attachment_id: str) -> Attachment:
        """One of the caller's own. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> Attachment:
            return Attachment.from_row(rows.owned_attachment(database, principal, attachment_id))

        return await self._database.read(select)

    async def content(
        self, principal: Principal, attachment_id: str, *, is_preview: bool = False
    ) -> KeptFile:
        """What is kept of a file; is_preview: of an image a small picture. Raises NotFound."""
        found = await self.get(principal, attachment_id)
        is_image = found.kind == "image"
        is_small = is_preview and is_image
        find = self._shelf.preview if is_small else self._shelf.content
        path = await asyncio.to_thread(find, principal.user_id, found.sha256)
        media_type = await asyncio.to_thread(_picture_type, path) if is_image else found.media_type
        return KeptFile(path, found.name, media_type, is_image)

    async def text(self, principal: Principal, attachment_id: str) -> str:
        """What was read out of a file, "" for an image. Raises NotFound."""
        found = await self.get(principal, attachment_id)
        if found.kind == "image":
            return ""
        return await asyncio.to_thread(self._shelf.text, principal.user_id, found.sha256)

    async def delete(self, principal: Principal, attachment_id: str) -> None:
        """Remove one that no question and no project holds. Raises NotFound, Conflict."""
        await self._database.write(
            lambda database: rows.delete_row(database, principal, attachment_id)
        )

    async def drop_all(self, principal: Principal) -> None:
        """Remove all files of one whose account is gone, with their folder."""
        await asyncio.to_thread(self._shelf.drop_user, principal.user_id)

    async def chosen(self, principal: Principal, ids: Sequence[str]) -> tuple[AttachedFile, ...]:
        """Those that are to be sent with a question, each once. Raises NotFound, InvalidRequest."""
        if not ids:
            return ()
        found = await self._database.read(
            lambda database: rows.owned_attachments(database, principal, ids)
        )
        return tuple(one.attached for one in found)

    async def loader(
        self, principal: Principal, files: Sequence[AttachedFile], *, sees: bool
    ) -> Loader:
        """Makes parts of messages of these files, oldest first; of images the newest 40 count, and
        of all files the newest that are 20 MB together.

        A file that is gone, or does not count, is named in words.
        sees: the model can; else its place is taken by words too. What it gives reads the disk.
        """
        ids = {file.id for file in files}

        def select(database: sqlite_utils.Database) -> dict[str, str]:
            return rows.hashes_of(database, principal, ids)

        hashes = await self._database.read(select) if ids else {}
        images = [file.id for file in files if file.kind == "image"]
        return part_loader(
            self._shelf,
            principal.user_id,
            hashes,
            sees=sees,
            left_out=frozenset([*images[:-MAX_IMAGES], *_beyond_room(files)]),
        )

    async def _check_room(self, principal: Principal, size: int) -> None:
        total = self._max_total_bytes
        await self._database.read(
            lambda database: rows.room_of(database, principal, size=size, max_total_bytes=total)
        )

    async def _keep(
        self, principal: Principal, name: str, facts: FileFacts, folder: Path
    ) -> Attachment:
        user_id = principal.user_id
        sha256, size, kept_bytes = await asyncio.to_thread(self._shelf.put_away, folder, user_id)
        attachment = Attachment(
            id=new_id("file"),
            name=name,
            kind=facts.kind,
            media_type=facts.media_type,
            size=size,
            sha256=sha256,
            characters=facts.characters,
            width=facts.width,
            height=facts.height,
            tokens=token_estimate(facts),
            created_at=now_text(),
        )
        total = self._max_total_bytes

        def insert(database: sqlite_utils.Database) -> None:
            rows.room_of(database, principal, size=kept_bytes, max_total_bytes=total)
            rows.insert_row(database, principal, attachment, kept_bytes=kept_bytes)

        await self._database.write(insert)
        return attachment

    async def _tidy(self) -> None:
        """Rows that nothing holds, then files that no row names."""
        before = to_text(datetime.now(UTC) - UNSENT_FOR)
        count = await self._database.write(lambda database: rows.sweep_rows(database, before))
        if count:
            logger.debug("%s attachments are gone", count)
        wanted = await self._database.read(rows.all_hashes)
        await asyncio.to_thread(self._shelf.sweep, wanted)


def _beyond_room(files: Sequence[AttachedFile]) -> Iterator[str]:
    """The ids of the oldest, from the first on that is too much together with those after it."""
    room = MAX_SENT_BYTES
    for file in reversed(files):
        room -= file.sent_bytes
        if room < 0:
            yield file.id


def _plain_name(name: str) -> str:
    """The last part of a path, without what is no text. Raises InvalidRequest."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(one for one in last if one.isprintable()).strip() or "file"
    return check_text(plain[-MAX_NAME_CHARS:], param="file", max_chars=MAX_NAME_CHARS)


def _picture_type(path: Path) -> str:
    with path.open("rb") as file:
        return picture_mime(file.read(PICTURE_HEAD_BYTES)) or "image/jpeg"
