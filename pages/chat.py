"""The chat tab: which event of which component calls which handler."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import gradio as gr

from aiportal.portal import Portal
from pages.access import Access
from pages.arranging import ArrangingHandlers, ArrangingParts, arranging_parts
from pages.battles import BattleHandlers
from pages.branches import BranchHandlers
from pages.chat_parts import ChatParts, chat_parts
from pages.chat_view import ChatView
from pages.chats import ChatsHandlers
from pages.columns import ColumnsRenderer
from pages.comparing import ComparingHandlers
from pages.markdown import MarkdownRenderer
from pages.questions import QuestionHandlers
from pages.queued import QueuedHandlers
from pages.render import ChatRenderer
from pages.temporary import TemporaryHandlers, TemporaryView

__all__ = ["build_chat"]

# No spinner over what is shown, and no entry in Gradio's own API: ours is under /api.
_QUIET: Mapping[str, Any] = MappingProxyType(
    {
        "show_progress": "hidden",
        "api_visibility": "private",
        "concurrency_id": "page",  # one queue: Gradio takes events of several in any order
    }
)
_FROM_BROWSER = "() => [window.aiportal.chatInAddress(), window.aiportal.minutesEast()]"
_SHOW_ADDRESS = "(id) => { window.aiportal.showChatInAddress(id) }"
_TAKEN = "(taken) => { window.aiportal.taken(taken) }"
_EDITED = "() => { window.aiportal.editTaken() }"
_LEFT = "() => {{ window.aiportal.left('{by}') }}"
_SHOWN = "(id) => { window.aiportal.left('chat'); window.aiportal.showChatInAddress(id) }"
_OPENED = "(id) => { window.aiportal.opened(); window.aiportal.showChatInAddress(id) }"


def build_chat(demo: gr.Blocks, portal: Portal, access: Access, account: gr.HTML) -> None:
    """Lay the tab out within the current context and wire it. account: the box bottom left."""
    parts = chat_parts(max_file_bytes=portal.attachments.max_bytes)
    arranging = arranging_parts()
    markdown = MarkdownRenderer()
    renderer = ChatRenderer(markdown)
    view = ChatView(portal, renderer, ColumnsRenderer(markdown), parts, account)
    temporary = TemporaryView(portal, renderer, view, parts)
    asked_temporarily = TemporaryHandlers(portal, access, view, temporary, parts)
    wiring = _Wiring(
        parts,
        account,
        arranging,
        chats=ChatsHandlers(portal, access, view, parts, temporary),
        questions=QuestionHandlers(portal, access, view, parts, asked_temporarily),
        temporary=asked_temporarily,
        branches=BranchHandlers(portal, access, view),
        comparing=ComparingHandlers(portal, access, view, parts),
        battles=BattleHandlers(portal, access, view, parts),
        queued=QueuedHandlers(portal, access, view),
        arranger=ArrangingHandlers(portal, access, view, parts, arranging),
    )
    wiring.ends()
    wiring.load(demo)
    wiring.chat_list()
    wiring.arranging()
    wiring.composer()
    wiring.messages()
    wiring.comparing()
    wiring.queued()
    wiring.temporary()


class _Wiring:
    """Each method wires one group of events. `ends` comes first: the others cut it off."""

    def __init__(
        self,
        parts: ChatParts,
        account: gr.HTML,
        arranging: ArrangingParts,
        *,
        chats: ChatsHandlers,
        questions: QuestionHandlers,
        temporary: TemporaryHandlers,
        branches: BranchHandlers,
        comparing: ComparingHandlers,
        battles: BattleHandlers,
        queued: QueuedHandlers,
        arranger: ArrangingHandlers,
    ) -> None:
        self._parts = parts
        self._arranging = arranging
        self._arranger = arranger
        self._chats = chats
        self._questions = questions
        self._temporary = temporary
        self._branches = branches
        self._comparing = comparing
        self._battles = battles
        self._queued = queued
        written = parts.composer
        self._settings = [
            written.system_prompt,
            written.temperature,
            written.top_p,
            written.max_tokens,
        ]
        self._list = [parts.side.search, parts.clock]
        self._rows = [parts.side.rows, parts.side.timer]
        self._place = [parts.chat_id, parts.leaf, parts.shown]
        chat = [*self._place, parts.title, parts.log, parts.empty, written.text, written.line]
        chat += [written.queue, written.project, written.web]
        self._chat = [*chat, account, parts.turn, parts.comparison, parts.battle]
        self._all = [
            *chat,
            *self._settings,
            *self._rows,
            parts.picker,
            written.note,
            written.tools,
            written.chosen_tools,
            account,
            parts.turn,
            parts.comparison,
            parts.battle,
        ]

    def ends(self) -> None:
        """What the page has followed has come to its end: an answer, a comparison, a battle, an answer
        that is not stored."""
        parts, live = self._parts, self._parts.live
        seen = [*self._place, *self._list]
        self._ending: list[dict[str, Any]] = [
            live.select(self._questions.ended, seen, self._all, trigger_mode="multiple", **_QUIET),
            live.input(self._comparing.ended, seen, self._all, **_QUIET),
            live.apply(self._battles.ended, parts.battle, self._all, **_QUIET),
            live.submit(
                self._temporary.ended,
                parts.chat_id,
                self._chat,
                trigger_mode="multiple",
                **_QUIET,
            ),
        ]

    def load(self, demo: gr.Blocks) -> None:
        """The page opens; the chat that is open stands in its address."""
        parts = self._parts
        loading = demo.load(
            self._chats.load,
            [parts.chat_id, parts.clock],
            [*self._all, parts.clock],
            js=_FROM_BROWSER,
            **_QUIET,
        )
        loading.then(None, parts.chat_id, None, js=_OPENED)
        parts.chat_id.change(None, parts.chat_id, None, js=_SHOW_ADDRESS)

    def chat_list(self) -> None:
        """The list of chats and what can be done with its rows."""
        parts, handlers = self._parts, self._chats
        signals = parts.signals
        for leaving in (parts.side.new_button.click, signals.select):
            # By itself and first: `cancels=` beside a function takes effect after the function,
            # and would cut off what it has started.
            leaving(None, cancels=self._ending)
        starting = parts.side.new_button.click(handlers.start_new, self._list, self._all, **_QUIET)
        _leave(starting, "chat")
        parts.side.search.change(
            handlers.find,
            [parts.side.search, parts.chat_id, parts.clock],
            self._rows,
            trigger_mode="always_last",
            **_QUIET,
        )
        opening = signals.select(
            handlers.open,
            self._list,
            self._all,
            trigger_mode="multiple",
            **_QUIET,
        )
        # The browser's Back may name one that is gone: the address says what is open instead.
        opening.then(None, parts.chat_id, None, js=_SHOWN)
        opening.failure(None, js=_LEFT.format(by="chat"))
        signals.edit(
            handlers.rename,
            [parts.chat_id, *self._list],
            [*self._rows, parts.title],
            **_QUIET,
        )

    def arranging(self) -> None:
        """What readers do with the list, one chat or many at once, and with projects."""
        parts, handlers, signals = self._parts, self._arranger, self._arranging.signals
        known = [parts.chat_id, *self._list]
        seen = [*self._rows, parts.clock, parts.composer.project]
        parts.side.timer.tick(
            handlers.look_again,
            [parts.side.search, parts.chat_id, parts.clock],
            [*self._rows, parts.title],
            trigger_mode="always_last",
            **_QUIET,
        )
        signals.delete(handlers.delete, known, [*self._all, self._arranging.undo], **_QUIET)
        signals.input(
            handlers.change,
            known,
            [*self._rows, self._arranging.undo, parts.composer.project],
            trigger_mode="multiple",
            **_QUIET,
        )
        signals.edit(handlers.retag, known, self._rows, trigger_mode="multiple", **_QUIET)
        signals.select(handlers.narrow, known, seen, trigger_mode="always_last", **_QUIET)
        signals.submit(handlers.save_project, known, seen, **_QUIET)
        signals.clear(handlers.delete_project, known, seen, **_QUIET)

    def composer(self) -> None:
        """Asking, stopping, picking a model."""
        parts, handlers = self._parts, self._questions
        text = parts.composer.text
        sending = parts.sending.input(
            handlers.send,
            [parts.chat_id, parts.leaf, parts.turn, parts.picker, *self._settings, *self._list],
            [*self._all, parts.taken],
            **_QUIET,
        )
        sending.then(None, parts.taken, None, js=_TAKEN)
        text.stop(handlers.stop, parts.turn, text, **_QUIET)
        about_model = [parts.composer.note, parts.composer.tools]
        parts.picker.input(self._chats.pick, parts.picker, about_model, **_QUIET)

    def messages(self) -> None:
        """What can be done with single messages. What it shows is newer than any end."""
        parts, handlers, messages = self._parts, self._branches, self._parts.messages
        asking = [*self._place, parts.picker]
        for name, handler, inputs, outputs in (
            ("option_select", handlers.show, self._place, self._chat),
            ("expand", handlers.earlier, self._place, self._chat),
            ("retry", handlers.again, asking, self._chat),
            ("submit", handlers.ask_anew, asking, self._chat),
            ("apply", handlers.edit, self._place, self._chat),
            ("play", handlers.go_on, self._place, self._chat),
            ("clear", handlers.delete, self._place, self._chat),
            ("copy", handlers.fork, [*self._place, *self._list], self._all),
        ):
            event = getattr(messages, name)
            event(None, cancels=self._ending)
            done = event(handler, inputs, outputs, **_QUIET)
            if name in ("submit", "apply"):
                done.success(None, js=_EDITED)
            _leave(done, name)

    def comparing(self) -> None:
        """Several models at once. Nothing that runs is cut off but by what shows another branch."""
        parts, handlers, signals = self._parts, self._comparing, self._parts.comparing
        place = [parts.chat_id, parts.leaf]
        asking = signals.submit(
            handlers.start,
            [*place, *self._settings, *self._list],
            [*self._all, parts.taken],
            **_QUIET,
        )
        asking.then(None, parts.taken, None, js=_TAKEN)
        signals.select(None, cancels=self._ending)
        signals.select(handlers.choose, [parts.chat_id, *self._list], self._all, **_QUIET)
        signals.clear(handlers.stop_one, None, parts.composer.text, **_QUIET)
        parts.composer.text.stop(
            handlers.stop, [parts.chat_id, parts.comparison], parts.composer.text, **_QUIET
        )
        for event, handler in (
            (signals.input, self._battles.start),
            (signals.apply, self._battles.vote),
            (signals.expand, self._battles.show_again),
        ):
            event(None, cancels=self._ending)
            done = event(handler, self._list, [*self._all, parts.taken], **_QUIET)
            done.then(None, parts.taken, None, js=_TAKEN)
        parts.composer.text.stop(self._battles.stop, parts.battle, parts.composer.text, **_QUIET)

    def queued(self) -> None:
        """Questions that wait."""
        parts, handlers, signals = self._parts, self._queued, self._parts.queued
        signals.submit(handlers.send_now, [*self._place, *self._list], self._all, **_QUIET)
        signals.expand(
            handlers.look_again, [parts.chat_id, parts.turn], parts.composer.queue, **_QUIET
        )

    def temporary(self) -> None:
        """Chats that are not stored."""
        parts, handlers, signals = self._parts, self._temporary, self._parts.temporary
        signals.submit(handlers.keep, [parts.chat_id, *self._list], self._all, **_QUIET)
        signals.retry(handlers.again, [parts.chat_id, parts.picker], self._chat, **_QUIET)
        text = parts.composer.text
        text.stop(handlers.stop, parts.chat_id, text, **_QUIET)


def _leave(event: gr.events.Dependency, by: str) -> None:
    """After it, the page has what it was left for, or never will. Gradio's `then` is for the first only."""
    event.then(None, js=_LEFT.format(by=by))
    event.failure(None, js=_LEFT.format(by=by))
