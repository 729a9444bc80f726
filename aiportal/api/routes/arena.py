"""The blind arena: battles of two models without their names, votes, and the leaderboard."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.streams import EventStream
from aiportal.chat.arena import Battle, Leaderboard, Outcome, Side
from aiportal.dialects.sse import DONE, encode
from aiportal.events import Event, UsageReported, as_json

__all__ = [
    "BattleBody",
    "BattleSideBody",
    "LeaderboardBody",
    "NewBattle",
    "StandingBody",
    "Vote",
    "router",
]

router = APIRouter(prefix="/arena", tags=["arena"], route_class=PortalRoute)
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "What each side says."}
}


class NewBattle(BaseModel):
    """`models`: those to draw two from; left out, all that the caller may use but custom ones."""

    model_config = ConfigDict(extra="forbid")

    content: str
    models: list[str] | None = None


class Vote(BaseModel):
    """`outcome`: the side whose answer is better, `tie`, or `both_poor`."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome


class BattleSideBody(BaseModel):
    """`model`, `usage`: null until the vote is cast, or none can be."""

    answer: str
    model: str | None
    usage: UsageReported | None


class BattleBody(BaseModel):
    """`conversation_id`: after the vote, where question and answers are kept."""

    id: str
    object: Literal["arena.battle"] = "arena.battle"
    status: Literal["running", "ended", "failed", "cancelled", "interrupted"]
    question: str
    sides: Mapping[Side, BattleSideBody]
    outcome: Outcome | None
    conversation_id: str | None
    created_at: str


class StandingBody(BaseModel):
    """`rating` with its 95 % interval on Elo's scale; the mean of all models is 1000."""

    model: str
    rating: float
    low: float
    high: float
    battles: int
    wins: int
    losses: int
    ties: int
    win_rate: float


class LeaderboardBody(BaseModel):
    """The strongest first. `votes`: of all users of the portal."""

    object: Literal["list"] = "list"
    data: list[StandingBody]
    votes: int


@router.post("/battles", response_class=EventStream, responses=_STREAM)
async def start_battle(body: NewBattle, portal: PortalDep, principal: PrincipalDep) -> Response:
    """Two models, drawn at random, answer as sides a and b. Hanging up does not end the battle."""
    battle_id = await portal.arena.start(
        principal, content=body.content, models=body.models, source="api"
    )
    return EventStream(_encoded(battle_id, portal.arena.follow(principal, battle_id)))


@router.get("/battles/{battle_id}")
async def get_battle(battle_id: str, portal: PortalDep, principal: PrincipalDep) -> BattleBody:
    """A battle of the caller's; which models they were only after the vote."""
    return _body(await portal.arena.get(principal, battle_id))


@router.get("/battles/{battle_id}/events", response_class=EventStream, responses=_STREAM)
async def follow_battle(battle_id: str, portal: PortalDep, principal: PrincipalDep) -> Response:
    """What both sides say, from the start, also of a battle that has ended."""
    await portal.arena.get(principal, battle_id)
    return EventStream(_encoded(battle_id, portal.arena.follow(principal, battle_id)))


@router.post("/battles/{battle_id}/vote")
async def vote(
    battle_id: str, body: Vote, portal: PortalDep, principal: PrincipalDep
) -> BattleBody:
    """Say which answer is better, once; then the names are told."""
    return _body(await portal.arena.vote(principal, battle_id, body.outcome))


@router.post("/battles/{battle_id}/cancel")
async def cancel_battle(battle_id: str, portal: PortalDep, principal: PrincipalDep) -> BattleBody:
    """Break both answers off; the battle cannot be voted on."""
    return _body(await portal.arena.cancel(principal, battle_id))


@router.get("/leaderboard")
async def leaderboard(portal: PortalDep, principal: PrincipalDep) -> LeaderboardBody:
    """The models by the votes of all users of this portal: strengths with 95 % intervals."""
    return _board(await portal.arena.leaderboard(principal))


async def _encoded(
    battle_id: str, events: AsyncIterator[tuple[Side, Event]]
) -> AsyncIterator[bytes]:
    yield encode({"type": "battle", "battle_id": battle_id})
    async for side, event in events:
        yield encode({**as_json(event), "side": side})
    yield DONE


def _body(battle: Battle) -> BattleBody:
    sides = {
        side: BattleSideBody(answer=one.answer, model=one.model, usage=one.usage)
        for side, one in battle.sides.items()
    }
    return BattleBody(
        id=battle.id,
        status=battle.status,
        question=battle.question,
        sides=sides,
        outcome=battle.outcome,
        conversation_id=battle.conversation_id,
        created_at=battle.created_at,
    )


def _board(board: Leaderboard) -> LeaderboardBody:
    rows = [
        StandingBody(
            model=one.model,
            rating=round(one.rating, 1),
            low=round(one.low, 1),
            high=round(one.high, 1),
            battles=one.battles,
            wins=one.wins,
            losses=one.losses,
            ties=one.ties,
            win_rate=round(one.win_rate, 4),
        )
        for one in board.standings
    ]
    return LeaderboardBody(data=rows, votes=board.votes)
