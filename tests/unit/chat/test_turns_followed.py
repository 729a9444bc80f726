"""Turns are followed by their owner from anywhere, and survive followers, restarts, strangers."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import sqlite_utils

from aiportal.chat import Conversation, Conversations, Turns
from aiportal.errors import (
    Conflict,
    NotFound,
    ServiceUnavailable,
)
from aiportal.events import TextDelta, TurnFinished, TurnStarted, as_json
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.asking import ask, events_of, gated, text_arrives, text_of
from tests.unit.chat.conftest import OpenTurns
from tests.upstreams import Upstream, hang


async def test_five_followers_see_the_same_and_one_that_leaves_ends_nothing(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    answer, gates = gated("one", " two", " three")
    upstream.answer("fast", answer)
    started = await turns.start(ann, chat.id, content="Count")
    leaver = turns.follow(ann, started.turn_id)
    await anext(leaver)
    await leaver.aclose()  # type: ignore[attr-defined]  # reason: it is an asynchronous generator
    followers = [asyncio.create_task(events_of(turns, ann, started.turn_id)) for _ in range(5)]

    for gate in gates:
        await asyncio.sleep(0)
        gate.open()
    seen = await asyncio.gather(*followers)

    assert text_of(seen[0]) == "one two three"
    assert {repr(events) for events in seen} == {repr(seen[0])}


async def test_resuming_after_any_number_repeats_and_misses_nothing(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    answer, gates = gated("one", " two", " three")
    upstream.answer("fast", answer)
    started = await turns.start(ann, chat.id, content="Count")
    follower = turns.follow(ann, started.turn_id)
    while not isinstance((seen := await anext(follower))[1], TextDelta):
        pass

    resumed = asyncio.create_task(events_of(turns, ann, started.turn_id, after=seen[0]))
    for gate in gates:
        gate.open()
    assert "one" + text_of(await resumed) == "one two three"

    whole = await events_of(turns, ann, started.turn_id)
    for after in range(1, whole[-1][0]):
        rest = await events_of(turns, ann, started.turn_id, after=after)
        assert text_of(rest) == "one two three"[after - 1 :]
        assert rest[-1] == whole[-1]
    assert await events_of(turns, ann, started.turn_id, after=whole[-1][0]) == []


async def test_a_finished_turn_has_left_memory_and_is_followed_from_the_database(
    open_turns: OpenTurns, turns: Turns, ann: Principal, chat: Conversation
) -> None:
    started = await turns.start(ann, chat.id, content="Hi")
    live = await events_of(turns, ann, started.turn_id)

    assert turns.running(ann) == []
    async with open_turns() as others:
        stored = await events_of(others, ann, started.turn_id)
    assert text_of(stored) == text_of(live)
    assert [(n, as_json(e)) for n, e in stored[-2:]] == [(n, as_json(e)) for n, e in live[-2:]]


async def test_stopping_the_portal_interrupts_and_tells_the_followers(
    open_turns: OpenTurns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", gated("half an", " never")[0])
    async with open_turns() as turns:
        started = await turns.start(ann, chat.id, content="Hi")
        follower = asyncio.create_task(events_of(turns, ann, started.turn_id))
        await text_arrives(turns, ann, started)
    with pytest.raises(ServiceUnavailable):
        await turns.start(ann, chat.id, content="Hi")

    assert (await follower)[-1][1] == TurnFinished("interrupted", None)
    await upstream.last().closed.arrival(1)
    answer = (await conversations.path(ann, chat.id))[-1]
    assert (answer.content, answer.status) == ("half an", "interrupted")


async def _leave_running(database: Database, chat: Conversation) -> None:
    """What a portal leaves behind that was killed in the middle of an answer."""
    common = {"conversation_id": chat.id, "created_at": "2026-01-01T00:00:00.000+00:00"}
    answer = {
        "id": "msg_2",
        "parent_id": "msg_1",
        "turn_id": "turn_1",
        "host_id": "host_gone",
        "role": "assistant",
        "model": "acme/fast",
        "content": "half an",
        "status": "running",
    }
    question = {"id": "msg_1", "role": "user", "content": "Why?", "status": "done"}

    def insert(connection: sqlite_utils.Database) -> None:
        connection.table("messages").insert(common | question)
        connection.table("messages").insert(common | answer)

    await database.write(insert)


async def test_what_a_killed_portal_was_writing_is_interrupted_at_the_next_start(
    open_turns: OpenTurns,
    conversations: Conversations,
    database: Database,
    ann: Principal,
    chat: Conversation,
) -> None:
    await _leave_running(database, chat)

    async with open_turns() as turns:
        answer = (await conversations.path(ann, chat.id))[-1]
        assert (answer.content, answer.status) == ("half an", "interrupted")
        events = await events_of(turns, ann, "turn_1")
        assert text_of(events) == "half an"
        assert events[-1][1] == TurnFinished("interrupted", None)
        # A follower had seen more than was saved: it is told the end all the same.
        assert await events_of(turns, ann, "turn_1", after=50) == [(51, events[-1][1])]
        await ask(turns, ann, chat, "Go on")
    assert await conversations.list(ann, q="half")


async def test_another_portal_that_opens_leaves_running_turns_alone_and_can_follow_them(
    open_turns: OpenTurns, turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    answer, gates = gated("one", " two")
    upstream.answer("fast", answer)
    started = await turns.start(ann, chat.id, content="Count")
    await text_arrives(turns, ann, started)

    async with open_turns() as others:
        assert await others.status(ann, started.turn_id) == "running"
        with pytest.raises(Conflict):
            await others.start(ann, chat.id, content="Me too")
        with pytest.raises(Conflict):
            await others.cancel(ann, started.turn_id)
        follower = asyncio.create_task(events_of(others, ann, started.turn_id))
        gates[0].open()
        assert text_of(await follower) == "one two"


_CALLS: dict[str, Callable[[Turns, Principal, TurnStarted], Awaitable[object]]] = {
    "start": lambda part, who, turn: part.start(who, turn.conversation_id, content="Hi"),
    "retry": lambda part, who, turn: part.retry(
        who, turn.conversation_id, question_id=turn.user_message_id
    ),
    "follow": lambda part, who, turn: events_of(part, who, turn.turn_id),
    "status": lambda part, who, turn: part.status(who, turn.turn_id),
    "cancel": lambda part, who, turn: part.cancel(who, turn.turn_id),
}


@pytest.mark.parametrize("is_running", [True, False], ids=["running", "ended"])
@pytest.mark.parametrize("call", _CALLS)
async def test_another_persons_turn_is_not_found(
    turns: Turns,
    upstream: Upstream,
    ann: Principal,
    ben: Principal,
    chat: Conversation,
    call: str,
    is_running: bool,
) -> None:
    if is_running:
        upstream.answer("fast", hang())
    started = await turns.start(ann, chat.id, content="Hi")
    if not is_running:
        await events_of(turns, ann, started.turn_id)

    with pytest.raises(NotFound):
        await _CALLS[call](turns, ben, started)

    assert turns.running(ben) == []
    assert await turns.status(ann, started.turn_id) == ("running" if is_running else "done")
