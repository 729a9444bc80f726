"""Blind battles: nothing tells the names before the vote, one vote each, all votes count."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiportal.errors import (
    Conflict,
    InvalidRequest,
    ModelNotFound,
    ModelUnavailable,
    NotFound,
    RateLimited,
)
from aiportal.events import Event, TextDelta, TurnFinished
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.timestamps import now_text
from tests.unit.chat.asking import DEADLINE_S, gated
from tests.upstreams import Upstream, error, hang, text

BOTH = ["acme/fast", "acme/slow"]


@pytest.fixture
async def portal(wired_settings: Settings) -> AsyncIterator[Portal]:
    async with Portal.open(wired_settings) as portal:
        yield portal


@pytest.fixture
async def ann(portal: Portal) -> Principal:
    return await portal.users.operator()


@pytest.fixture
async def ben(portal: Portal, ann: Principal) -> Principal:
    user = await portal.users.create(ann, username="ben", password=None)
    return Principal(user_id=user.id, username="ben", role="user")


async def _events(portal: Portal, person: Principal, battle_id: str) -> list[tuple[str, Event]]:
    async with asyncio.timeout(DEADLINE_S):
        return [one async for one in portal.arena.follow(person, battle_id)]


async def _battle(portal: Portal, person: Principal, **fields: Any) -> str:
    battle_id = await portal.arena.start(person, **{"content": "Why?"} | fields)
    await _events(portal, person, battle_id)
    return battle_id


async def test_both_answer_at_once_unnamed_and_the_vote_tells_the_names(
    portal: Portal, upstream: Upstream, ann: Principal
) -> None:
    fast, gates = gated("first", " answer")
    upstream.answer("fast", fast)
    upstream.answer("slow", text("second answer"))

    battle_id = await portal.arena.start(ann, content="Why?")
    await upstream.arrival(2)  # both are asked before either has answered
    with pytest.raises(Conflict):
        await portal.arena.vote(ann, battle_id, "a")
    gates[0].open()
    events = await _events(portal, ann, battle_id)

    texts = {
        side: "".join(e.text for s, e in events if s == side and isinstance(e, TextDelta))
        for side in ("a", "b")
    }
    assert sorted(texts.values()) == ["first answer", "second answer"]
    assert [event for _, event in events[-2:]] == [TurnFinished("done", None)] * 2
    assert {type(event) for _, event in events[:-2]} == {TextDelta}
    before = await portal.arena.get(ann, battle_id)
    assert (before.status, before.outcome) == ("ended", None)
    assert {(one.model, one.usage) for one in before.sides.values()} == {(None, None)}
    assert "acme" not in repr(before)
    assert [event for _, event in await _events(portal, ann, battle_id)][-1] == events[-1][1]

    after = await portal.arena.vote(ann, battle_id, "b")
    assert sorted(one.model or "" for one in after.sides.values()) == BOTH
    assert all(one.usage and one.usage.completion_tokens for one in after.sides.values())
    right = {"acme/fast": "first answer", "acme/slow": "second answer"}
    assert {right[one.model or ""] for one in after.sides.values()} == set(texts.values())
    assert all(right[after.sides[side].model or ""] == texts[side] for side in ("a", "b"))
    with pytest.raises(Conflict):
        await portal.arena.vote(ann, battle_id, "a")


async def test_after_the_vote_question_and_answers_are_a_chat_in_which_one_is_chosen(
    portal: Portal, upstream: Upstream, ann: Principal
) -> None:
    upstream.answer("fast", text("one"))
    upstream.answer("slow", text("two"))
    voted = await portal.arena.vote(ann, await _battle(portal, ann), "tie")
    assert voted.conversation_id is not None
    found = await portal.comparisons.show(ann, voted.conversation_id)
    assert found is not None
    assert [one.message.model for one in found.answers] == [
        voted.sides["a"].model,
        voted.sides["b"].model,
    ]
    assert {(one.message.model, one.message.content) for one in found.answers} == {
        ("acme/fast", "one"),
        ("acme/slow", "two"),
    }
    assert all(one.message.usage and one.message.cost_usd for one in found.answers)
    chosen = found.answers[0].message.id
    assert await portal.comparisons.choose(ann, voted.conversation_id, chosen) == chosen
    conversation = await portal.conversations.get(ann, voted.conversation_id)
    assert (conversation.title, conversation.model) == ("Why?", voted.sides["a"].model)


async def test_each_side_may_be_either_model(portal: Portal, ann: Principal) -> None:
    seen = set()
    for _ in range(40):  # all alike once in 2^39
        battle = await portal.arena.vote(ann, await _battle(portal, ann), "tie")
        seen.add(battle.sides["a"].model)
        if len(seen) == 2:
            return
    pytest.fail(f"side a was always {seen}")


@pytest.mark.parametrize("answer", [error(400), text("")])
async def test_a_battle_with_a_failed_answer_does_not_count(
    portal: Portal, upstream: Upstream, ann: Principal, answer: Any
) -> None:
    upstream.answer("fast", answer)
    battle_id = await portal.arena.start(ann, content="Why?")
    events = await _events(portal, ann, battle_id)
    ends = [event.status for _, event in events if isinstance(event, TurnFinished)]
    assert sorted(ends) == ["done", "error"]
    with pytest.raises(Conflict):
        await portal.arena.vote(ann, battle_id, "a")
    battle = await portal.arena.get(ann, battle_id)
    assert battle.status == "failed"
    assert sorted(one.model or "" for one in battle.sides.values()) == BOTH
    assert (await portal.arena.leaderboard(ann)).votes == 0


async def test_a_battle_is_cancelled_and_too_many_at_once_are_refused(
    portal: Portal, upstream: Upstream, ann: Principal, ben: Principal
) -> None:
    upstream.answer("fast", hang())
    upstream.answer("slow", hang())
    mine = [await portal.arena.start(ann, content="Why?") for _ in range(3)]
    with pytest.raises(RateLimited):
        await portal.arena.start(ann, content="Why?")
    await portal.arena.start(ben, content="Why?")
    assert (await portal.arena.cancel(ann, mine[0])).status == "cancelled"
    with pytest.raises(Conflict):
        await portal.arena.vote(ann, mine[0], "a")
    events = await _events(portal, ann, mine[0])
    assert [event for _, event in events] == [TurnFinished("cancelled", None)] * 2
    await portal.arena.start(ann, content="Why?")


async def test_another_persons_battle_is_not_there(
    portal: Portal, ann: Principal, ben: Principal
) -> None:
    battle_id = await _battle(portal, ann)
    for call in (
        portal.arena.get(ben, battle_id),
        portal.arena.cancel(ben, battle_id),
        portal.arena.vote(ben, battle_id, "a"),
        _events(portal, ben, battle_id),
    ):
        with pytest.raises(NotFound):
            await call
    assert (await portal.arena.vote(ann, battle_id, "a")).outcome == "a"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"content": ""}, InvalidRequest),
        ({"models": ["acme/fast"]}, InvalidRequest),
        ({"models": ["acme/fast", "acme/fast"]}, InvalidRequest),
        ({"models": ["acme/fast", "acme/none"]}, ModelNotFound),
        ({"models": [f"acme/{number}" for number in range(51)]}, InvalidRequest),
    ],
)
async def test_what_is_refused_asks_nobody(
    portal: Portal,
    upstream: Upstream,
    ann: Principal,
    fields: dict[str, Any],
    kind: type[Exception],
) -> None:
    with pytest.raises(kind):
        await portal.arena.start(ann, **{"content": "Why?"} | fields)
    assert upstream.requests == []


async def test_with_one_model_it_is_said_how_to_get_a_second(
    portal: Portal, ann: Principal
) -> None:
    alone = Principal(ann.user_id, "ann", "admin", allowed_models=frozenset({"acme/fast"}))
    with pytest.raises(ModelUnavailable, match="aiportal models pull"):
        await portal.arena.start(alone, content="Why?")


async def test_the_votes_of_all_count_and_models_one_may_not_know_of_are_left_out(
    portal: Portal, ann: Principal, ben: Principal
) -> None:
    assert (await portal.arena.leaderboard(ann)).standings == []
    for person in (ann, ben, ben):
        battle_id = await _battle(portal, person, content=f"{person.username}'s secret")
        battle = await portal.arena.get(person, battle_id)
        assert battle.question == f"{person.username}'s secret"
        row = (await portal.arena.vote(person, battle_id, "tie")).sides
        assert {one.model for one in row.values()} == set(BOTH)
    board = await portal.arena.leaderboard(ann)
    assert board.votes == 3
    assert {(one.model, one.battles, one.ties, round(one.rating)) for one in board.standings} == {
        ("acme/fast", 3, 3, 1000),
        ("acme/slow", 3, 3, 1000),
    }
    assert await portal.arena.leaderboard(ben) == board
    alone = Principal(ben.user_id, "ben", "user", allowed_models=frozenset({"acme/fast"}))
    assert [one.model for one in (await portal.arena.leaderboard(alone)).standings] == ["acme/fast"]


async def test_the_better_one_leads_whichever_side_it_was_on(
    portal: Portal, upstream: Upstream, ann: Principal
) -> None:
    upstream.answer("fast", text("better"))
    upstream.answer("slow", text("worse"))
    for _ in range(4):
        battle_id = await _battle(portal, ann)
        sides = (await portal.arena.get(ann, battle_id)).sides
        await portal.arena.vote(ann, battle_id, "a" if sides["a"].answer == "better" else "b")
    first, second = (await portal.arena.leaderboard(ann)).standings
    assert (first.model, first.wins, second.losses) == ("acme/fast", 4, 4)


async def test_what_was_running_when_the_portal_ended_is_interrupted(
    wired_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer("fast", text("one"))
    async with Portal.open(wired_settings) as portal:
        ann = await portal.users.operator()
        battle_id = await _battle(portal, ann)
        await portal.database.write(
            lambda db: db.execute("UPDATE arena_battles SET status = 'running'").rowcount
        )
        battle = await portal.arena.get(ann, battle_id)
        events = await _events(portal, ann, battle_id)
    assert battle.status == "interrupted"
    assert events[-1][1] == TurnFinished("interrupted", None)
    assert len([event for _, event in events if isinstance(event, TextDelta)]) == 2


@pytest.mark.parametrize(("age_s", "is_over"), [(60, False), (7200, True)])
async def test_one_whose_process_was_killed_is_over_after_an_hour(
    portal: Portal, upstream: Upstream, ann: Principal, age_s: float, is_over: bool
) -> None:
    upstream.answer("fast", text("one"))
    battle_id = await _battle(portal, ann)
    values = (now_text(plus_s=-age_s),)
    await portal.database.write(
        lambda db: (
            db.execute(
                "UPDATE arena_battles SET status = 'running', created_at = ?", values
            ).rowcount
        )
    )
    battle = await portal.arena.get(ann, battle_id)
    assert battle.status == "interrupted"
    assert [one.model is not None for one in battle.sides.values()] == [is_over, is_over]
    with pytest.raises(Conflict) as refused:
        await portal.arena.vote(ann, battle_id, "a")
    assert refused.value.code == ("battle_failed" if is_over else "battle_running")
