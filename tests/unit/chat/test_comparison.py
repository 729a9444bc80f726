"""Several models answer one question at once, and one answer is gone on with."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiportal.chat import Conversation
from aiportal.errors import Conflict, InvalidRequest, ModelNotFound, NotFound, RateLimited
from aiportal.events import Event, TextDelta, TurnFinished, TurnStarted
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.settings import Settings
from tests.unit.chat.asking import DEADLINE_S, events_of, gated, sent, text_arrives
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
async def chat(portal: Portal, ann: Principal) -> Conversation:
    return await portal.conversations.create(ann)


async def _ended(portal: Portal, ann: Principal, started: list[TurnStarted]) -> None:
    for one in started:
        await events_of(portal.turns, ann, one.turn_id)


async def _all_of(
    portal: Portal, ann: Principal, started: list[TurnStarted]
) -> list[tuple[str, int, Event]]:
    async with asyncio.timeout(DEADLINE_S):
        return [one async for one in portal.comparisons.follow(ann, started)]


async def test_all_models_answer_one_question_at_once_and_each_is_charged(
    portal: Portal, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    fast, gates = gated("quick", " and", " done")
    slow, slow_gates = gated("thorough", " indeed")
    upstream.answer("fast", fast)
    upstream.answer("slow", slow)

    started = await portal.comparisons.start(ann, chat.id, content="Why?", models=BOTH)
    for one in started:  # both are writing before either is done
        await text_arrives(portal.turns, ann, one)
    assert portal.turns.running(ann) == started
    for gate in [*slow_gates, *gates]:
        gate.open()
    events = await _all_of(portal, ann, started)

    assert [event for _, _, event in events[:2]] == started
    texts = {
        one.model: "".join(
            event.text
            for turn, _, event in events
            if turn == one.turn_id and isinstance(event, TextDelta)
        )
        for one in started
    }
    assert texts == {"acme/fast": "quick and done", "acme/slow": "thorough indeed"}
    ends = [event.status for _, _, event in events if isinstance(event, TurnFinished)]
    assert ends == ["done", "done"]
    question, *answers = await portal.conversations.messages(ann, chat.id)
    assert {one.parent_id for one in answers} == {question.id}
    assert [(one.model, one.content) for one in answers] == list(texts.items())
    rows = await portal.ledger.rows(ann)
    assert {row.model for row in rows} == set(BOTH)
    assert {row.request_id for row in rows} == {
        one.usage.request_id for one in answers if one.usage is not None
    }


async def test_none_is_chosen_until_one_is_and_then_the_chat_goes_on_with_its_model(
    portal: Portal, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", text("one"))
    upstream.answer("slow", text("two"))
    started = await portal.comparisons.start(ann, chat.id, content="Why?", models=BOTH)
    await _ended(portal, ann, started)

    open_one = await portal.comparisons.show(ann, chat.id)
    assert open_one is not None
    assert open_one.question_id == started[0].user_message_id
    assert [one.message.content for one in open_one.answers] == ["one", "two"]
    assert open_one.running == []

    chosen = started[1].assistant_message_id
    assert await portal.comparisons.choose(ann, chat.id, chosen) == chosen
    assert await portal.comparisons.show(ann, chat.id) is None
    assert (await portal.conversations.get(ann, chat.id)).model == "acme/slow"
    on = await portal.turns.start(ann, chat.id, content="And?")
    await events_of(portal.turns, ann, on.turn_id)
    assert sent(upstream) == [("user", "Why?"), ("assistant", "two"), ("user", "And?")]
    branch = await portal.branches.show(ann, chat.id)
    assert list(branch.messages[1].siblings) == [one.assistant_message_id for one in started]


async def test_one_is_cancelled_or_all_and_choosing_stops_the_others(
    portal: Portal, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", hang())
    upstream.answer("slow", hang())
    first = await portal.comparisons.start(ann, chat.id, content="One?", models=BOTH)
    assert await portal.turns.cancel(ann, first[0].turn_id) == "cancelled"
    assert await portal.turns.status(ann, first[1].turn_id) == "running"
    with pytest.raises(Conflict):
        await portal.turns.start(ann, chat.id, content="Two?")
    assert await portal.comparisons.cancel(ann, chat.id) == {first[1].turn_id: "cancelled"}

    upstream.answer("fast", text("here"))
    second = await portal.comparisons.start(ann, chat.id, content="Two?", models=BOTH)
    await events_of(portal.turns, ann, second[0].turn_id)
    await portal.comparisons.choose(ann, chat.id, second[0].assistant_message_id)
    assert await portal.turns.status(ann, second[1].turn_id) == "cancelled"
    with pytest.raises(InvalidRequest):
        await portal.comparisons.choose(ann, chat.id, second[0].user_message_id)


async def test_a_failed_answer_leaves_the_others_alone(
    portal: Portal, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", error(400))
    upstream.answer("slow", text("fine"))
    started = await portal.comparisons.start(ann, chat.id, content="Why?", models=BOTH)
    await _ended(portal, ann, started)
    _, *answers = await portal.conversations.messages(ann, chat.id)
    assert [(one.status, one.content) for one in answers] == [("error", ""), ("done", "fine")]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"models": ["acme/fast"]}, InvalidRequest),
        ({"models": [f"acme/m{number}" for number in range(5)]}, InvalidRequest),
        ({"models": ["acme/fast", "acme/fast"]}, InvalidRequest),
        ({"models": ["acme/fast", ""]}, InvalidRequest),
        ({"models": ["acme/fast", "acme/none"]}, ModelNotFound),
        ({"content": ""}, InvalidRequest),
        ({"content": None}, InvalidRequest),
        ({"parent_id": "msg_none"}, NotFound),
        ({"parameters": {"temperature": "warm"}}, InvalidRequest),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    portal: Portal,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
    fields: dict[str, Any],
    kind: type[Exception],
) -> None:
    whole: dict[str, Any] = {"content": "Why?", "models": BOTH} | fields
    with pytest.raises(kind):
        await portal.comparisons.start(ann, chat.id, **whole)
    assert await portal.conversations.messages(ann, chat.id) == []
    assert portal.turns.running(ann) == []
    assert upstream.requests == []


async def test_all_of_them_count_against_what_one_user_may_have_running(
    wired_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer("fast", hang())
    settings = wired_settings.model_copy(update={"max_turns_per_user": 2})
    async with Portal.open(settings) as portal:
        ann = await portal.users.operator()
        chat, other = [await portal.conversations.create(ann) for _ in range(2)]
        await portal.turns.start(ann, other.id, content="Hi")
        with pytest.raises(RateLimited):
            await portal.comparisons.start(ann, chat.id, content="Why?", models=BOTH)
        assert await portal.conversations.messages(ann, chat.id) == []


async def test_a_question_that_is_there_can_be_compared_and_titles_are_asked_for_once(
    wired_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer("fast", text("first"))
    settings = wired_settings.model_copy(update={"chat_titles": "on"})
    async with Portal.open(settings) as portal:
        ann = await portal.users.operator()
        chat = await portal.conversations.create(ann, title="Mine")
        one = await portal.turns.start(ann, chat.id, content="Why?")
        await events_of(portal.turns, ann, one.turn_id)
        started = await portal.comparisons.start(
            ann, chat.id, content=None, parent_id=one.user_message_id, models=BOTH
        )
        await _ended(portal, ann, started)
        found = await portal.comparisons.show(ann, chat.id)
        assert found is not None
        assert [one.message.id for one in found.answers] == [
            one.assistant_message_id for one in started
        ]
        assert list(found.answers[0].siblings) == [
            one.assistant_message_id,
            *(one.assistant_message_id for one in started),
        ]

        fresh = await portal.conversations.create(ann)
        before = len(upstream.requests)
        started = await portal.comparisons.start(ann, fresh.id, content="Why?", models=BOTH)
        await _ended(portal, ann, started)
        await upstream.arrival(before + 3)
    assert len(upstream.requests) == before + 3


async def test_what_is_followed_ends_with_an_error_of_one_and_can_be_left(
    portal: Portal, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", hang())
    upstream.answer("slow", text("two"))
    started = await portal.comparisons.start(ann, chat.id, content="Why?", models=BOTH)
    async with asyncio.timeout(DEADLINE_S):
        async for turn_id, _, event in portal.comparisons.follow(ann, started):
            if turn_id == started[1].turn_id and isinstance(event, TurnFinished):
                break
    assert await portal.turns.status(ann, started[0].turn_id) == "running"
    unknown = TurnStarted("turn_none", chat.id, "", "", "")
    with pytest.raises(NotFound):
        await _all_of(portal, ann, [started[0], unknown])
