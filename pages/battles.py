"""What happens with blind battles: started, followed, stopped, voted on."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Final, cast

import gradio as gr

from aiportal.chat.arena import Battle, Outcome, Side
from aiportal.errors import PortalError
from aiportal.events import Event
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.access import Access
from pages.chat_parts import ChatParts
from pages.chat_view import (
    ChatView,
    Place,
    Updates,
    nothing,
    referred_turn,
    said,
    turn_reference,
)
from pages.columns import Column
from pages.footers import escaped
from pages.growing import Growing
from pages.reader import worded
from pages.render import Answer, ChatMessage, problem_html
from pages.texts import texts
from pages.toasts import inform, told

__all__ = ["BattleHandlers"]

_NAMES: Final[Mapping[Side, str]] = {"a": "A", "b": "B"}
_OUTCOMES: Final[tuple[Outcome, ...]] = ("a", "b", "tie", "both_poor")
_VOTES: Final[Mapping[Outcome, str]] = dict(
    zip(_OUTCOMES, texts("A is better", "B is better", "Tie", "Both are poor"), strict=True)
)


class BattleHandlers:
    """Every handler asks anew who the caller is, and the core asks whether what the browser names
    is theirs. Before the vote nothing on the page tells which models they are."""

    def __init__(self, portal: Portal, access: Access, view: ChatView, parts: ChatParts) -> None:
        self._portal = portal
        self._access = access
        self._view = view
        self._parts = parts

    @told
    async def start(
        self, event: gr.EventData, search: str | None, clock: str | None, request: gr.Request
    ) -> Updates:
        """A question for two models drawn at random, in a place of its own."""
        principal = await self._access.principal(request)
        question = said(event, "text").strip()
        if not question:
            return nothing()
        try:
            battle_id = await self._portal.arena.start(principal, content=question)
        except PortalError as error:
            new = self._view.new_chat()
            return new | await self._view.refused(principal, Place(""), question, error.message)
        battle = await self._portal.arena.get(principal, battle_id)
        updates = await self._page(battle)
        updates[self._parts.composer.text] = self._view.button(is_running=True, value="")
        return updates | await self._view.rows(principal, "", search, clock)

    @told
    async def show_again(
        self, event: gr.EventData, search: str | None, clock: str | None, request: gr.Request
    ) -> Updates:
        """A battle that the page's address names."""
        principal = await self._access.principal(request)
        battle = await self._portal.arena.get(principal, said(event, "id"))
        if battle.conversation_id is None:
            return await self._page(battle)
        updates = await self._view.opened(principal, battle.conversation_id)
        return updates | await self._view.rows(principal, battle.conversation_id, search, clock)

    async def follow(self, reference: str | None, request: gr.Request) -> AsyncIterator[Updates]:
        """Both answers as they grow, then the buttons to vote with."""
        battle_id = referred_turn(reference)
        if not battle_id:
            yield nothing()  # without it Gradio takes the end for a None in every output
            return
        try:
            principal = await self._access.principal(request)
            battle = await self._portal.arena.get(principal, battle_id)
            growing = Growing({side: Answer("", "") for side in _NAMES}, self._view.pace)
            events = self._events(principal, battle_id)
            async with aclosing(growing.snapshots(events)) as snapshots:
                async for answers in snapshots:
                    yield {self._parts.log: await self._log(battle, answers)}
            battle = await self._portal.arena.get(principal, battle_id)
            # What it has cost would tell which models they are: that is shown after the vote.
            yield {
                self._parts.log: await self._log(battle, {}),
                self._parts.composer.text: self._view.button(is_running=False),
            }
        except PortalError as error:
            problem = problem_html(worded("The battle cannot be shown."), error.message)
            yield {
                self._parts.log: [{"role": "assistant", "content": problem}],
                self._parts.composer.text: self._view.button(is_running=False),
            }

    @told
    async def stop(self, reference: str | None, request: gr.Request) -> Updates:
        """Break both off; the battle cannot be voted on then."""
        principal = await self._access.principal(request)
        if battle_id := referred_turn(reference):
            await self._portal.arena.cancel(principal, battle_id)
        return nothing()

    @told
    async def vote(
        self, event: gr.EventData, search: str | None, clock: str | None, request: gr.Request
    ) -> Updates:
        """The vote: then the names are told, in a chat that keeps question and answers."""
        principal = await self._access.principal(request)
        outcome = cast(Outcome, said(event, "outcome"))  # the core refuses what is none
        battle = await self._portal.arena.vote(principal, said(event, "id"), outcome)
        models = {side: one.model for side, one in battle.sides.items()}
        vote = worded(_VOTES[outcome])
        names = worded("A was {first}, B was {second}.", first=models["a"], second=models["b"])
        inform(f"{vote}. {names}")
        chat_id = battle.conversation_id or ""
        updates = await self._view.opened(principal, chat_id)
        updates |= await self._view.account(principal)
        return updates | await self._view.rows(principal, chat_id, search, clock)

    async def _page(self, battle: Battle) -> Updates:
        """A page with nothing but the battle, which is followed."""
        parts = self._parts
        return self._view.new_chat() | {
            parts.title: {"title": worded("Blind battle")},
            parts.empty: gr.update(visible=False),
            parts.log: await self._log(battle, {}),
            parts.composer.text: self._view.button(is_running=battle.status == "running"),
            parts.battle: turn_reference(battle.id),
        }

    async def _log(self, battle: Battle, answers: Mapping[str, Answer]) -> list[ChatMessage]:
        message = await self._view.column_message(
            [_column(battle, side) for side in _NAMES],
            answers,
            below="" if answers else _below(battle),
            mark=f"blind {battle.id}",
        )
        return [self._view.question(battle.question), message]

    async def _events(
        self, principal: Principal, battle_id: str
    ) -> AsyncIterator[tuple[str, Event]]:
        async for side, event in self._portal.arena.follow(principal, battle_id):
            yield side, event


def _column(battle: Battle, side: Side) -> Column:
    one = battle.sides[side]
    told = f"{_NAMES[side]}: {one.model}" if one.model else _NAMES[side]
    is_running = battle.status == "running"
    answer = Answer(
        question_id="",
        model="",
        text=one.answer,
        status="running" if is_running else "done" if one.answer else "error",
        error_message="" if one.answer else worded("It was stopped, or it failed."),
    )
    return Column(key=side, name=told, answer=answer)


def _below(battle: Battle) -> str:
    if battle.status == "running":
        return ""
    if battle.status != "ended":
        words = worded(
            "This battle does not count: an answer failed, or it was stopped. Ask again."
        )
        return f'<div class="cmp-vote"><p>{words}</p></div>'
    buttons = "".join(
        f'<button type="button" class="btn act-vote" value="{escaped(battle.id)} {outcome}">'
        f"{worded(words)}</button>"
        for outcome, words in _VOTES.items()
    )
    question = worded(
        "Which answer is better? Your vote tells the names, and counts for the whole portal."
    )
    return f'<div class="cmp-vote"><p>{question}</p><div class="cmp-votes">{buttons}</div></div>'
