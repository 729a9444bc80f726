"""The blind arena: two models answer unnamed, the user votes, the names are told."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Literal, Self, get_args

from aiportal.chat.arena.battle import SIDES, BattleParts, BattlePlan, RunningBattle
from aiportal.chat.arena.battle_store import BattleStatus, BattleStore, Side
from aiportal.chat.arena.leaderboard import Leaderboard, Standings
from aiportal.chat.arena.rating import Outcome
from aiportal.chat.completions import Completions
from aiportal.chat.conversation import MAX_MODEL_CHARS
from aiportal.chat.text_bounds import check_text
from aiportal.dialects.openai_chat import ChatLimits
from aiportal.errors import InvalidRequest, ModelUnavailable, RateLimited, ServiceUnavailable
from aiportal.events import Event, TextDelta, TurnFinished, UsageReported
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.store import Database
from aiportal.usage import Door

__all__ = ["Arena", "Battle", "BattleSide"]

TurnEnd = Literal["done", "cancelled", "interrupted", "error"]
MAX_RUNNING: Final = 200  # of all users: bounds tasks and memory
MAX_PER_USER: Final = 3
MAX_POOL: Final = 50
RETRY_AFTER_S: Final = 5.0
_ENDS: Final[Mapping[BattleStatus, TurnEnd]] = {
    "running": "interrupted",
    "ended": "done",
    "failed": "error",
    "cancelled": "cancelled",
    "interrupted": "interrupted",
}


@dataclass(frozen=True, slots=True)
class BattleSide:
    """model, usage: None until they may be known. answer: "" once it is kept in a conversation."""

    answer: str
    model: str | None
    usage: UsageReported | None


@dataclass(frozen=True, slots=True)
class Battle:
    """As its owner may see it: names and figures only after the vote, or where none can be cast."""

    id: str
    status: BattleStatus
    question: str
    sides: Mapping[Side, BattleSide]
    outcome: Outcome | None
    conversation_id: str | None
    created_at: str


class Arena:
    """Owns the running battles: an async context manager; leaving it stops them.

    Every method sees only the caller's own battles; another's is NotFound.
    """

    def __init__(
        self,
        database: Database,
        *,
        registry: Registry,
        completions: Completions,
        limits: Callable[[], ChatLimits],
    ) -> None:
        self._registry = registry
        self._limits = limits
        self._store = BattleStore(database)
        self._parts = BattleParts(self._store, completions, limits)
        self._standings = Standings(self._store)
        self._chance = random.SystemRandom()
        self._battles: dict[str, RunningBattle] = {}  # one leaves it at its end
        self._is_open = False

    async def __aenter__(self) -> Self:
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_open = False
        await asyncio.gather(*(battle.stop() for battle in list(self._battles.values())))

    async def start(
        self,
        principal: Principal,
        *,
        content: str,
        models: Sequence[str] | None = None,
        source: Door = "web",
    ) -> str:
        """Have two different models answer, drawn at random, as is which of them is A; the id.

        content: 1 to 1,000,000 characters, without any history. models: 2 to 50 to draw from, else
        all that the caller may use, custom ones aside: those are often the same model twice.
        Raises InvalidRequest, ModelNotFound, ModelUnavailable, PermissionDenied; RateLimited where
        the caller has too many running; ServiceUnavailable where the portal has, or is stopping.
        """
        max_chars = self._limits().max_content_chars
        check_text(content, param="content", min_chars=1, max_chars=max_chars)
        first, second = self._chance.sample(await self._pool(principal, models), 2)
        plan = BattlePlan(new_id("battle"), principal, content, {"a": first, "b": second}, source)
        self._admit(principal)
        battle = RunningBattle(plan, self._parts)
        self._battles[plan.id] = battle  # before it is stored: its place is taken
        try:
            await self._store.begin(principal, plan.id, content, plan.models)
        except BaseException:
            del self._battles[plan.id]
            raise
        battle.launch().add_done_callback(lambda _: self._battles.pop(plan.id, None))
        return plan.id

    async def follow(
        self, principal: Principal, battle_id: str
    ) -> AsyncIterator[tuple[Side, Event]]:
        """What comes from each side, from the start, until both have ended; neither names nor
        figures. At any time and any number of times. Raises NotFound."""
        if (running := self._own(principal, battle_id)) is not None:
            async for side, event in running.follow():
                yield side, event
            return
        battle = await self.get(principal, battle_id)
        for side in SIDES:
            if answer := battle.sides[side].answer:
                yield side, TextDelta(answer)
            yield side, TurnFinished(_ENDS[battle.status], None)

    async def get(self, principal: Principal, battle_id: str) -> Battle:
        """One battle. Raises NotFound."""
        battle = _battle(await self._store.row(principal, battle_id))
        if battle.status == "running" and self._own(principal, battle_id) is None:
            return replace(battle, status="interrupted")
        return battle

    async def cancel(self, principal: Principal, battle_id: str) -> Battle:
        """Break both answers off; then it cannot be voted on. Raises NotFound."""
        if (running := self._own(principal, battle_id)) is not None:
            await running.stop()
        return await self.get(principal, battle_id)

    async def vote(self, principal: Principal, battle_id: str, outcome: Outcome) -> Battle:
        """Say which answer is better; then the names are told. Once, and only of both whole answers.

        Question and answers are kept as a conversation, in which one can be gone on with.
        Raises NotFound, InvalidRequest, Conflict.
        """
        if outcome not in get_args(Outcome):
            raise InvalidRequest(
                f"`outcome` is one of {', '.join(get_args(Outcome))}.", param="outcome"
            )
        return _battle(await self._store.vote(principal, battle_id, outcome))

    async def leaderboard(self, principal: Principal) -> Leaderboard:
        """The standings by the votes of all users; of models that the caller may know of."""
        board = await self._standings.get()
        known = {status.model.id for status in await self._registry.statuses(principal)}
        return replace(board, standings=[one for one in board.standings if one.model in known])

    async def _pool(self, principal: Principal, models: Sequence[str] | None) -> list[str]:
        if models is not None:
            _check_pool(models)
            return [self._registry.resolve(principal, model_id).id for model_id in models]
        usable = await self._registry.list(principal)
        pool = [one.id for one in usable if "chat" in one.capabilities and one.base_model is None]
        if len(pool) < 2:
            raise ModelUnavailable(
                f"A blind battle needs two models, and you may use {len(pool)} now. Get a second "
                "one: pull another for this machine with `aiportal models pull`, or set a "
                "provider's key such as OPENAI_API_KEY in .env and restart.",
                code="too_few_models",
            )
        return pool

    def _own(self, principal: Principal, battle_id: str) -> RunningBattle | None:
        battle = self._battles.get(battle_id)
        is_own = battle is not None and battle.plan.principal.user_id == principal.user_id
        return battle if is_own else None

    def _admit(self, principal: Principal) -> None:
        if not self._is_open or len(self._battles) >= MAX_RUNNING:
            raise ServiceUnavailable(
                f"The portal is stopping, or {MAX_RUNNING} battles are running. Try again in a moment."
            )
        mine = [
            one for one in self._battles.values() if one.plan.principal.user_id == principal.user_id
        ]
        if len(mine) >= MAX_PER_USER:
            raise RateLimited(
                f"You have {len(mine)} battles running, as many as you may. Wait for one to end.",
                retry_after_s=RETRY_AFTER_S,
                code="too_many_battles",
            )


def _check_pool(models: Sequence[str]) -> None:
    if not 2 <= len(models) <= MAX_POOL or len(set(models)) < len(models):
        raise InvalidRequest(
            f"`models` names 2 to {MAX_POOL} different ones to draw from, or is left out.",
            param="models",
        )
    for model_id in models:
        check_text(model_id, param="models", min_chars=1, max_chars=MAX_MODEL_CHARS)


def _battle(row: Mapping[str, Any]) -> Battle:
    is_open = row["status"] in {"running", "ended"} and row["outcome"] is None
    sides: dict[Side, BattleSide] = {}
    for side in SIDES:
        usage = row[f"usage_{side}"]
        sides[side] = BattleSide(
            answer=row[f"answer_{side}"],
            model=None if is_open else row[f"model_{side}"],
            usage=None if is_open or usage is None else UsageReported(**json.loads(usage)),
        )
    return Battle(
        id=row["id"],
        status=row["status"],
        question=row["question"],
        sides=sides,
        outcome=row["outcome"],
        conversation_id=row["conversation_id"],
        created_at=row["created_at"],
    )
