"""What happens in chats that are not stored: asked, stopped, answered again, kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import gradio as gr

from aiportal.chat import BranchMessage, Message, TemporaryChat, is_temporary
from aiportal.dialects.web_search import WebSearchWish
from aiportal.errors import Conflict, InvalidRequest, NotFound, PortalError
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.access import Access
from pages.chat_parts import ChatParts
from pages.chat_settings import ChatSettings
from pages.chat_view import ChatView, Updates, nothing
from pages.components import picked_model
from pages.composed import Composed, receipt
from pages.ordered import at_any_time
from pages.reader import worded
from pages.render import Answer, ChatMessage, ChatRenderer, followed_classes, problem_html
from pages.temporary_files import files_address
from pages.toasts import inform, told, warn

__all__ = ["TemporaryHandlers", "TemporaryView"]


class TemporaryView:
    """Makes updates; changes nothing. What it reads belongs to the principal, or is NotFound."""

    def __init__(
        self, portal: Portal, renderer: ChatRenderer, view: ChatView, parts: ChatParts
    ) -> None:
        self._portal = portal
        self._renderer = renderer
        self._view = view
        self._parts = parts

    async def opened(self, principal: Principal, chat_id: str) -> Updates:
        """A chat with its settings and its model; a new one, and why, where it is gone."""
        try:
            chat = await self._portal.temporary_chats.get(principal, chat_id)
        except NotFound:
            self.warn_gone()
            return await self._view.opened(principal, "")
        updates = await self.page(principal, chat)
        updates |= self._view.settings(ChatSettings.of(chat))
        return updates | await self._view.picked(principal, chat.model)

    def gone(self) -> Updates:
        """For a chat that is gone while the page shows it: what the page has of it stays."""
        self.warn_gone()
        return {self._parts.composer.text: self._view.button(is_running=False)}

    def warn_gone(self) -> None:
        """A toast."""
        warn(
            worded(
                "This temporary chat is gone. It was not stored, and goes an hour after its last "
                "use, and when the portal restarts."
            )
        )

    async def page(self, principal: Principal, chat: TemporaryChat) -> Updates:
        """The chat as it is; an answer that is being written is followed."""
        parts, is_running = self._parts, chat.is_running
        updates = self._view.new_chat()
        for field in self._view.settings(ChatSettings()):  # they stay as the page has them
            del updates[field]
        del updates[parts.composer.web]  # and so does this one
        uses = [one.usage for one in chat.messages if one.usage is not None]
        costs = sum(one.cost_usd or 0.0 for one in chat.messages)
        return updates | {
            parts.chat_id: chat.id,
            parts.title: {"title": worded("Temporary chat")},
            parts.log: await asyncio.to_thread(self._log, chat.messages),
            parts.empty: gr.update(visible=False),
            parts.composer.text: self._view.button(is_running=is_running),
            parts.composer.line: self._view.spent(principal, costs, uses[-1] if uses else None),
        }

    def problem(self, question: str, reason: str) -> list[ChatMessage]:
        """A question that was not taken, with the reason."""
        words = problem_html(worded("The question was not sent."), reason)
        return [self._renderer.question(question), {"role": "assistant", "content": words}]

    def _log(self, messages: Sequence[Message]) -> list[ChatMessage]:
        return [
            self._renderer.question(message.content)
            if message.role == "user"
            else self._answer(message, is_last=message is messages[-1])
            for message in messages
        ]

    def _answer(self, message: Message, *, is_last: bool) -> ChatMessage:
        """Without what is done with stored messages; the last one can be answered again."""
        answer = replace(
            Answer.of(BranchMessage(message, ())),
            message_id="",
            question_id=message.conversation_id if is_last else "",
            goes_on=False,
            files_at=files_address(message.conversation_id, message.turn_id or ""),
        )
        content = self._renderer.answer_html(answer)
        if answer.status == "running":
            address = f"temporary/{message.conversation_id}/{answer.turn_id}"
            classes = followed_classes(address, answer.turn_id)
            content = f'<div class="{classes}">{content}</div>'
        return {"role": "assistant", "content": content}


class TemporaryHandlers:
    """Every handler asks anew who the caller is, and the core asks whether what the browser names
    is theirs."""

    def __init__(
        self,
        portal: Portal,
        access: Access,
        view: ChatView,
        temporary: TemporaryView,
        parts: ChatParts,
    ) -> None:
        self._portal = portal
        self._access = access
        self._view = view
        self._temporary = temporary
        self._parts = parts

    async def ask(
        self,
        principal: Principal,
        chat_id: str,
        question: str,
        composed: Composed,
        *,
        settings: ChatSettings,
        model: str | None,
        taken: str,
        is_open: bool,
    ) -> Updates:
        """A question in a temporary chat, or in a new one for "". See `QuestionHandlers.send`.

        is_open: whether the page shows that chat still; what it shows else stays.
        """
        try:
            _check(composed)
            started = await self._portal.temporary_chats.ask(
                principal,
                content=question,
                chat_id=chat_id or None,
                model=composed.model or model,
                system_prompt=settings.system_prompt if is_open else None,
                parameters=settings.parameters({}) if is_open else None,
                web_search=WebSearchWish(is_wanted=composed.is_searched),
            )
        except Conflict:
            inform(worded("An answer is being written. Wait for its end, or stop it."))
            return nothing()
        except PortalError as error:
            if not is_open:
                raise
            return await self._refused(principal, chat_id, question, error.message)
        chat = await self._portal.temporary_chats.get(principal, started.conversation_id)
        updates: Updates = {self._parts.taken: receipt(chat.id, taken)}
        if not is_open:
            return updates
        updates |= await self._temporary.page(principal, chat)
        updates[self._parts.composer.text] = self._view.button(is_running=chat.is_running)
        return updates | await self._view.account(principal)

    @told
    async def ended(self, chat_id: str, request: gr.Request) -> Updates:
        """The page has drawn an answer to its end: the chat as it is held."""
        principal = await self._access.principal(request)
        if not is_temporary(chat_id):  # another one is opened by now
            return nothing()
        try:
            chat = await self._portal.temporary_chats.get(principal, chat_id)
        except NotFound:
            return self._temporary.gone()
        updates = await self._temporary.page(principal, chat)
        return updates | await self._view.account(principal)

    @at_any_time
    @told
    async def stop(self, chat_id: str, request: gr.Request) -> Updates:
        """Break the answer off; what was written stays. `ended` shows the end."""
        principal = await self._access.principal(request)
        if is_temporary(chat_id):
            try:
                await self._portal.temporary_chats.stop(principal, chat_id)
            except NotFound:
                return self._temporary.gone()
        return nothing()

    @told
    async def again(self, chat_id: str, picker: object, request: gr.Request) -> Updates:
        """The last question once more, by the model that is picked now, in place of its answer."""
        principal = await self._access.principal(request)
        model = picked_model(picker) or None
        await self._portal.temporary_chats.again(principal, chat_id, model=model)
        chat = await self._portal.temporary_chats.get(principal, chat_id)
        return await self._temporary.page(principal, chat)

    @told
    async def keep(
        self, chat_id: str, search: str | None, clock: str | None, request: gr.Request
    ) -> Updates:
        """Make a stored chat of it, which is opened."""
        principal = await self._access.principal(request)
        try:
            kept_id = await self._portal.temporary_chats.keep(principal, chat_id)
        except Conflict:
            inform(worded("An answer is being written. Wait for its end, or stop it."))
            return nothing()
        inform(worded("This chat is stored now."))
        updates = await self._view.opened(principal, kept_id)
        return updates | await self._view.rows(principal, kept_id, search, clock)

    async def _refused(
        self, principal: Principal, chat_id: str, question: str, reason: str
    ) -> Updates:
        """The reason below the question, which stays in the composer; where the chat is gone, what
        the page has of it stays too: it is nowhere else."""
        above: list[ChatMessage] = []
        if chat_id:
            try:
                chat = await self._portal.temporary_chats.get(principal, chat_id)
                above = (await self._temporary.page(principal, chat))[self._parts.log]
            except NotFound:
                self._temporary.warn_gone()
                return nothing()
        return {
            self._parts.log: [*above, *self._temporary.problem(question, reason)],
            self._parts.empty: gr.update(visible=False),
        }


def _check(composed: Composed) -> None:
    """Raises InvalidRequest for what a temporary chat takes none of."""
    if composed.attachments:
        raise InvalidRequest(worded("A temporary chat takes no files, because those are stored."))
    if composed.project:
        raise InvalidRequest(worded("A temporary chat is in no project. Remove it, then send."))
