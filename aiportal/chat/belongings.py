"""What users have beside their conversations: taken along in an archive, and removed for good."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlite_utils

from aiportal.chat.archive import ZipStream
from aiportal.chat.attachments import Attachments
from aiportal.errors import NotFound
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import from_text

__all__ = ["Belongings"]

PAGE_ROWS: Final = 50  # of prompts and answers: some megabytes at most
LARGE_ROWS: Final = 1  # of stored responses, each of which may have 16 MB
DELETED_AT_ONCE: Final = 20  # a conversation goes with its messages: holds up other writes
# With the chats: what was written or sent in them, or beside them.
_OF_CHATS: Final = ("responses", "projects", "attachments", "arena_battles")
_OF_ACCOUNT: Final = ("prompts", "tool_runs")
_NEXT: Final = """
SELECT rowid AS place, * FROM {table} WHERE user_id = ? AND rowid > ? ORDER BY rowid LIMIT ?
"""
_LAST: Final = "SELECT coalesce(max(rowid), 0) FROM {table} WHERE user_id = ?"
_DELETE: Final = """
DELETE FROM {table} WHERE rowid IN (
  SELECT rowid FROM {table} WHERE user_id = :user_id AND rowid <= :last LIMIT :most
)
"""
_UNPLAIN: Final = re.compile(r'[<>:"|?*/\\]+')  # what some system refuses in a file's name
_NAMES: Final = ("model_a", "model_b", "usage_a", "usage_b")  # told after the vote

Row = dict[str, Any]


class Belongings:
    """Internal to `PersonalData`, which asks whether somebody may. All of it is the caller's own."""

    def __init__(self, database: Database, attachments: Attachments) -> None:
        self._database = database
        self._attachments = attachments

    async def add_to(
        self, principal: Principal, archive: ZipStream, *, moment: datetime
    ) -> AsyncIterator[bytes]:
        """Prompts, battles, waiting questions, stored responses, runs of tools, attached files and
        what is known of each; what is ready to be sent.

        A page of rows or a piece of a file is in memory at a time. Files that are gone are left out.
        """
        for table, folder, shown, rows_in_page in (
            ("prompts", "prompts", _prompt, PAGE_ROWS),
            ("arena_battles", "arena", _battle, PAGE_ROWS),
            ("queued_questions", "queued", _queued, PAGE_ROWS),
            ("responses", "responses", _response, LARGE_ROWS),
            ("tool_runs", "tool-runs", _tool_run, LARGE_ROWS),
        ):
            pages = self._pages(principal, table, folder=folder, rows_in_page=rows_in_page)
            async for name, page in pages:
                text = await asyncio.to_thread(_json, [shown(row) for row in page])
                yield await asyncio.to_thread(archive.add, name, text, moment=moment)
        async for name, page in self._pages(principal, "attachments", folder="attachments"):
            rows = [_plain_row(row) for row in page]
            text = await asyncio.to_thread(_json, rows)
            yield await asyncio.to_thread(archive.add, name, text, moment=moment)
            for row in rows:
                async for piece in self._file(principal, archive, row):
                    yield piece

    async def delete_of_chats(self, principal: Principal) -> int:
        """Conversations, projects, stored responses, attachments and battles; how many of the first.

        Files that no row names any more go from the disk with the next hourly sweep.
        """
        count = await self._delete(principal, "conversations")
        for table in _OF_CHATS:
            await self._delete(principal, table)
        return count

    async def delete_of_account(self, principal: Principal) -> None:
        """What stays when the chats go."""
        for table in _OF_ACCOUNT:
            await self._delete(principal, table)

    async def _file(
        self, principal: Principal, archive: ZipStream, row: Mapping[str, Any]
    ) -> AsyncIterator[bytes]:
        try:
            kept = await self._attachments.content(principal, row["id"])
        except NotFound:
            return
        name = f"attachments/{row['id']}-{_UNPLAIN.sub('_', row['name'])}"
        pieces = archive.add_file(name, kept.path, moment=from_text(row["created_at"]))
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece

    async def _pages(
        self, principal: Principal, table: str, *, folder: str, rows_in_page: int = PAGE_ROWS
    ) -> AsyncIterator[tuple[str, Sequence[Row]]]:
        """The rows of a table, oldest first, each page with the name of its file."""
        sql, place, number = _NEXT.format(table=table), 0, 0
        while True:
            values = (principal.user_id, place, rows_in_page)

            def select(
                database: sqlite_utils.Database, values: tuple[str, int, int] = values
            ) -> list[Row]:
                return [dict(row) for row in database.query(sql, values)]

            if not (page := await self._database.read(select)):
                return
            number, place = number + 1, int(page[-1]["place"])
            yield f"{folder}/{folder}-{number:05d}.json", page

    async def _delete(self, principal: Principal, table: str) -> int:
        """The rows that there are now, some at a time; how many there were."""

        def newest(database: sqlite_utils.Database) -> int:
            sql = _LAST.format(table=table)
            return int(database.execute(sql, (principal.user_id,)).fetchone()[0])

        values = {
            "user_id": principal.user_id,
            "last": await self._database.read(newest),
            "most": DELETED_AT_ONCE,
        }

        def remove(database: sqlite_utils.Database) -> int:
            return database.execute(_DELETE.format(table=table), values).rowcount

        count = 0
        while removed := await self._database.write(remove):
            count += removed
        return count


def _plain_row(row: Mapping[str, Any]) -> Row:
    """A row as its owner may see it."""
    return {name: value for name, value in row.items() if name not in ("place", "number")}


def _prompt(row: Mapping[str, Any]) -> Row:
    return _plain_row(row) | {"is_shared": bool(row["is_shared"])}


def _battle(row: Mapping[str, Any]) -> Row:
    """One that can still be voted on stays blind."""
    is_blind = row["outcome"] is None and row["status"] in ("running", "ended")
    hidden = dict.fromkeys(_NAMES) if is_blind else {}
    shown = _plain_row(row) | hidden
    for name in ("usage_a", "usage_b"):
        shown[name] = None if shown[name] is None else json.loads(shown[name])
    return shown


def _queued(row: Mapping[str, Any]) -> Row:
    return _plain_row(row) | {"attachments": json.loads(row["attachments"])}


def _response(row: Mapping[str, Any]) -> Row:
    return _plain_row(row) | {name: json.loads(row[name]) for name in ("input", "response")}


def _tool_run(row: Mapping[str, Any]) -> Row:
    shown = _plain_row(row)
    for name in ("parameters", "files", "outcome"):
        shown[name] = None if shown[name] is None else json.loads(shown[name])
    return shown


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
