"""The prompt library: texts that people keep to ask with, each found by a command."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlite_utils

from aiportal.chat.conversation_list import check_limit
from aiportal.chat.conversations import Page
from aiportal.chat.owned_rows import not_found
from aiportal.chat.text_bounds import check_text
from aiportal.errors import Conflict, InvalidRequest, PermissionDenied
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["Prompt", "Prompts"]

MAX_PER_USER: Final = 500
MAX_TITLE_CHARS: Final = 100
MAX_CONTENT_CHARS: Final = 20_000
MAX_QUERY_CHARS: Final = 100
_COMMAND: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,48}[a-z0-9])?")

_SEEN: Final = "(user_id = :user_id OR is_shared)"
_NEXT: Final = f"""
SELECT * FROM prompts WHERE {_SEEN} AND (:number IS NULL OR (command, number) > (:command, :number))
  AND (:q = '' OR instr(lower(command || char(10) || title), :q))
ORDER BY command, number LIMIT :limit
"""
_ONE: Final = f"SELECT * FROM prompts WHERE id = :id AND {_SEEN}"
_UPDATE: Final = """
UPDATE prompts SET command = :command, title = :title, content = :content,
  is_shared = :is_shared, updated_at = :updated_at WHERE number = :number
"""


@dataclass(frozen=True, slots=True)
class Prompt:
    """command: what is typed after `/`. content: may hold `{{variable}}` and `{{variable:default}}`.

    is_shared: everybody may use it. is_mine: the caller's own.
    """

    id: str
    command: str
    title: str
    content: str
    is_shared: bool
    is_mine: bool
    created_at: str
    updated_at: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any], principal: Principal) -> "Prompt":
        """Build one from a row of the table `prompts`."""
        return cls(
            id=row["id"],
            command=row["command"],
            title=row["title"],
            content=row["content"],
            is_shared=bool(row["is_shared"]),
            is_mine=row["user_id"] == principal.user_id,
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )


class Prompts:
    """Every method sees the caller's own and those that are shared; all else is NotFound.

    Only administrators share, and change what others have shared.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self,
        principal: Principal,
        *,
        q: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[Prompt]:
        """By command, 1 to 200 of them, from the one after the prompt `after`.

        q: what command or title must hold, whatever the case. Raises NotFound, InvalidRequest.
        """
        check_limit(limit)
        wanted = check_text(q or "", param="q", max_chars=MAX_QUERY_CHARS).lower()

        def select(database: sqlite_utils.Database) -> list[Prompt]:
            cursor = {} if after is None else _seen_row(database, principal, after, param="after")
            values = {
                "user_id": principal.user_id,
                "number": cursor.get("number"),
                "command": cursor.get("command"),
                "q": wanted,
                "limit": limit + 1,
            }
            return [Prompt.from_row(row, principal) for row in database.query(_NEXT, values)]

        found = await self._database.read(select)
        return Page(found[:limit], has_more=len(found) > limit)

    async def create(
        self,
        principal: Principal,
        *,
        command: str,
        content: str,
        title: str = "",
        is_shared: bool = False,
    ) -> Prompt:
        """A new one of the caller's own.

        command: 1 to 50 of a–z, 0–9, `-` and `_`; capitals and blanks are put right. title: else the
        command. Raises InvalidRequest; PermissionDenied where somebody else than an administrator
        shares; Conflict for a command that the caller has, or beyond 500 prompts.
        """
        now = now_text()
        columns = _columns(command, title or command, content)
        row = columns | {
            "id": new_id("prompt"),
            "user_id": principal.user_id,
            "is_shared": int(_may_share(principal, is_shared)),
            "created_at": now,
            "updated_at": now,
        }

        def insert(database: sqlite_utils.Database) -> Prompt:
            _check_room(database, principal)
            _check_free(database, principal.user_id, row["command"], number=None)
            database.table("prompts").insert(row)
            return Prompt.from_row(row, principal)

        return await self._database.write(insert)

    async def get(self, principal: Principal, prompt_id: str) -> Prompt:
        """One of the caller's own, or a shared one. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> Prompt:
            return Prompt.from_row(_seen_row(database, principal, prompt_id), principal)

        return await self._database.read(select)

    async def update(
        self,
        principal: Principal,
        prompt_id: str,
        *,
        command: str | None = None,
        title: str | None = None,
        content: str | None = None,
        is_shared: bool | None = None,
    ) -> Prompt:
        """Change what is not None. Raises NotFound, InvalidRequest, Conflict, PermissionDenied."""
        changes = _columns(command, title, content)
        if is_shared is not None:
            changes["is_shared"] = int(_may_share(principal, is_shared))

        def change(database: sqlite_utils.Database) -> Prompt:
            row = _changeable_row(database, principal, prompt_id)
            row |= changes | {"updated_at": now_text()}
            _check_free(database, row["user_id"], row["command"], number=row["number"])
            database.execute(_UPDATE, row)
            return Prompt.from_row(row, principal)

        return await self._database.write(change)

    async def delete(self, principal: Principal, prompt_id: str) -> None:
        """Remove it for good. Raises NotFound, PermissionDenied."""

        def remove(database: sqlite_utils.Database) -> None:
            row = _changeable_row(database, principal, prompt_id)
            database.execute("DELETE FROM prompts WHERE number = ?", (row["number"],))

        await self._database.write(remove)


def _seen_row(
    database: sqlite_utils.Database,
    principal: Principal,
    prompt_id: str,
    *,
    param: str | None = None,
) -> dict[str, Any]:
    values = {"id": prompt_id, "user_id": principal.user_id}
    for row in database.query(_ONE, values):
        return dict(row)
    raise not_found("prompt", prompt_id, param=param)


def _changeable_row(
    database: sqlite_utils.Database, principal: Principal, prompt_id: str
) -> dict[str, Any]:
    row = _seen_row(database, principal, prompt_id)
    if row["user_id"] != principal.user_id and not principal.is_admin:
        raise PermissionDenied(
            "Somebody else shares this prompt: only they and administrators change it. "
            "Make one of your own."
        )
    return row


def _may_share(principal: Principal, is_shared: bool) -> bool:
    if is_shared and not principal.is_admin:
        raise PermissionDenied("Only administrators share prompts with everybody.", param="shared")
    return is_shared


def _check_room(database: sqlite_utils.Database, principal: Principal) -> None:
    sql = "SELECT count(*) FROM prompts WHERE user_id = ?"
    count = database.execute(sql, (principal.user_id,)).fetchone()[0]
    if count >= MAX_PER_USER:
        raise Conflict(
            f"You have {count} prompts, as many as are kept for a user. Delete one first."
        )


def _check_free(
    database: sqlite_utils.Database, user_id: str, command: str, *, number: int | None
) -> None:
    sql = "SELECT number FROM prompts WHERE user_id = ? AND command = ?"
    found = database.execute(sql, (user_id, command)).fetchone()
    if found is not None and found[0] != number:
        raise Conflict(
            f"There is a prompt /{command} already. Change that one, or choose another command.",
            code="command_taken",
        )


def _columns(command: str | None, title: str | None, content: str | None) -> dict[str, Any]:
    """The columns of what is not None, checked."""
    columns: dict[str, Any] = {}
    if command is not None:
        columns["command"] = _checked_command(command)
    if title is not None:
        line = " ".join(title.split())
        columns["title"] = check_text(line, param="title", min_chars=1, max_chars=MAX_TITLE_CHARS)
    if content is not None:
        check_text(content, param="content", min_chars=1, max_chars=MAX_CONTENT_CHARS)
        columns["content"] = content
    return columns


def _checked_command(command: str) -> str:
    word = "-".join(command.lower().removeprefix("/").split())
    if _COMMAND.fullmatch(word) is None:
        raise InvalidRequest(
            "`command` is a word of at most 50 letters a–z, digits, `-` and `_`, such as `translate`.",
            param="command",
        )
    return word
