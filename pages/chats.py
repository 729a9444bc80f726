"""What happens in the list of chats, and when the page opens."""

import gradio as gr

from aiportal.chat import is_temporary
from aiportal.errors import NotFound
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.access import Access
from pages.chat_parts import ChatParts
from pages.chat_view import ChatView, Updates, said
from pages.components import picked_model
from pages.reader import worded
from pages.temporary import TemporaryView
from pages.toasts import told, warn

__all__ = ["ChatsHandlers"]


class ChatsHandlers:
    """Opening, finding and renaming chats. Every handler asks anew who the caller is,
    and the core asks whether what the browser names is theirs."""

    def __init__(
        self,
        portal: Portal,
        access: Access,
        view: ChatView,
        parts: ChatParts,
        temporary: TemporaryView,
    ) -> None:
        self._portal = portal
        self._access = access
        self._view = view
        self._parts = parts
        self._temporary = temporary

    @told
    async def load(self, chat_id: str, clock: str | None, request: gr.Request) -> Updates:
        """The page has been opened, perhaps at a chat that its address names."""
        principal = await self._access.principal(request)
        updates: Updates = {self._parts.clock: clock} | await self._view.account(principal)
        try:
            updates |= await self._opened(principal, chat_id)
        except NotFound:
            warn(worded("This chat is not there. It was deleted, or it belongs to somebody else."))
            updates |= await self._view.opened(principal, "")
            chat_id = ""
        return updates | await self._view.rows(principal, chat_id, "", clock)

    @told
    async def open(
        self, event: gr.EventData, search: str | None, clock: str | None, request: gr.Request
    ) -> Updates:
        """A row of the list, or the browser's Back: "" is a new chat."""
        principal = await self._access.principal(request)
        chat_id = said(event, "id")
        updates = await self._opened(principal, chat_id)
        return updates | await self._view.rows(principal, chat_id, search, clock)

    @told
    async def start_new(
        self, search: str | None, clock: str | None, request: gr.Request
    ) -> Updates:
        """An empty chat; the picked model stays, unless the chat is begun in a project that has one."""
        principal = await self._access.principal(request)
        updates = self._view.new_chat() | await self._view.rows(principal, "", search, clock)
        return updates | await self._view.new_chat_in(principal, clock)

    @told
    async def find(
        self, search: str | None, chat_id: str, clock: str | None, request: gr.Request
    ) -> Updates:
        """The words in the search box have changed."""
        principal = await self._access.principal(request)
        return await self._view.rows(principal, chat_id, search, clock)

    @told
    async def rename(
        self,
        event: gr.EventData,
        chat_id: str,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """A new title for a chat of the list."""
        principal = await self._access.principal(request)
        renamed = await self._portal.conversations.update(
            principal, said(event, "id"), title=said(event, "title")
        )
        updates = await self._view.rows(principal, chat_id, search, clock)
        if renamed.id == chat_id:
            updates[self._parts.title] = {"title": renamed.title}
        return updates

    @told
    async def pick(self, picker: object, request: gr.Request) -> Updates:
        """Another model: the note above the composer is for tiny ones only."""
        principal = await self._access.principal(request)
        return await self._view.about_model(principal, picked_model(picker))

    async def _opened(self, principal: Principal, chat_id: str) -> Updates:
        if is_temporary(chat_id):
            return await self._temporary.opened(principal, chat_id)
        return await self._view.opened(principal, chat_id)
