"""What happens with comparisons: asked, stopped, gone on with one."""

from collections.abc import Sequence

import gradio as gr

from aiportal.chat import Project
from aiportal.errors import InvalidRequest, PortalError
from aiportal.events import TurnStarted
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.access import Access
from pages.asking import Asking
from pages.chat_parts import ChatParts
from pages.chat_settings import ChatSettings
from pages.chat_view import ChatView, Place, Updates, nothing, said
from pages.composed import Composed, receipt
from pages.ordered import at_any_time
from pages.reader import worded
from pages.toasts import inform, told

__all__ = ["ComparingHandlers"]


class ComparingHandlers:
    """Every handler asks anew who the caller is, and the core asks whether what the browser names
    is theirs."""

    def __init__(self, portal: Portal, access: Access, view: ChatView, parts: ChatParts) -> None:
        self._portal = portal
        self._access = access
        self._view = view
        self._parts = parts
        self._asking = Asking(portal, view)

    @told
    async def start(
        self,
        event: gr.EventData,
        chat_id: str,
        leaf: str | None,
        system_prompt: str | None,
        temperature: float | None,
        top_p: float | None,
        max_tokens: int | None,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """A question for several models. It is stored when this returns."""
        principal = await self._access.principal(request)
        question, models = said(event, "text").strip(), _models(event)
        taken = said(event, "composed")
        composed = Composed.parse(taken)
        if not question and not composed.attachments:
            return nothing()
        place = self._asking.place(composed, chat_id, leaf)
        if await self._view.comparison(principal, place) is not None:
            inform(worded("Choose the answer to go on with first."))
            return nothing()
        settings = ChatSettings(system_prompt or "", temperature, top_p, max_tokens, composed.tools)
        try:
            started = await self._ask(
                principal,
                place,
                question,
                models=models,
                settings=await self._asking.settings(principal, place, chat_id, settings),
                project=await self._asking.project(principal, composed, clock),
                attachments=composed.attachments,
                is_searched=composed.is_searched,
            )
        except PortalError as error:
            if place.chat_id != chat_id:
                raise
            return await self._view.refused(principal, place, question, error.message)
        asked = Place(started[0].conversation_id, started[0].user_message_id)
        updates: Updates = {self._parts.taken: receipt(asked.chat_id, taken)}
        if place.chat_id != chat_id:  # another one is open by now, and stays
            return updates | await self._view.rows(principal, chat_id, search, clock)
        updates |= await self._view.chat(principal, asked)
        is_running = bool(updates[self._parts.comparison])
        updates[self._parts.composer.text] = self._view.button(is_running=is_running)
        updates |= await self._view.account(principal)
        return updates | await self._view.rows(principal, asked.chat_id, search, clock)

    @told
    async def ended(
        self,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """The page has drawn all answers to their ends: the chat as it is stored."""
        principal = await self._access.principal(request)
        updates = await self._view.chat(principal, Place.of(chat_id, leaf, shown))
        updates |= await self._view.account(principal)
        return updates | await self._view.rows_and_title(principal, chat_id, search, clock)

    @at_any_time
    @told
    async def stop(self, chat_id: str, reference: str | None, request: gr.Request) -> Updates:
        """Break all of them off; what was written is kept. `ended` shows the end."""
        principal = await self._access.principal(request)
        if reference:
            await self._portal.comparisons.cancel(principal, chat_id)
        return nothing()

    @at_any_time
    @told
    async def stop_one(self, event: gr.EventData, request: gr.Request) -> Updates:
        """Break one off; the others go on."""
        principal = await self._access.principal(request)
        await self._portal.turns.cancel(principal, said(event, "id"))
        return nothing()

    @told
    async def choose(
        self,
        event: gr.EventData,
        chat_id: str,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """Go on with one answer: the chat shows its branch, and its model is picked."""
        principal = await self._access.principal(request)
        await self._portal.comparisons.choose(principal, chat_id, said(event, "id"))
        updates = await self._view.opened(principal, chat_id)
        return updates | await self._view.rows(principal, chat_id, search, clock)

    async def _ask(
        self,
        principal: Principal,
        place: Place,
        question: str,
        *,
        models: Sequence[str],
        settings: ChatSettings,
        project: Project | None,
        attachments: Sequence[str],
        is_searched: bool,
    ) -> Sequence[TurnStarted]:
        """Start the turns; a chat that was made for them goes again if they are refused."""

        async def start(chat_id: str) -> Sequence[TurnStarted]:
            return await self._portal.comparisons.start(
                principal,
                chat_id,
                content=question,
                models=models,
                parent_id=place.leaf_id,
                attachments=attachments,
            )

        if place.chat_id:
            await self._asking.keep(principal, place.chat_id, settings, is_searched=is_searched)
            return await start(place.chat_id)
        return await self._asking.in_new_chat(
            principal, start, settings=settings, project=project, is_searched=is_searched
        )


def _models(event: gr.EventData) -> list[str]:
    """The ids that the browser sent. Raises InvalidRequest for anything else."""
    models = getattr(event, "models", None)
    if not isinstance(models, list) or not all(isinstance(one, str) for one in models):
        raise InvalidRequest("The event came without `models`. Reload the page.", param="models")
    return models
