"""What happens with questions and their answers."""

import gradio as gr

from aiportal.chat import Project, is_temporary
from aiportal.errors import Conflict, NotFound, PortalError
from aiportal.events import TurnStarted
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.access import Access
from pages.asking import Asking
from pages.chat_parts import ChatParts
from pages.chat_settings import ChatSettings
from pages.chat_view import ChatView, Place, Updates, nothing, said
from pages.components import picked_model
from pages.composed import Composed, receipt
from pages.ordered import at_any_time
from pages.reader import worded
from pages.temporary import TemporaryHandlers
from pages.toasts import inform, told

__all__ = ["QuestionHandlers"]


class QuestionHandlers:
    """Asking, stopping, what comes after the end. Every handler asks anew who the caller is, and
    the core asks whether what the browser names is theirs."""

    def __init__(
        self,
        portal: Portal,
        access: Access,
        view: ChatView,
        parts: ChatParts,
        temporary: TemporaryHandlers,
    ) -> None:
        self._portal = portal
        self._access = access
        self._view = view
        self._parts = parts
        self._temporary = temporary
        self._asking = Asking(portal, view)

    @told
    async def send(
        self,
        event: gr.EventData,
        chat_id: str,
        leaf: str | None,
        turn: str | None,
        picker: object,
        system_prompt: str | None,
        temperature: float | None,
        top_p: float | None,
        max_tokens: int | None,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """A question. It is stored when this returns, and then what came with it comes back; the
        page follows by itself, see `LiveAnswers`. Another chat that is open by now stays.

        turn: what the page follows. It goes behind that and what waits behind it, though all of it
        may have been asked by now.
        """
        principal = await self._access.principal(request)
        question, taken = said(event, "text").strip(), said(event, "composed")
        composed = Composed.parse(taken)
        if not question and not composed.attachments:
            return nothing()
        settings = ChatSettings(system_prompt or "", temperature, top_p, max_tokens, composed.tools)
        model = composed.picked or picked_model(picker) or None
        place = self._asking.place(composed, chat_id, leaf)
        is_open = place.chat_id == chat_id
        if composed.is_temporary or is_temporary(place.chat_id):
            return await self._temporary.ask(
                principal,
                place.chat_id,
                question,
                composed,
                settings=settings,
                model=model,
                taken=taken,
                is_open=is_open,
            )
        if await self._is_compared(principal, place):
            return nothing()
        try:
            started = await self._ask(
                principal,
                place,
                question,
                settings=await self._asking.settings(principal, place, chat_id, settings),
                model=model,
                project=await self._asking.project(principal, composed, clock),
                composed=composed,
                behind=turn if is_open else None,
            )
        except PortalError as error:
            if is_open:
                return await self._view.refused(principal, place, question, error.message)
            raise
        updates = {self._parts.taken: receipt(_chat_of(started, place), taken)}
        return updates | await self._shown(principal, started, place, chat_id, search, clock)

    @told
    async def ended(
        self,
        event: gr.EventData,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """The page has drawn an answer to its end: the chat as it is stored."""
        principal = await self._access.principal(request)
        place = Place.of(chat_id, leaf, shown)
        updates = await self._asking.after(principal, place, said(event, "id"))
        updates |= await self._view.account(principal)
        return updates | await self._view.rows_and_title(principal, chat_id, search, clock)

    @at_any_time
    @told
    async def stop(self, turn: str | None, request: gr.Request) -> Updates:
        """Break the answer off; what was written is kept. `ended` shows the end."""
        principal = await self._access.principal(request)
        if turn:
            await self._portal.turns.cancel(principal, turn)
        return nothing()

    def _is_running(self, principal: Principal, chat_id: str) -> bool:
        """Whether this process writes an answer in it."""
        return any(one.conversation_id == chat_id for one in self._portal.turns.running(principal))

    async def _is_followed(self, principal: Principal, turn_id: str | None) -> bool:
        """Whether what waits behind a turn is asked by itself: not after one that broke off."""
        if not turn_id:
            return False
        try:
            return await self._portal.turns.status(principal, turn_id) in ("running", "done")
        except NotFound:  # deleted in another tab
            return False

    async def _is_compared(self, principal: Principal, place: Place) -> bool:
        if await self._view.comparison(principal, place) is None:
            return False
        inform(worded("Choose the answer to go on with first."))
        return True

    async def _shown(
        self,
        principal: Principal,
        started: TurnStarted | None,
        place: Place,
        chat_id: str,
        search: str | None,
        clock: str | None,
    ) -> Updates:
        """The open chat with the question, or with what waits; the list where another is open."""
        if place.chat_id != chat_id:
            return await self._view.rows(principal, chat_id, search, clock)
        if started is None:
            return await self._waiting(principal, chat_id)
        return await self._asked(principal, started, search, clock)

    async def _waiting(self, principal: Principal, chat_id: str) -> Updates:
        if not self._is_running(principal, chat_id):  # it has ended since, or elsewhere it runs
            return await self._view.chat(principal, Place(chat_id))
        updates = await self._view.queue(principal, chat_id, is_running=True)
        return updates | {self._parts.composer.text: self._view.button(is_running=True)}

    async def _asked(
        self, principal: Principal, started: TurnStarted, search: str | None, clock: str | None
    ) -> Updates:
        chat_id = started.conversation_id
        place = Place(chat_id, started.assistant_message_id)
        updates = await self._view.chat(principal, place)
        is_running = self._view.is_running(updates)
        updates[self._parts.composer.text] = self._view.button(is_running=is_running)
        if not is_running:  # a fast answer is complete by now, and has cost something
            updates |= await self._view.account(principal)
        return updates | await self._view.rows_and_title(principal, chat_id, search, clock)

    async def _ask(
        self,
        principal: Principal,
        place: Place,
        question: str,
        *,
        settings: ChatSettings,
        model: str | None,
        project: Project | None,
        composed: Composed,
        behind: str | None,
    ) -> TurnStarted | None:
        """Start the turn, or None where it waits for the end of the one that runs; a chat that was
        made for it goes again if it is refused. behind: the turn that the page follows."""

        async def start(chat_id: str) -> TurnStarted:
            return await self._portal.turns.start(
                principal,
                chat_id,
                content=question,
                parent_id=place.leaf_id,
                model=composed.model or model,
                attachments=composed.attachments,
                is_once=bool(composed.model),
            )

        if place.chat_id:
            await self._asking.keep(
                principal, place.chat_id, settings, is_searched=composed.is_searched
            )
            goes_on = self._is_running(principal, place.chat_id)
            if not goes_on and not await self._is_followed(principal, behind):
                try:
                    return await start(place.chat_id)
                except Conflict as error:
                    if error.code != "turn_running":  # by another process
                        raise
            _, at_once = await self._portal.queue.add(
                principal,
                place.chat_id,
                content=question,
                model=composed.model or model,
                attachments=composed.attachments,
                is_once=bool(composed.model),
                parent_id=place.leaf_id,
                behind=behind or None,
            )
            return at_once
        return await self._asking.in_new_chat(
            principal,
            start,
            settings=settings,
            project=project,
            model=model,
            is_searched=composed.is_searched,
        )


def _chat_of(started: TurnStarted | None, place: Place) -> str:
    return started.conversation_id if started else place.chat_id
