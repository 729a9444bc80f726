"""A conversation as updates of the chat tab's components."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import gradio as gr

from aiportal.accounts import UserSettings
from aiportal.chat import (
    Branch,
    BranchMessage,
    Comparison,
    Conversation,
    Project,
    is_temporary,
    model_of,
)
from aiportal.errors import InvalidRequest, NotFound
from aiportal.events import UsageReported
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.chat_parts import ChatParts
from pages.chat_settings import ChatSettings
from pages.columns import Column, ColumnsRenderer, columns_of
from pages.components import NO_PROJECT_FILES, queue_value, web_value
from pages.footers import usd
from pages.history import History, ListedChats
from pages.list_view import ListView
from pages.model_choice import ModelChoice
from pages.project_chip import ProjectChip
from pages.reader import figure, held_together, worded
from pages.render import ChatMessage, ChatRenderer, older_html, problem_html
from pages.tools_choice import ToolsChoice, chosen_value

__all__ = [
    "ChatView",
    "Place",
    "Updates",
    "nothing",
    "said",
]

Updates = dict[Any, Any]

SHOWN_MESSAGES: Final = 50
"""Messages that a chat shows at first: each update of an answer carries them all."""

MOST_MESSAGES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """What a page shows of a chat: the newest `limit` messages of the branch that ends with
    `leaf_id`, None for the branch that was last looked at, on whatever device."""

    chat_id: str
    leaf_id: str | None = None
    limit: int = SHOWN_MESSAGES

    @classmethod
    def of(cls, chat_id: str, leaf: str | None, shown: str | None) -> "Place":
        """As the page sends it; a number that is none counts as the usual one."""
        try:
            limit = int(shown or "")
        except ValueError:
            limit = SHOWN_MESSAGES
        return cls(chat_id, leaf or None, max(SHOWN_MESSAGES, min(limit, MOST_MESSAGES)))

    def earlier(self) -> "Place":
        """With as many more messages."""
        limit = min(self.limit + SHOWN_MESSAGES, MOST_MESSAGES)
        return Place(self.chat_id, self.leaf_id, limit)


class ChatView:
    """Makes updates; changes nothing. What it reads belongs to the principal, or is NotFound."""

    def __init__(
        self,
        portal: Portal,
        renderer: ChatRenderer,
        columns: ColumnsRenderer,
        parts: ChatParts,
        account: gr.HTML,
    ) -> None:
        self._portal = portal
        self._renderer = renderer
        self._columns = columns
        self._parts = parts
        self._account = account
        self._history = History(portal)
        self._models = ModelChoice(portal)
        self._project_chip = ProjectChip(portal)
        self._tools = ToolsChoice(portal)

    async def opened(self, principal: Principal, chat_id: str) -> Updates:
        """A chat, or a new one for "", with its settings and its model."""
        if not chat_id:
            wanted = await self._wanted(principal)
            model = wanted.model
            updates = self.new_chat() | self.settings(ChatSettings.wanted(wanted))
        else:
            conversation = await self._portal.conversations.get(principal, chat_id)
            project = await self._portal.projects.of(principal, conversation)
            model = model_of(conversation, project)
            updates = await self.chat(principal, Place(chat_id))
            updates |= self.settings(ChatSettings.of(conversation))
        return updates | await self.picked(principal, model)

    async def picked(self, principal: Principal, model: str | None) -> Updates:
        """The picker at a model, and the note on it."""
        options = await self._models.options(principal, model)
        return {self._parts.picker: options} | await self.about_model(principal, model)

    async def about_model(self, principal: Principal, model: str | None) -> Updates:
        """What stands around the composer because of a model: the note, and the tools it can have."""
        tools = await self._tools.options(principal, model)
        return {self._parts.composer.tools: tools} | await self.note(principal, model)

    async def chat(
        self, principal: Principal, place: Place, *, through: str | None = None
    ) -> Updates:
        """The chat as it is at a place; an answer that is being written is followed.

        through: a message whose newest branch is shown instead of the place's.
        """
        conversation = await self._portal.conversations.get(principal, place.chat_id)
        comparison = await self.comparison(
            principal, replace(place, leaf_id=through or place.leaf_id)
        )
        if comparison is not None:
            place, through = replace(place, leaf_id=comparison.question_id), None
        branch = await self.branch(principal, place, through=through)
        messages = [one.message for one in branch.messages]
        running = [message.turn_id for message in messages if message.status == "running"]
        compared = comparison.running if comparison is not None else []
        log = await self.log(branch)
        if comparison is not None:
            address = f"comparison/{place.chat_id}/{comparison.question_id}"
            log.append(await self.column_message(columns_of(comparison), address=address))
        parts = self._parts
        return {
            parts.chat_id: place.chat_id,
            parts.leaf: messages[-1].id if messages else "",
            parts.shown: str(place.limit),
            parts.turn: running[-1] or "" if running else "",
            parts.comparison: compared[-1].turn_id if compared else "",
            parts.battle: "",
            parts.title: {"title": conversation.title},
            parts.log: log,
            parts.empty: gr.update(visible=not messages),
            parts.composer.text: self.button(is_running=bool(running or compared)),
            parts.composer.line: await self.line(principal, conversation, branch),
            parts.composer.project: await self._project_chip.in_chat(principal, conversation),
            parts.composer.web: web_value(is_on=conversation.web_search),
            **await self.queue(principal, place.chat_id, is_running=bool(running or compared)),
        }

    async def queue(self, principal: Principal, chat_id: str, *, is_running: bool) -> Updates:
        """What waits above the composer. is_running: there is an answer that it waits for."""
        waiting = await self._portal.queue.list(principal, chat_id)
        return {self._parts.composer.queue: queue_value(waiting, is_running=is_running)}

    async def branch(
        self, principal: Principal, place: Place, *, through: str | None = None
    ) -> Branch:
        """The messages of a place, or of the newest branch through a message."""
        return await self._portal.branches.show(
            principal,
            place.chat_id,
            limit=place.limit,
            leaf_id=place.leaf_id if through is None else None,
            through=through,
        )

    def is_running(self, updates: Updates) -> bool:
        """Whether updates of `chat` have an answer to follow."""
        return bool(updates[self._parts.turn])

    def new_chat(self) -> Updates:
        """An empty chat that is not stored yet."""
        parts = self._parts
        return {
            parts.chat_id: "",
            parts.leaf: "",
            parts.shown: "",
            parts.turn: "",
            parts.comparison: "",
            parts.battle: "",
            parts.title: {"title": ""},
            parts.log: [],
            parts.empty: gr.update(visible=True),
            parts.composer.text: self.button(is_running=False),
            parts.composer.line: {"cost": "", "used": ""},
            parts.composer.queue: queue_value((), is_running=False),
            parts.composer.project: NO_PROJECT_FILES,
            parts.composer.web: web_value(is_on=False),
            **self.settings(ChatSettings()),
        }

    async def new_chat_in(self, principal: Principal, clock: str | None) -> Updates:
        """What is different about a new chat: what its user has new chats start with, and where the
        list shows a project its title, and its model if it has one."""
        wanted = await self._wanted(principal)
        updates = self.settings(ChatSettings.wanted(wanted))
        model, project = wanted.model, await self.project(principal, clock)
        updates[self._parts.composer.project] = await self._project_chip.of(principal, project)
        if project is not None:
            updates[self._parts.title] = {
                "title": worded("New chat in {project}", project=project.name)
            }
            model = project.model or model
        if model is None:
            return updates
        return updates | await self.picked(principal, model)

    async def _wanted(self, principal: Principal) -> UserSettings:
        """What the user has chosen; a default model that cannot be used now counts as none."""
        wanted = UserSettings.parse(await self._portal.preferences.get(principal))
        if wanted.model is None or await self._models.is_usable(principal, wanted.model):
            return wanted
        return replace(wanted, model=None)

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
            fields.chosen_tools: chosen_value(settings.tools),
        }

    async def rows(
        self, principal: Principal, chat_id: str, search: str | None, clock: str | None
    ) -> Updates:
        """The list of chats; see `History.rows`."""
        listed = await self._history.rows(principal, chat_id=chat_id, search=search, clock=clock)
        return self._listed(listed)

    async def rows_and_title(
        self, principal: Principal, chat_id: str, search: str | None, clock: str | None
    ) -> Updates:
        """The list of chats, and the open chat's title as it is there: a model may have written it
        since the chat was read. What is still to come, the list looks for."""
        listed = await self._history.rows(principal, chat_id=chat_id, search=search, clock=clock)
        updates = self._listed(listed)
        if not chat_id or is_temporary(chat_id):
            return updates
        title = listed.titles.get(chat_id)
        if title is None:
            title = (await self._portal.conversations.get(principal, chat_id)).title
        return updates | {self._parts.title: {"title": title}}

    def _listed(self, listed: ListedChats) -> Updates:
        side = self._parts.side
        return {side.rows: listed.value, side.timer: gr.Timer(active=listed.is_busy)}

    async def account(self, principal: Principal) -> Updates:
        """The box bottom left."""
        return {self._account: await self._history.account(principal)}

    async def note(self, principal: Principal, model: str | None) -> Updates:
        """The note above the composer, for tiny models only."""
        note = await self._models.note(principal, model)
        shown = gr.update(visible=False) if note is None else gr.update(value=note, visible=True)
        return {self._parts.composer.note: shown}

    async def log(self, branch: Branch) -> list[ChatMessage]:
        """The messages, rendered off the event loop."""
        shown = await self.messages(branch.messages)
        if branch.has_earlier:
            shown.insert(0, {"role": "assistant", "content": older_html()})
        return shown

    async def messages(self, messages: Sequence[BranchMessage]) -> list[ChatMessage]:
        """Some messages of a branch, rendered off the event loop."""
        return await asyncio.to_thread(self._renderer.branch, messages)

    async def comparison(self, principal: Principal, place: Place) -> Comparison | None:
        """The answers side by side that a place ends with, None where one of them is chosen."""
        if not place.chat_id:
            return None
        return await self._portal.comparisons.show(principal, place.chat_id, leaf_id=place.leaf_id)

    async def column_message(
        self,
        columns: Sequence[Column],
        *,
        below: str = "",
        mark: str = "",
        address: str = "",
    ) -> ChatMessage:
        """See `ColumnsRenderer.message`; rendered off the event loop."""
        render = self._columns.message
        return await asyncio.to_thread(render, columns, below=below, mark=mark, address=address)

    def question(self, text: str) -> ChatMessage:
        """A question that is not stored as a message."""
        return self._renderer.question(text)

    async def refused(
        self, principal: Principal, place: Place, question: str, reason: str
    ) -> Updates:
        """A question that was not taken, with the reason; it stays in the composer."""
        above: list[ChatMessage] = []
        if place.chat_id:
            above = await self.log(await self.branch(principal, place))
        problem = problem_html(worded("The question was not sent."), reason)
        return {
            self._parts.log: [
                *above,
                self._renderer.question(question),
                {"role": "assistant", "content": problem},
            ],
            self._parts.empty: gr.update(visible=False),
        }

    def button(self, *, is_running: bool, **changes: Any) -> dict[str, Any]:
        """The composer's round button: Stop while an answer is written, else Send."""
        return gr.update(submit_btn=not is_running, stop_btn=is_running, **changes)

    async def line(
        self, principal: Principal, conversation: Conversation, branch: Branch
    ) -> dict[str, str]:
        """What the chat has cost, all its branches, and how full the model's context is."""
        messages = await self._portal.conversations.messages(principal, conversation.id)
        cost = sum(message.cost_usd or 0.0 for message in messages)
        uses = [one.message.usage for one in branch.messages if one.message.usage is not None]
        return self.spent(principal, cost, uses[-1] if uses else None)

    def spent(
        self, principal: Principal, cost: float, used: UsageReported | None
    ) -> dict[str, str]:
        """See `line`. used: of the last answer that has any."""
        if used is None:
            return {"cost": "", "used": ""}
        # Each further call for an answer was sent the first one's prompt again.
        tokens = used.prompt_tokens // used.calls + used.completion_tokens
        window = self._portal.registry.context_window(principal, used.model)
        if window:
            words = worded("{used} of {window}", used=_short(tokens), window=_short(window))
        else:
            words = worded("{count} tokens of", count=_short(tokens))
        return {"cost": usd(cost), "used": words}


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


def _short(tokens: int) -> str:
    if tokens < 1_000:
        return figure(tokens)
    thousands = round(tokens / 1_000, 1)
    return held_together(f"{figure(thousands, 0 if thousands.is_integer() else 1)} k")
