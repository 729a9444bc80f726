"""What happens with questions and their answers."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

import gradio as gr

from aiportal.chat import Project
from aiportal.errors import Conflict, PortalError
from aiportal.events import ReasoningDelta, TextDelta, TurnStarted
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.access import Access
from pages.chat_parts import ChatParts
from pages.chat_settings import ChatSettings
from pages.chat_view import ChatView, Updates, nothing, referred_turn, said
from pages.components import picked_model
from pages.render import Answer, ChatMessage, problem_html
from pages.toasts import inform, told

__all__ = ["QuestionHandlers"]

PACE_S: Final = 0.1
"""Seconds between two updates of a growing answer: with more, the browser falls behind."""

RENDERING_SHARE: Final = 0.1
"""The part of its time that one stream may spend on rendering: long answers update less often."""


class QuestionHandlers:
    """Asking, asking again, following, stopping. Every handler asks anew who the caller is, and
    the core asks whether what the browser names is theirs."""

    def __init__(self, portal: Portal, access: Access, view: ChatView, parts: ChatParts) -> None:
        self._portal = portal
        self._access = access
        self._view = view
        self._parts = parts

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
                principal,
                chat_id,
                question,
                settings=settings,
                model=picked_model(picker) or None,
                project=await self._view.project(principal, clock),
            )
        except Conflict:
            inform("An answer is being written here. Stop it, or wait for its end, then send.")
            return nothing()
        except PortalError as error:
            return await self._view.refused(principal, chat_id, question, error.message)
        updates = await self._view.chat(principal, started.conversation_id)
        is_running = bool(updates[self._parts.turn])  # a fast answer is complete by now
        updates[self._parts.composer.text] = self._view.button(is_running=is_running, value="")
        updates |= await self._view.account(principal)
        return updates | await self._view.rows(principal, started.conversation_id, search, clock)

    @told
    async def again(
        self, event: gr.EventData, chat_id: str, picker: object, request: gr.Request
    ) -> Updates:
        """The question of an answer once more, by the model that is picked now."""
        principal = await self._access.principal(request)
        await self._portal.turns.retry(
            principal,
            chat_id,
            question_id=said(event, "id"),
            model=picked_model(picker) or None,
        )
        updates = await self._view.chat(principal, chat_id)
        return updates | await self._view.account(principal)

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
            updates |= await self._view.account(principal)
            yield updates | await self._view.rows(principal, chat_id, search, clock)
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

    async def _ask(
        self,
        principal: Principal,
        chat_id: str,
        question: str,
        *,
        settings: ChatSettings,
        model: str | None,
        project: Project | None,
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
            project_id=project.id if project else None,
        )
        try:
            return await self._portal.turns.start(principal, made.id, content=question, model=model)
        except PortalError:
            await self._portal.conversations.delete(principal, made.id)
            raise

    async def _keep(self, principal: Principal, chat_id: str, settings: ChatSettings) -> None:
        """Store the settings with the chat if they have changed."""
        conversation = await self._portal.conversations.get(principal, chat_id)
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
