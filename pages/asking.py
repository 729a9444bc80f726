"""What all ways of asking have in common: where a question goes, what is kept of its settings, and what
comes after its answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

from aiportal.chat import Project
from aiportal.errors import PortalError
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.chat_settings import ChatSettings
from pages.chat_view import ChatView, Place, Updates
from pages.composed import Composed

__all__ = ["Asking"]

FOLLOWING_S: Final = 2.0  # other events of the page wait meanwhile
_Started = TypeVar("_Started")


class Asking:
    """Knows of no component."""

    def __init__(self, portal: Portal, view: ChatView) -> None:
        self._portal = portal
        self._view = view

    @staticmethod
    def place(composed: Composed, chat_id: str, leaf: str | None) -> Place:
        """Where a question goes: to the chat that it was sent in. chat_id, leaf: those that are open
        now, which may be others, where it has waited for the one before."""
        if composed.chat_id is None or composed.chat_id == chat_id:
            return Place(chat_id, leaf or None)
        return Place(composed.chat_id)

    async def settings(
        self, principal: Principal, place: Place, chat_id: str, shown: ChatSettings
    ) -> ChatSettings:
        """Those that a question at `place` is asked with. shown: of the open chat, `chat_id`; where
        it is another, the page has only the choice of tools, and the rest is as it is stored."""
        if place.chat_id == chat_id:
            return shown
        if not place.chat_id:
            return ChatSettings(tools=shown.tools)
        chat = await self._portal.conversations.get(principal, place.chat_id)
        return replace(ChatSettings.of(chat), tools=shown.tools)

    async def project(
        self, principal: Principal, composed: Composed, clock: str | None
    ) -> Project | None:
        """Where a new chat goes: the project that was named for it, else that of the list."""
        if composed.project:
            return await self._portal.projects.get(principal, composed.project)
        return await self._view.project(principal, clock)

    async def keep(
        self, principal: Principal, chat_id: str, settings: ChatSettings, *, is_searched: bool
    ) -> None:
        """Store the settings with the chat if they have changed."""
        conversation = await self._portal.conversations.get(principal, chat_id)
        is_known = conversation.web_search == is_searched
        if is_known and ChatSettings.of(conversation) == settings:
            return
        await self._portal.conversations.update(
            principal,
            chat_id,
            system_prompt=settings.system_prompt,
            parameters=settings.parameters(conversation.parameters),
            web_search=is_searched,
        )

    async def in_new_chat(
        self,
        principal: Principal,
        start: Callable[[str], Awaitable[_Started]],
        *,
        settings: ChatSettings,
        project: Project | None,
        model: str | None = None,
        is_searched: bool = False,
    ) -> _Started:
        """What `start` does in a chat that is made for it, and goes again if it is refused."""
        made = await self._portal.conversations.create(
            principal,
            model=model,
            system_prompt=settings.system_prompt,
            parameters=settings.parameters({}),
            project_id=project.id if project else None,
            web_search=is_searched,
        )
        try:
            return await start(made.id)
        except PortalError:
            await self._portal.conversations.delete(principal, made.id)
            raise

    async def after(self, principal: Principal, place: Place, turn_id: str) -> Updates:
        """The chat when a turn has ended: where what waited behind it has been asked since, at the
        answer to that."""
        branch = await self._view.branch(principal, place)
        is_last = bool(branch.messages) and branch.messages[-1].message.turn_id == turn_id
        while is_last:
            try:
                async with asyncio.timeout(FOLLOWING_S):
                    following = await self._portal.queue.following(principal, turn_id)
            except TimeoutError:  # the page took it for ended, but it goes on: it is followed again
                break
            if following is None:
                break
            place, turn_id = replace(place, leaf_id=following.id), following.turn_id or ""
            updates = await self._view.chat(principal, place)
            if self._view.is_running(updates):
                return updates
        return await self._view.chat(principal, place)
