"""What happens in the chat tab. Every handler asks anew who the caller is, and the core asks whether
what the browser names is theirs."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

import gradio as gr

from aiportal.chat import Conversation
from aiportal.errors import Conflict, InvalidRequest, NotFound, PortalError
from aiportal.events import ReasoningDelta, TextDelta, TurnStarted
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.access import Access
from pages.chat_parts import ChatParts
from pages.chat_settings import ChatSettings
from pages.chat_view import (
    MOST_MESSAGES,
    ChatView,
    Updates,
    nothing,
    referred_turn,
    turn_reference,
)
from pages.components import picked_model
from pages.history import History
from pages.model_choice import ModelChoice
from pages.render import Answer, ChatMessage, problem_html
from pages.toasts import told

__all__ = ["ChatHandlers"]

PACE_S: Final = 0.1
"""Seconds between two updates of a growing answer: with more, the browser falls behind."""

RENDERING_SHARE: Final = 0.1
"""The part of its time that one stream may spend on rendering: long answers update less often."""


class ChatHandlers:
    """The chat tab's event handlers; chat.py says which event calls which."""

    def __init__(
        self,
        portal: Portal,
        access: Access,
        view: ChatView,
        parts: ChatParts,
        account: gr.HTML,
    ) -> None:
        self._portal = portal
        self._access = access
        self._view = view
        self._parts = parts
        self._account = account
        self._history = History(portal)
        self._models = ModelChoice(portal)

    @told
    async def load(self, chat_id: str, clock: str | None, request: gr.Request) -> Updates:
        """The page has been opened, perhaps at a chat that its address names."""
        principal = await self._access.principal(request)
        updates: Updates = {
            self._parts.clock: clock,
            self._account: await self._history.account(principal),
        }
        try:
            updates |= await self._opened(principal, chat_id)
        except NotFound:
            gr.Warning("This chat is not there. It was deleted, or it belongs to somebody else.")
            updates |= await self._opened(principal, "")
            chat_id = ""
        return updates | await self._rows(principal, chat_id, "", clock)

    @told
    async def open(
        self, event: gr.EventData, search: str | None, clock: str | None, request: gr.Request
    ) -> Updates:
        """A row of the list, or the browser's Back: "" is a new chat."""
        principal = await self._access.principal(request)
        chat_id = _said(event, "id")
        updates = await self._opened(principal, chat_id)
        return updates | await self._rows(principal, chat_id, search, clock)

    @told
    async def start_new(
        self, search: str | None, clock: str | None, request: gr.Request
    ) -> Updates:
        """An empty chat; the picked model stays."""
        principal = await self._access.principal(request)
        return self._view.new_chat() | await self._rows(principal, "", search, clock)

    @told
    async def show_all(self, chat_id: str, request: gr.Request) -> Updates:
        """The earlier messages of a long chat."""
        principal = await self._access.principal(request)
        return await self._view.chat(principal, chat_id, limit=MOST_MESSAGES)

    @told
    async def send(
        self,
        text: str | None,
        chat_id: str,
        picker: object,
        system_prompt: str | None,
        temperature: float | None,
        top_p: float | None,
        max_tokens: int | None,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """A question. It is stored when this returns; the answer is followed by `follow`."""
        principal = await self._access.principal(request)
        question = (text or "").strip()
        if not question:
            return nothing()
        settings = ChatSettings(system_prompt or "", temperature, top_p, max_tokens)
        try:
            started = await self._ask(
                principal, chat_id, question, settings=settings, model=picked_model(picker) or None
            )
        except Conflict as error:
            gr.Info(error.message)
            return nothing()
        except PortalError as error:
            return await self._view.refused(principal, chat_id, question, error.message)
        updates = await self._view.chat(principal, started.conversation_id)
        updates[self._parts.composer.text] = self._view.button(is_running=True, value="")
        return updates | await self._rows(principal, started.conversation_id, search, clock)

    @told
    async def again(
        self, event: gr.EventData, chat_id: str, picker: object, request: gr.Request
    ) -> Updates:
        """The question of an answer once more, by the model that is picked now."""
        principal = await self._access.principal(request)
        await self._portal.turns.retry(
            principal,
            chat_id,
            question_id=_said(event, "id"),
            model=picked_model(picker) or None,
        )
        return await self._view.chat(principal, chat_id)

    async def follow(
        self,
        chat_id: str,
        turn: str | None,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> AsyncIterator[Updates]:
        """A running answer as it grows, then the chat as it is stored."""
        turn_id = referred_turn(turn)
        if not turn_id:
            yield nothing()  # without it Gradio takes the end for a None in every output
            return
        try:
            principal = await self._access.principal(request)
            async with aclosing(self._growth(principal, chat_id, turn_id)) as growth:
                async for log in growth:
                    yield {self._parts.log: log}
            updates = await self._view.chat(principal, chat_id)
            updates[self._account] = await self._history.account(principal)
            yield updates | await self._rows(principal, chat_id, search, clock)
        except PortalError as error:
            problem = problem_html("The answer cannot be shown.", error.message)
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

    @told
    async def find(
        self, search: str | None, chat_id: str, clock: str | None, request: gr.Request
    ) -> Updates:
        """The words in the search box have changed."""
        principal = await self._access.principal(request)
        return await self._rows(principal, chat_id, search, clock)

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
            principal, _said(event, "id"), title=_said(event, "title")
        )
        updates = await self._rows(principal, chat_id, search, clock)
        if renamed.id == chat_id:
            updates[self._parts.title] = {"title": renamed.title}
        return updates

    @told
    async def delete(
        self,
        event: gr.EventData,
        chat_id: str,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """Remove a chat of the list, after the browser has asked whether that is meant."""
        principal = await self._access.principal(request)
        deleted = _said(event, "id")
        await self._portal.conversations.delete(principal, deleted)
        if deleted == chat_id:
            return self._view.new_chat() | await self._rows(principal, "", search, clock)
        updates = await self._rows(principal, chat_id, search, clock)
        for running in self._portal.turns.running(principal):
            if running.conversation_id == chat_id:  # the event has cut off what followed it
                updates[self._parts.turn] = turn_reference(running.turn_id)
        return updates

    @told
    async def pick(self, picker: object, request: gr.Request) -> Updates:
        """Another model: the note above the composer is for tiny ones only."""
        principal = await self._access.principal(request)
        return await self._note(principal, picked_model(picker))

    async def _opened(self, principal: Principal, chat_id: str) -> Updates:
        if not chat_id:
            model, updates = None, self._view.new_chat()
        else:
            conversation = await self._portal.conversations.get(principal, chat_id)
            model = conversation.model
            updates = await self._view.chat(principal, chat_id)
            updates |= self._view.settings(ChatSettings.of(conversation))
        updates[self._parts.picker] = await self._models.options(principal, model)
        return updates | await self._note(principal, model)

    async def _ask(
        self,
        principal: Principal,
        chat_id: str,
        question: str,
        *,
        settings: ChatSettings,
        model: str | None,
    ) -> TurnStarted:
        """Start the turn; a chat that was made for it goes again if it is refused."""
        if chat_id:
            await self._keep(principal, chat_id, settings)
            return await self._portal.turns.start(principal, chat_id, content=question, model=model)
        made = await self._portal.conversations.create(
            principal,
            model=model,
            system_prompt=settings.system_prompt,
            parameters=settings.parameters({}),
        )
        try:
            return await self._portal.turns.start(principal, made.id, content=question, model=model)
        except PortalError:
            await self._portal.conversations.delete(principal, made.id)
            raise

    async def _keep(self, principal: Principal, chat_id: str, settings: ChatSettings) -> None:
        """Store the settings with the chat if they have changed."""
        conversation: Conversation = await self._portal.conversations.get(principal, chat_id)
        if ChatSettings.of(conversation) == settings:
            return
        await self._portal.conversations.update(
            principal,
            chat_id,
            system_prompt=settings.system_prompt,
            parameters=settings.parameters(conversation.parameters),
        )

    async def _growth(
        self, principal: Principal, chat_id: str, turn_id: str
    ) -> AsyncGenerator[list[ChatMessage], None]:
        """The log at most ten times a second, the first word at once; ends with the turn."""
        path = await self._portal.conversations.path(principal, chat_id)
        before = await self._view.log([one for one in path if one.turn_id != turn_id])
        answer = Answer(question_id="", model="")
        async for _, event in self._portal.turns.follow(principal, turn_id):
            answer = answer.after(event)
            if not isinstance(event, TextDelta | ReasoningDelta):
                continue
            began = time.perf_counter()
            shown = await self._view.growing(answer)
            spent_s = time.perf_counter() - began
            yield before + shown
            await asyncio.sleep(max(PACE_S, spent_s / RENDERING_SHARE))

    async def _rows(
        self, principal: Principal, chat_id: str, search: str | None, clock: str | None
    ) -> Updates:
        rows = await self._history.rows(principal, chat_id=chat_id, search=search, clock=clock)
        return {self._parts.side.rows: rows}

    async def _note(self, principal: Principal, model: str | None) -> Updates:
        note = await self._models.note(principal, model)
        shown = gr.update(visible=False) if note is None else gr.update(value=note, visible=True)
        return {self._parts.composer.note: shown}


def _said(event: gr.EventData, name: str) -> str:
    """A text that the browser sent with an event. Raises InvalidRequest for anything else."""
    value = getattr(event, name, None)
    if not isinstance(value, str):
        raise InvalidRequest(f"The event came without `{name}`. Reload the page.", param=name)
    return value
