"""What happens with questions and their answers."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import gradio as gr

from aiportal.chat import Project
from aiportal.errors import Conflict, PortalError
from aiportal.events import ReasoningDelta, TextDelta, TurnStarted
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.access import Access
from pages.asking import Asking
from pages.chat_parts import ChatParts
from pages.chat_settings import ChatSettings
from pages.chat_view import ChatView, Place, Updates, nothing, referred_turn
from pages.components import picked_model
from pages.composed import Composed
from pages.reader import worded
from pages.render import Answer, ChatMessage, problem_html
from pages.toasts import inform, told

__all__ = ["QuestionHandlers"]


class QuestionHandlers:
    """Asking, following, stopping. Every handler asks anew who the caller is, and
    the core asks whether what the browser names is theirs."""

    def __init__(self, portal: Portal, access: Access, view: ChatView, parts: ChatParts) -> None:
        self._portal = portal
        self._access = access
        self._view = view
        self._parts = parts
        self._asking = Asking(portal, view)

    @told
    async def send(
        self,
        text: str | None,
        chat_id: str,
        leaf: str | None,
        picker: object,
        system_prompt: str | None,
        temperature: float | None,
        top_p: float | None,
        max_tokens: int | None,
        search: str | None,
        clock: str | None,
        taken: str | None,
        request: gr.Request,
    ) -> Updates:
        """A question. It is stored when this returns; the answer is followed by `follow`. One that
        comes while an answer is being written waits for its end.

        taken: what the browser has composed beside the words; it comes back once it is taken.
        """
        principal = await self._access.principal(request)
        question, composed = (text or "").strip(), Composed.parse(taken)
        if not question and not composed.attachments:
            return nothing()
        if await self._view.comparison(principal, Place(chat_id, leaf or None)) is not None:
            inform(worded("Choose the answer to go on with first."))
            return nothing()
        settings = ChatSettings(system_prompt or "", temperature, top_p, max_tokens)
        model = picked_model(picker) or None
        try:
            started = await self._ask(
                principal,
                Place(chat_id, leaf or None),
                question,
                settings=settings,
                model=model,
                project=await self._asking.project(principal, composed, clock),
                composed=composed,
            )
            if started is None:
                waiting = await self._view.queue(principal, chat_id, is_running=True)
                written = self._view.button(is_running=True, value="")
                return waiting | {self._parts.composer.text: written, self._parts.taken: taken}
        except PortalError as error:
            place = Place(chat_id, leaf or None)
            return await self._view.refused(principal, place, question, error.message)
        place = Place(started.conversation_id, started.assistant_message_id)
        updates = await self._view.chat(principal, place)
        is_running = self._view.is_running(updates)  # a fast answer is complete by now
        updates[self._parts.composer.text] = self._view.button(is_running=is_running, value="")
        updates[self._parts.taken] = taken
        updates |= await self._view.account(principal)
        return updates | await self._view.rows(principal, started.conversation_id, search, clock)

    async def follow(
        self,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        turn: str | None,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> AsyncIterator[Updates]:
        """A running answer as it grows, then the chat as it is stored."""
        turn_id, place = referred_turn(turn), Place.of(chat_id, leaf, shown)
        if not turn_id:
            yield nothing()  # without it Gradio takes the end for a None in every output
            return
        try:
            principal = await self._access.principal(request)
            with self._view.pace.stream():
                async with aclosing(self._growth(principal, place, turn_id)) as growth:
                    async for log in growth:
                        yield {self._parts.log: log}
            updates = await self._asking.after(principal, place, turn_id)
            updates |= await self._view.account(principal)
            yield updates | await self._view.rows(principal, chat_id, search, clock)
        except PortalError as error:
            problem = problem_html(worded("The answer cannot be shown."), error.message)
            yield {
                self._parts.log: [{"role": "assistant", "content": problem}],
                self._parts.composer.text: self._view.button(is_running=False),
            }

    @told
    async def stop(self, turn: str | None, request: gr.Request) -> Updates:
        """Break the answer off; what was written is kept. `follow` shows the end."""
        principal = await self._access.principal(request)
        if turn_id := referred_turn(turn):
            await self._portal.turns.cancel(principal, turn_id)
        return nothing()

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
    ) -> TurnStarted | None:
        """Start the turn, or None where it waits for the end of the one that runs; a chat that was
        made for it goes again if it is refused."""

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
            await self._asking.keep(principal, place.chat_id, settings)
            running = [one.conversation_id for one in self._portal.turns.running(principal)]
            if place.chat_id not in running:
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
            )
            return at_once
        return await self._asking.in_new_chat(
            principal, start, settings=settings, project=project, model=model
        )

    async def _growth(
        self, principal: Principal, place: Place, turn_id: str
    ) -> AsyncGenerator[list[ChatMessage], None]:
        """The log at most ten times a second, the first word at once; ends with the turn."""
        branch = await self._view.branch(principal, place)
        turns = [one.message.turn_id for one in branch.messages]
        at = turns.index(turn_id) if turn_id in turns else len(turns)
        before = await self._view.log(replace(branch, messages=branch.messages[:at]))
        behind = await self._view.messages(branch.messages[at + 1 :])
        answer = Answer(question_id="", model="")
        async for _, event in self._portal.turns.follow(principal, turn_id):
            answer = answer.after(event)
            if not isinstance(event, TextDelta | ReasoningDelta):
                continue
            began = time.perf_counter()
            shown = await self._view.growing(answer)
            spent_s = time.perf_counter() - began
            yield before + shown + behind
            await self._view.pace.rest(spent_s)
