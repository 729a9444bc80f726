"""A conversation as updates of the chat tab's components."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import gradio as gr

from aiportal.chat import Conversation, Message, Project
from aiportal.errors import InvalidRequest, NotFound, PortalError
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.chat_parts import ChatParts
from pages.chat_settings import ChatSettings
from pages.history import History
from pages.list_view import ListView
from pages.model_choice import ModelChoice
from pages.render import Answer, ChatMessage, ChatRenderer, older_html, problem_html, usd

__all__ = [
    "MOST_MESSAGES",
    "SHOWN_MESSAGES",
    "ChatView",
    "Updates",
    "nothing",
    "referred_turn",
    "said",
    "turn_reference",
]

Updates = dict[Any, Any]

SHOWN_MESSAGES: Final = 50
"""Messages that a chat shows at first: each update of an answer carries them all."""

MOST_MESSAGES: Final = 1_000


class ChatView:
    """Makes updates; changes nothing. What it reads belongs to the principal, or is NotFound."""

    def __init__(
        self, portal: Portal, renderer: ChatRenderer, parts: ChatParts, account: gr.HTML
    ) -> None:
        self._portal = portal
        self._renderer = renderer
        self._parts = parts
        self._account = account
        self._history = History(portal)
        self._models = ModelChoice(portal)

    async def opened(self, principal: Principal, chat_id: str) -> Updates:
        """A chat, or a new one for "", with its settings and its model."""
        if not chat_id:
            model, updates = None, self.new_chat()
        else:
            conversation = await self._portal.conversations.get(principal, chat_id)
            project = await self._portal.projects.of(principal, conversation)
            model = conversation.model or (project.model if project else None)
            updates = await self.chat(principal, chat_id)
            updates |= self.settings(ChatSettings.of(conversation))
        updates[self._parts.picker] = await self._models.options(principal, model)
        return updates | await self.note(principal, model)

    async def chat(
        self, principal: Principal, chat_id: str, *, limit: int = SHOWN_MESSAGES
    ) -> Updates:
        """The chat with its newest `limit` messages; an answer that is being written is followed."""
        conversation = await self._portal.conversations.get(principal, chat_id)
        path = await self._portal.conversations.path(principal, chat_id, limit=limit)
        running = [message.turn_id for message in path if message.status == "running"]
        parts = self._parts
        return {
            parts.chat_id: chat_id,
            parts.turn: turn_reference(running[-1] if running else None),
            parts.title: {"title": conversation.title},
            parts.log: await self.log(path),
            parts.empty: gr.update(visible=not path),
            parts.composer.text: self.button(is_running=bool(running)),
            parts.composer.line: await self.line(principal, conversation, path),
        }

    def new_chat(self) -> Updates:
        """An empty chat that is not stored yet."""
        parts = self._parts
        return {
            parts.chat_id: "",
            parts.turn: "",
            parts.title: {"title": "New chat"},
            parts.log: [],
            parts.empty: gr.update(visible=True),
            parts.composer.text: self.button(is_running=False),
            parts.composer.line: {"cost": "", "used": ""},
            **self.settings(ChatSettings()),
        }

    async def new_chat_in(self, principal: Principal, clock: str | None) -> Updates:
        """What is different about a new chat where the list shows a project: the title, and the model
        if the project has one."""
        project = await self.project(principal, clock)
        if project is None:
            return {}
        updates: Updates = {self._parts.title: {"title": f"New chat in {project.name}"}}
        if project.model is None:
            return updates
        updates[self._parts.picker] = await self._models.options(principal, project.model)
        return updates | await self.note(principal, project.model)

    async def project(self, principal: Principal, clock: str | None) -> Project | None:
        """The one that the list shows, if it is still there. clock: see `History.rows`."""
        project_id = ListView.parse(clock).project_id
        if not project_id:
            return None
        try:
            return await self._portal.projects.get(principal, project_id)
        except NotFound:  # deleted in another tab
            return None

    def settings(self, settings: ChatSettings) -> Updates:
        """The fields behind the chip."""
        fields = self._parts.composer
        return {
            fields.system_prompt: settings.system_prompt,
            fields.temperature: settings.temperature,
            fields.top_p: settings.top_p,
            fields.max_tokens: settings.max_tokens,
        }

    async def rows(
        self, principal: Principal, chat_id: str, search: str | None, clock: str | None
    ) -> Updates:
        """The list of chats; see `History.rows`."""
        rows, is_busy = await self._history.rows(
            principal, chat_id=chat_id, search=search, clock=clock
        )
        side = self._parts.side
        return {side.rows: rows, side.timer: gr.Timer(active=is_busy)}

    async def account(self, principal: Principal) -> Updates:
        """The box bottom left."""
        return {self._account: await self._history.account(principal)}

    async def note(self, principal: Principal, model: str | None) -> Updates:
        """The note above the composer, for tiny models only."""
        note = await self._models.note(principal, model)
        shown = gr.update(visible=False) if note is None else gr.update(value=note, visible=True)
        return {self._parts.composer.note: shown}

    async def log(self, path: Sequence[Message]) -> list[ChatMessage]:
        """The messages, rendered off the event loop."""
        shown = await asyncio.to_thread(self._renderer.path, path)
        if path and path[0].parent_id is not None:
            shown.insert(0, {"role": "assistant", "content": older_html()})
        return shown

    async def growing(self, answer: Answer) -> list[ChatMessage]:
        """An answer as far as it has come, rendered off the event loop."""
        return await asyncio.to_thread(self._renderer.answer, answer)

    async def refused(
        self, principal: Principal, chat_id: str, question: str, reason: str
    ) -> Updates:
        """A question that was not taken, with the reason; it stays in the composer."""
        conversations = self._portal.conversations
        path = await conversations.path(principal, chat_id) if chat_id else []
        problem = problem_html("The question was not sent.", reason)
        return {
            self._parts.log: [
                *await self.log(path),
                self._renderer.question(question),
                {"role": "assistant", "content": problem},
            ],
            self._parts.empty: gr.update(visible=False),
        }

    def button(self, *, is_running: bool, **changes: Any) -> dict[str, Any]:
        """The composer's round button: Stop while an answer is written, else Send."""
        return gr.update(submit_btn=not is_running, stop_btn=is_running, **changes)

    async def line(
        self, principal: Principal, conversation: Conversation, path: Sequence[Message]
    ) -> dict[str, str]:
        """What the chat has cost, all its branches, and how full the model's context is."""
        messages = await self._portal.conversations.messages(principal, conversation.id)
        cost = sum(message.cost_usd or 0.0 for message in messages)
        used = next((one.usage for one in reversed(path) if one.usage is not None), None)
        if used is None:
            return {"cost": "", "used": ""}
        tokens = used.prompt_tokens + used.completion_tokens
        window = self._context_window(principal, used.model)
        words = f"{_short(tokens)} of {_short(window)}" if window else f"{_short(tokens)} tokens of"
        return {"cost": usd(cost), "used": words}

    def _context_window(self, principal: Principal, model_id: str) -> int | None:
        try:
            return self._portal.registry.resolve(principal, model_id).context_window
        except PortalError:  # a model of old that is gone: then nothing is said of its window
            return None


def nothing() -> Updates:
    """No change to any output."""
    updates: Updates = gr.skip()
    return updates


def said(event: gr.EventData, name: str) -> str:
    """A text that the browser sent with an event. Raises InvalidRequest for anything else."""
    value = getattr(event, name, None)
    if not isinstance(value, str):
        raise InvalidRequest(f"The event came without `{name}`. Reload the page.", param=name)
    return value


def turn_reference(turn_id: str | None) -> str:
    """What the page is told to follow. Never twice the same, so that it always counts as a change."""
    return f"{turn_id} {time.monotonic_ns()}" if turn_id else ""


def referred_turn(reference: str | None) -> str:
    """The turn that a reference of `turn_reference` names, "" for none."""
    return (reference or "").partition(" ")[0]


def _short(tokens: int) -> str:
    return f"{tokens:,}" if tokens < 1_000 else f"{tokens / 1_000:.1f} k".replace(".0 k", " k")
