"""Bringing conversations in from a file: ours, ChatGPT's or Open WebUI's, told by their shape."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aiportal.chat.imports.foreign import ForeignConversation
from aiportal.chat.imports.reading import Unreadable, conversations_in
from aiportal.chat.imports.storing import insert_once
from aiportal.errors import Conflict, ServiceUnavailable
from aiportal.principal import Principal
from aiportal.store import Database

__all__ = ["ImportReport", "ImportedConversation", "Imports", "SkippedConversation"]

AT_ONCE: Final = 2  # files that are read at the same time, of all users: each takes a core
MAX_FILES: Final = 8  # that are read or wait for it: each is in memory
BATCH_CHARS: Final = 4_000_000  # that are read from a file before they are stored
BATCH: Final = 50
MAX_REPORTED: Final = 1_000

_Found = ForeignConversation | Unreadable


@dataclass(frozen=True, slots=True)
class ImportedConversation:
    """One that is here now, under an id of ours."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class SkippedConversation:
    """code: `already_there` where nothing is wrong with it."""

    title: str
    reason: str
    code: Literal["already_there", "invalid"]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """imported, already_there, refused: how many. The lists hold at most 1,000 each."""

    imported: int
    already_there: int
    refused: int
    conversations: Sequence[ImportedConversation]
    skipped: Sequence[SkippedConversation]


class Imports:
    """One import of a user runs at a time, and two in all; others wait."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turnstile = asyncio.Semaphore(AT_ONCE)
        self._users: set[str] = set()

    async def run(self, principal: Principal, data: bytes) -> ImportReport:
        """Store every conversation of the file `data` that can be read, each whole or not at all.

        What the caller has imported before, or still has, is not stored a second time.
        Raises InvalidRequest for a file without any conversation, Conflict while another import of
        the caller runs, ServiceUnavailable while many of others do.
        """
        if principal.user_id in self._users:
            raise Conflict(
                "Another import of yours is running. Wait for its end, then try again.",
                code="import_running",
            )
        if len(self._users) >= MAX_FILES:
            raise ServiceUnavailable(
                f"{MAX_FILES} imports of others are running or waiting. Try again in a minute."
            )
        self._users.add(principal.user_id)
        try:
            async with self._turnstile:
                return await self._import(principal, data)
        finally:
            self._users.discard(principal.user_id)

    async def _import(self, principal: Principal, data: bytes) -> ImportReport:
        tally = _Tally()
        found = conversations_in(data)
        while batch := await asyncio.to_thread(_batch, found):
            for one in batch:
                if isinstance(one, Unreadable):
                    tally.refuse(one)
                else:
                    tally.note(one, await self._store(principal, one))
        return tally.report()

    async def _store(self, principal: Principal, found: ForeignConversation) -> str | None:
        return await self._database.write(lambda database: insert_once(database, principal, found))


def _batch(found: Iterator[_Found]) -> list[_Found]:
    """The next conversations, as many as are no burden; none at the end."""
    batch: list[_Found] = []
    chars = 0
    for one in found:
        batch.append(one)
        if isinstance(one, ForeignConversation):
            chars += sum(len(message.content) for message in one.messages)
        if len(batch) >= BATCH or chars > BATCH_CHARS:
            break
    return batch


class _Tally:
    """Counts, and names the first of each kind."""

    def __init__(self) -> None:
        self._imported = self._already_there = self._refused = 0
        self._conversations: list[ImportedConversation] = []
        self._skipped: list[SkippedConversation] = []

    def note(self, found: ForeignConversation, conversation_id: str | None) -> None:
        """conversation_id: None where it was there already."""
        if conversation_id is None:
            self._already_there += 1
            self._skip(SkippedConversation(found.title, "It is already there.", "already_there"))
            return
        self._imported += 1
        if len(self._conversations) < MAX_REPORTED:
            self._conversations.append(ImportedConversation(conversation_id, found.title))

    def refuse(self, found: Unreadable) -> None:
        self._refused += 1
        self._skip(SkippedConversation(found.title, found.reason, "invalid"))

    def report(self) -> ImportReport:
        return ImportReport(
            self._imported,
            self._already_there,
            self._refused,
            self._conversations,
            self._skipped,
        )

    def _skip(self, skipped: SkippedConversation) -> None:
        if len(self._skipped) < MAX_REPORTED:
            self._skipped.append(skipped)
