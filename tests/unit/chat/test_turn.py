"""How one turn runs and ends: done, stopped, failed, deleted, and what is kept of it."""

import asyncio
from dataclasses import replace

import pytest
import sqlite_utils

from aiportal.chat import Conversation, Conversations, Turns
from aiportal.dialects.openai_chat import ChatLimits
from aiportal.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    UsageReported,
)
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.asking import content_is, events_of, newest, text_arrives
from tests.upstreams import DONE, Gate, Upstream, chunk, error, event, hang, stream, text


def _reasoning(content: str) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"reasoning_content": content}}]})


async def _events(turns: Turns, principal: Principal, started: TurnStarted) -> list[Event]:
    return [event for _, event in await events_of(turns, principal, started.turn_id)]


async def test_a_finished_turn_has_text_usage_and_cost(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", text("The answer is 42."))

    started = await turns.start(ann, chat.id, content="What is it?")
    events = await _events(turns, ann, started)
    answer = await newest(conversations, ann, chat)

    assert events[0] == started
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "The answer is 42."
    assert [type(e) for e in events[-2:]] == [UsageReported, TurnFinished]
    assert events[-1] == TurnFinished("done", "stop")
    assert (answer.id, answer.parent_id) == (started.assistant_message_id, started.user_message_id)
    assert (answer.content, answer.status, answer.finish_reason) == (
        "The answer is 42.",
        "done",
        "stop",
    )
    assert answer.usage == events[-2]
    assert answer.cost_usd == pytest.approx((9 * 1.0 + 4 * 2.0) / 1e6)
    assert (await conversations.get(ann, chat.id)).title == "What is it?"


async def test_a_turn_is_one_row_of_the_ledger(
    turns: Turns, database: Database, ann: Principal, chat: Conversation
) -> None:
    started = await turns.start(ann, chat.id, content="Hi", source="api", request_id="req_1")
    await _events(turns, ann, started)

    def select(connection: sqlite_utils.Database) -> list[tuple[str, str, str, int]]:
        return connection.execute(
            "SELECT request_id, source, endpoint, status FROM usage"
        ).fetchall()

    assert await database.read(select) == [("req_1", "api", "turn", 200)]


async def test_reasoning_is_kept_apart_from_thenewest(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    steps = (
        _reasoning("Let me"),
        chunk("Yes"),
        _reasoning(" see"),
        chunk(".", finish="stop"),
        DONE,
    )
    upstream.answer("fast", stream(*steps))

    started = await turns.start(ann, chat.id, content="Well?")
    live = [numbered async for numbered in turns.follow(ann, started.turn_id)]
    stored = [numbered async for numbered in turns.follow(ann, started.turn_id)]
    answer = await newest(conversations, ann, chat)

    assert (answer.reasoning, answer.content) == ("Let me see", "Yes.")
    assert [e for _, e in stored if isinstance(e, TextDelta | ReasoningDelta)] == [
        ReasoningDelta("Let me"),
        TextDelta("Yes"),
        ReasoningDelta(" see"),
        TextDelta("."),
    ]
    assert stored[-1] == live[-1]


async def test_cancel_closes_the_upstream_and_keeps_the_text(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", hang(*stream(chunk("half an"))(None)))  # type: ignore[arg-type]  # reason: the request is not looked at
    started = await turns.start(ann, chat.id, content="Tell me")
    await text_arrives(turns, ann, started)

    assert await turns.cancel(ann, started.turn_id) == "cancelled"
    await upstream.last().closed.arrival(1)

    events = await _events(turns, ann, started)
    answer = await newest(conversations, ann, chat)
    assert events[-1] == TurnFinished("cancelled", None)
    assert isinstance(events[-2], UsageReported)
    assert (answer.content, answer.status) == ("half an", "cancelled")
    assert answer.usage is not None


async def test_cancel_before_the_first_byte(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", hang())
    started = await turns.start(ann, chat.id, content="Tell me")
    await upstream.arrival()

    assert await turns.cancel(ann, started.turn_id) == "cancelled"
    await upstream.last().closed.arrival(1)

    assert (await newest(conversations, ann, chat)).status == "cancelled"


async def test_cancel_at_once_is_a_cancel_too(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", hang())
    started = await turns.start(ann, chat.id, content="Tell me")

    assert await turns.cancel(ann, started.turn_id) == "cancelled"
    assert await turns.cancel(ann, started.turn_id) == "cancelled"


async def test_cancel_after_the_end_changes_nothing(
    turns: Turns, ann: Principal, chat: Conversation
) -> None:
    started = await turns.start(ann, chat.id, content="Hi")
    await _events(turns, ann, started)

    assert await turns.cancel(ann, started.turn_id) == "done"


async def test_an_upstreams_refusal_is_an_error_with_its_words(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", error(400, "The prompt is too long.", code="context_length_exceeded"))

    started = await turns.start(ann, chat.id, content="Hi")
    events = await _events(turns, ann, started)
    answer = await newest(conversations, ann, chat)

    failure = events[-2]
    assert isinstance(failure, TurnFailed)
    assert "too long" in failure.message
    assert failure.error_type == "invalid_request_error"
    assert events[-1] == TurnFinished("error", None)
    assert answer.status == "error"
    assert answer.error is not None
    assert (answer.error.message, answer.error.code) == (failure.message, failure.code)
    assert await _events(turns, ann, started) == events


async def test_an_upstream_that_breaks_off_is_an_error_and_the_text_stays(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", stream(chunk("half an")))

    started = await turns.start(ann, chat.id, content="Hi")
    events = await _events(turns, ann, started)
    answer = await newest(conversations, ann, chat)

    assert [type(e) for e in events[-3:]] == [UsageReported, TurnFailed, TurnFinished]
    assert (answer.content, answer.status) == ("half an", "error")


async def test_the_text_so_far_is_in_the_database_within_a_second_or_so(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    first, second = Gate(), Gate()
    steps = (chunk("one"), first, chunk(" two"), second, chunk(" three", finish="stop"), DONE)
    upstream.answer("fast", stream(*steps))
    started = await turns.start(ann, chat.id, content="Count")

    await content_is(conversations, ann, chat, "one")
    first.open()
    await content_is(conversations, ann, chat, "one two")
    assert (await newest(conversations, ann, chat)).status == "running"
    second.open()
    await _events(turns, ann, started)
    assert (await newest(conversations, ann, chat)).content == "one two three"


async def test_deleting_the_conversation_stops_its_turn(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    gate = Gate()
    upstream.answer("fast", hang(*stream(chunk("one"), gate, chunk(" two"))(None)))  # type: ignore[arg-type]  # reason: the request is not looked at
    started = await turns.start(ann, chat.id, content="Count")
    followed = asyncio.create_task(_events(turns, ann, started))
    await text_arrives(turns, ann, started)

    await conversations.delete(ann, chat.id)
    gate.open()

    assert (await followed)[-1] == TurnFinished("cancelled", None)
    await upstream.last().closed.arrival(1)


async def test_a_bug_of_ours_is_logged_with_the_turns_id_and_told_without_its_trace(
    turns: Turns, ann: Principal, chat: Conversation, caplog: pytest.LogCaptureFixture
) -> None:
    turns._parts = replace(turns._parts, limits=lambda: ChatLimits(max_messages="many"))  # type: ignore[arg-type]  # reason: the bug

    started = await turns.start(ann, chat.id, content="Hi")
    failure, finished = (await _events(turns, ann, started))[-2:]

    assert isinstance(failure, TurnFailed)
    assert (failure.code, finished) == ("internal_error", TurnFinished("error", None))
    assert started.turn_id in failure.message
    assert started.turn_id in caplog.text
    assert "Traceback" in caplog.text


async def test_followers_are_told_the_end_even_if_it_cannot_be_stored(
    turns: Turns, database: Database, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    gate = Gate()
    upstream.answer("fast", stream(gate, chunk("Hi", finish="stop"), DONE))
    started = await turns.start(ann, chat.id, content="Hi")
    refuse = (
        "CREATE TRIGGER refuse BEFORE UPDATE ON messages BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    await database.write(lambda connection: connection.conn.execute(refuse).rowcount)
    gate.open()

    events = await _events(turns, ann, started)

    assert TextDelta("Hi") in events
    assert events[-1] == TurnFinished("error", "stop")
    await database.write(lambda connection: connection.conn.execute("DROP TRIGGER refuse").rowcount)
    assert await turns.status(ann, started.turn_id) == "interrupted"
