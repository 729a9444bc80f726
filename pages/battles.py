"""What happens with blind battles: started, stopped, voted on."""

from collections.abc import Mapping
from typing import Final, cast

import gradio as gr

from aiportal.chat.arena import Battle, Outcome
from aiportal.errors import PortalError
from aiportal.portal import Portal
from pages.access import Access
from pages.chat_parts import ChatParts
from pages.chat_view import ChatView, Place, Updates, nothing, said
from pages.columns import battle_columns
from pages.composed import receipt
from pages.footers import escaped
from pages.ordered import at_any_time
from pages.reader import worded
from pages.render import ChatMessage
from pages.texts import texts
from pages.toasts import inform, told

__all__ = ["BattleHandlers"]

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
        updates[self._parts.composer.text] = self._view.button(is_running=True)
        updates[self._parts.taken] = receipt("", said(event, "composed"))
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

    @told
    async def ended(self, battle_id: str | None, request: gr.Request) -> Updates:
        """The page has drawn both answers to their ends: the buttons to vote with.

        What it has cost would tell which models they are: that is shown after the vote.
        """
        principal = await self._access.principal(request)
        battle = await self._portal.arena.get(principal, battle_id or "")
        return {
            self._parts.log: await self._log(battle),
            self._parts.composer.text: self._view.button(is_running=battle.status == "running"),
        }

    @at_any_time
    @told
    async def stop(self, battle_id: str | None, request: gr.Request) -> Updates:
        """Break both off; the battle cannot be voted on then."""
        principal = await self._access.principal(request)
        if battle_id:
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
            parts.log: await self._log(battle),
            parts.composer.text: self._view.button(is_running=battle.status == "running"),
            parts.battle: battle.id if battle.status == "running" else "",
        }

    async def _log(self, battle: Battle) -> list[ChatMessage]:
        message = await self._view.column_message(
            battle_columns(battle),
            below=_below(battle),
            mark=f"blind {battle.id}",
            address=f"battle/{battle.id}",
        )
        return [self._view.question(battle.question), message]


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
