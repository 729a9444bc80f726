"""All that the portal holds of one user: taken along as one archive, or deleted for good."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import sqlite_utils

from aiportal.accounts import Accounts
from aiportal.chat import Chats
from aiportal.chat.archive import ZipStream
from aiportal.errors import InvalidRequest, PermissionDenied
from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.store import Database
from aiportal.usage import Ledger

__all__ = ["PersonalData"]

MAX_PAGE: Final = 1_000
DELETED_AT_ONCE: Final = 20  # with their messages: holds up other writes
# What users write beside their conversations, and what goes with `delete_chats`.
_TABLES: Final = ("responses", "projects")
_LAST = "SELECT coalesce(max(number), 0) FROM {table} WHERE user_id = ?"
_DELETE = """
DELETE FROM {table} WHERE number IN (
  SELECT number FROM {table} WHERE user_id = :user_id AND number <= :last LIMIT :most
)
"""


class PersonalData:
    """Every method is about the caller's own data and nobody else's, an administrator's too."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        chats: Chats,
        ledger: Ledger,
        registry: Registry,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._chats = chats
        self._ledger = ledger
        self._custom_models = registry.custom_models

    async def export(self, principal: Principal) -> AsyncIterator[bytes]:
        """A ZIP archive, piece by piece: the account, its preferences, keys and sessions, projects,
        custom models, conversations, and a row for each call of a model.

        No password, key or token is in it. What is deleted meanwhile, or lies in the trash, is not.
        """
        archive, now = ZipStream(), datetime.now(UTC)
        for name, content in (await self._about(principal)).items():
            yield archive.add(f"{name}.json", _json(content), moment=now)
        pages = self._ledger.pages(replace(principal, role="user"))  # an admin would see all rows
        number = 0
        async for page in pages:
            number += 1
            text = await asyncio.to_thread(_json, page)
            yield await asyncio.to_thread(
                archive.add, f"usage/usage-{number:05d}.json", text, moment=now
            )
        async for piece in self._chats.exports.add_to(principal, archive, folder="chats/"):
            yield piece
        yield archive.end()

    async def delete_chats(self, principal: Principal, *, confirm: str) -> int:
        """Delete all conversations, those in the trash too, with what was shared of them, projects
        and stored responses, for good; how many conversations there were.

        Running answers are broken off. confirm: the caller's user name, so that nobody does it by
        mistake. Raises InvalidRequest for another, PermissionDenied for an API key.
        """
        _require_own_hand(principal, confirm)
        return await self._delete_chats(principal)

    async def delete_account(self, principal: Principal, *, confirm: str) -> None:
        """Delete the account with all that belongs to it, for good; see `delete_chats`.

        Rows of usage stay, they say what the portal has spent; and custom models that others use.
        Raises Conflict besides for an account that the portal needs.
        """
        _require_own_hand(principal, confirm)
        await self._accounts.users.check_removal(principal)
        await self._delete_chats(principal)
        for model in await self._custom_models.list(principal):
            if model.owner == principal.user_id and not model.shared:
                await self._custom_models.delete(principal, model.id)
        await self._accounts.users.remove_own(principal)

    async def _about(self, principal: Principal) -> dict[str, Any]:
        accounts, custom = self._accounts, await self._custom_models.list(principal)
        return {
            "account": await accounts.users.get(principal, principal.user_id),
            "preferences": await accounts.preferences.get(principal),
            "api_keys": await accounts.keys.list(principal, limit=MAX_PAGE),
            "sessions": await accounts.sessions.list(principal),
            "projects": await self._projects(principal),
            "custom_models": [one for one in custom if one.owner == principal.user_id],
        }

    async def _projects(self, principal: Principal) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = await self._chats.projects.list(principal, after=after)
            found += [asdict(project) for project in page.data]
            if not page.has_more:
                return found
            after = page.data[-1].id

    async def _delete_chats(self, principal: Principal) -> int:
        for running in self._chats.turns.running(principal):
            await self._chats.turns.cancel(principal, running.turn_id)
        count = await self._delete(principal, "conversations")
        for table in _TABLES:
            await self._delete(principal, table)
        return count

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


def _require_own_hand(principal: Principal, confirm: str) -> None:
    if principal.key_id is not None:
        raise PermissionDenied("An API key cannot delete all of a user's data. Sign in to do so.")
    if confirm != principal.username:
        raise InvalidRequest(
            f"This deletes for good. Confirm with the user name, which is {principal.username!r}.",
            param="confirm",
            code="not_confirmed",
        )


def _json(content: object) -> str:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
