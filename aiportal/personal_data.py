"""All that the portal holds of one user: taken along as one archive, or deleted for good."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from aiportal.accounts import Accounts
from aiportal.chat import Chats, Project
from aiportal.chat.archive import ZipStream
from aiportal.chat.belongings import Belongings
from aiportal.errors import InvalidRequest, NotFound, PermissionDenied
from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.store import Database
from aiportal.usage import Ledger

__all__ = ["PersonalData"]

MAX_PAGE: Final = 1_000


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
        self._belongings = Belongings(database, chats.attachments)
        self._accounts = accounts
        self._chats = chats
        self._ledger = ledger
        self._custom_models = registry.custom_models

    async def export(self, principal: Principal) -> AsyncIterator[bytes]:
        """A ZIP archive, piece by piece: the account, its groups, preferences, keys and sessions,
        projects, custom models, prompts, battles, attached files, conversations with what was said of their
        answers, and a row for each call of a model.

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
        async for piece in self._belongings.add_to(principal, archive, moment=now):
            yield piece
        async for piece in self._chats.exports.add_to(principal, archive, folder="chats/"):
            yield piece
        yield archive.end()

    async def delete_chats(self, principal: Principal, *, confirm: str) -> int:
        """Delete all conversations, those in the trash too, with what was shared of them, projects,
        stored responses, attachments and battles, for good, and temporary chats; how many
        conversations there were.

        Running answers are broken off. confirm: the caller's user name, so that nobody does it by
        mistake. Raises InvalidRequest for another, PermissionDenied for an API key.
        """
        _require_own_hand(principal, confirm)
        return await self._delete_chats(principal)

    async def delete_account(self, principal: Principal, *, confirm: str) -> None:
        """Delete the account with all that belongs to it, its files too, for good; see `delete_chats`.

        Rows of usage stay, they say what the portal has spent; and custom models that others use.
        Prompts go even if they are shared.
        Raises Conflict besides for an account that the portal needs.
        """
        _require_own_hand(principal, confirm)
        await self._accounts.users.check_removal(principal)
        await self._delete_chats(principal)
        await self._belongings.delete_of_account(principal)
        for model in await self._custom_models.list(principal):
            if model.owner == principal.user_id and not model.shared:
                await self._custom_models.delete(principal, model.id)
        await self._accounts.users.remove_own(principal)
        await self._chats.attachments.drop_all(principal)

    async def _about(self, principal: Principal) -> dict[str, Any]:
        accounts, custom = self._accounts, await self._custom_models.list(principal)
        return {
            "account": await accounts.users.get(principal, principal.user_id),
            "groups": await accounts.groups.own_names(principal),
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
            found += [await self._project(principal, project) for project in page.data]
            if not page.has_more:
                return found
            after = page.data[-1].id

    async def _project(self, principal: Principal, project: Project) -> dict[str, Any]:
        """With the ids of its files, which lie beside the other attachments."""
        try:
            files = await self._chats.project_files.list(principal, project.id)
        except NotFound:  # deleted meanwhile
            files = ()
        return asdict(project) | {"files": [file.id for file in files]}

    async def _delete_chats(self, principal: Principal) -> int:
        for running in self._chats.turns.running(principal):
            await self._chats.turns.cancel(principal, running.turn_id)
        await self._chats.temporary_chats.delete_all(principal)
        return await self._belongings.delete_of_chats(principal)


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
