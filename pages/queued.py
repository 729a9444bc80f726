"""What readers do with questions that wait for the end of an answer."""

from dataclasses import replace

import gradio as gr

from aiportal.errors import PortalError
from aiportal.portal import Portal
from pages.access import Access
from pages.asking import Asking
from pages.chat_view import ChatView, Place, Updates
from pages.toasts import told, warn

__all__ = ["QueuedHandlers"]


class QueuedHandlers:
    """Every handler asks anew who the caller is, and the core asks whether what the browser names
    is theirs."""

    def __init__(self, portal: Portal, access: Access, view: ChatView) -> None:
        self._portal = portal
        self._access = access
        self._view = view
        self._asking = Asking(portal, view)

    @told
    async def send_now(
        self,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """Ask the first one, after the branch that is shown; the others follow it."""
        principal = await self._access.principal(request)
        place = Place.of(chat_id, leaf, shown)
        try:
            started = await self._portal.queue.send(principal, chat_id, parent_id=place.leaf_id)
        except PortalError as error:  # the row says it too, if it is about the question
            warn(error.message)
            return await self._view.chat(principal, place)
        place = replace(place, leaf_id=started.assistant_message_id)
        updates = await self._view.chat(principal, place)
        if not self._view.is_running(updates):  # a fast answer is complete by now
            updates = await self._asking.after(principal, place, started.turn_id)
        return updates | await self._view.rows_and_title(principal, chat_id, search, clock)

    @told
    async def look_again(self, chat_id: str, turn: str | None, request: gr.Request) -> Updates:
        """One was taken back."""
        principal = await self._access.principal(request)
        is_running = bool(turn)
        return await self._view.queue(principal, chat_id, is_running=is_running)
