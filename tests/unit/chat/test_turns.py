"""Turns start, are followed by anybody who may, and survive followers, restarts and strangers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlite_utils

from aiportal.chat import Conversation, Conversations, Turns
from aiportal.errors import (
    Conflict,
    InvalidRequest,
    ModelNotFound,
    NotFound,
    RateLimited,
    ServiceUnavailable,
)
from aiportal.events import Event, TextDelta, TurnFinished, TurnStarted, as_json
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database
from tests.unit.chat.conftest import OpenTurns
from tests.upstreams import DONE, Answer, Gate, Upstream, chunk, error, hang, stream, text

DEADLINE_S = 5
Numbered = tuple[int, Event]


def _gated(*words: str) -> tuple[Answer, list[Gate]]:
    """An answer whose words after the first wait for a gate each."""
    gates = [Gate() for _ in words[1:]]
    steps: list[Any] = [chunk(words[0])]
    for gate, word in zip(gates, words[1:], strict=True):
        steps += [gate, chunk(word)]
    return stream(*steps, chunk(finish="stop"), DONE), gates


async def _all(turns: Turns, principal: Principal, turn_id: str, after: int = 0) -> list[Numbered]:
    async with asyncio.timeout(DEADLINE_S):
        return [numbered async for numbered in turns.follow(principal, turn_id, after=after)]


def _text(events: list[Numbered]) -> str:
    return "".join(event.text for _, event in events if isinstance(event, TextDelta))


async def _ask(
    turns: Turns, principal: Principal, chat: Conversation, question: str
) -> TurnStarted:
    """Ask and wait for the end."""
    started = await turns.start(principal, chat.id, content=question)
    await _all(turns, principal, started.turn_id)
    return started


def _sent(upstream: Upstream) -> list[tuple[str, str]]:
    return [(m["role"], m["content"]) for m in upstream.last().json["messages"]]


async def test_question_and_empty_answer_are_stored_before_start_returns(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", hang())

    started = await turns.start(ann, chat.id, content="Hi")
    question, answer = await conversations.messages(ann, chat.id)

    assert (question.id, question.content, question.status) == (
        started.user_message_id,
        "Hi",
        "done",
    )
    assert (answer.turn_id, answer.content, answer.status) == (started.turn_id, "", "running")
    assert turns.running(ann) == [started]


async def test_a_question_follows_the_newest_answer_and_the_model_is_sent_the_branch(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", text("Paris."))
    await _ask(turns, ann, chat, "Capital of France?")

    await _ask(turns, ann, chat, "And of Italy?")

    assert _sent(upstream) == [
        ("user", "Capital of France?"),
        ("assistant", "Paris."),
        ("user", "And of Italy?"),
    ]


async def test_the_conversations_settings_hold_unless_the_turn_has_its_own(
    turns: Turns, conversations: Conversations, upstream: Upstream, ann: Principal
) -> None:
    chat = await conversations.create(
        ann,
        model="acme/slow",
        system_prompt="Be brief.",
        parameters={"temperature": 0.5, "seed": 1, "top_p": 0.1},
    )
    started = await turns.start(
        ann, chat.id, content="Hi", parameters={"temperature": 0, "top_p": None}
    )
    await _all(turns, ann, started.turn_id)

    sent = upstream.last().json
    assert (sent["model"], sent["temperature"], sent["seed"]) == ("slow", 0, 1)
    assert "top_p" not in sent
    assert _sent(upstream) == [("system", "Be brief."), ("user", "Hi")]


async def test_a_question_can_branch_off_or_begin_anew(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", text("ok"))
    first = await _ask(turns, ann, chat, "one")
    await _ask(turns, ann, chat, "two")

    branch = await turns.start(
        ann, chat.id, content="other two", parent_id=first.assistant_message_id
    )
    await _all(turns, ann, branch.turn_id)
    assert _sent(upstream) == [("user", "one"), ("assistant", "ok"), ("user", "other two")]

    anew = await turns.start(ann, chat.id, content="other one", parent_id="root")
    await _all(turns, ann, anew.turn_id)
    assert _sent(upstream) == [("user", "other one")]
    assert [m.content for m in await conversations.path(ann, chat.id)] == ["other one", "ok"]


async def test_a_question_can_be_answered_again(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", text("first"), text("second"))
    started = await _ask(turns, ann, chat, "one")

    again = await turns.retry(ann, chat.id, question_id=started.user_message_id)
    await _all(turns, ann, again.turn_id)

    question, *answers = await conversations.messages(ann, chat.id)
    assert again.user_message_id == question.id
    assert [(m.parent_id, m.content) for m in answers] == [
        (question.id, "first"),
        (question.id, "second"),
    ]
    assert _sent(upstream) == [("user", "one")]


async def test_only_a_question_can_be_answered_again(
    turns: Turns, ann: Principal, chat: Conversation
) -> None:
    started = await _ask(turns, ann, chat, "one")

    with pytest.raises(InvalidRequest):
        await turns.retry(ann, chat.id, question_id=started.assistant_message_id)


async def test_a_failed_answer_is_not_sent_on(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", error(400), text("ok"))
    await _ask(turns, ann, chat, "one")

    await _ask(turns, ann, chat, "two")

    assert _sent(upstream) == [("user", "one\n\ntwo")]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"content": ""}, InvalidRequest),
        ({"content": "x" * 1_000_001}, InvalidRequest),
        ({"content": "\ud800"}, InvalidRequest),
        ({"content": None}, InvalidRequest),
        ({"content": "Hi", "parent_id": "msg_none"}, NotFound),
        ({"content": None, "parent_id": "msg_none"}, NotFound),
        ({"content": "Hi", "model": "acme/none"}, ModelNotFound),
        ({"content": "Hi", "model": "x" * 101}, InvalidRequest),
        ({"content": "Hi", "parameters": {"temperature": 9}}, InvalidRequest),
    ],
)
async def test_what_cannot_be_asked_leaves_no_trace(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
    fields: dict[str, Any],
    kind: type[Exception],
) -> None:
    with pytest.raises(kind):
        await turns.start(ann, chat.id, **fields)

    assert await conversations.messages(ann, chat.id) == []
    assert turns.running(ann) == []
    assert upstream.requests == []


async def test_a_message_of_another_conversation_is_no_parent(
    turns: Turns, conversations: Conversations, ann: Principal, chat: Conversation
) -> None:
    other = await _ask(turns, ann, await conversations.create(ann), "one")

    with pytest.raises(NotFound):
        await turns.start(ann, chat.id, content="Hi", parent_id=other.assistant_message_id)


async def test_a_conversation_answers_one_question_at_a_time(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", hang())
    results = await asyncio.gather(
        *(turns.start(ann, chat.id, content=f"q{number}") for number in range(5)),
        return_exceptions=True,
    )

    assert sorted(type(result).__name__ for result in results) == ["Conflict"] * 4 + ["TurnStarted"]


async def test_a_user_may_have_so_many_turns_running(
    turns: Turns,
    conversations: Conversations,
    wired_settings: Settings,
    upstream: Upstream,
    ann: Principal,
    ben: Principal,
) -> None:
    upstream.answer("fast", hang())
    chats = [await conversations.create(ann) for _ in range(wired_settings.max_turns_per_user + 1)]
    for chat in chats[:-1]:
        await turns.start(ann, chat.id, content="Hi")

    with pytest.raises(RateLimited):
        await turns.start(ann, chats[-1].id, content="Hi")

    await turns.start(ben, (await conversations.create(ben)).id, content="Hi")
    await turns.cancel(ann, turns.running(ann)[0].turn_id)
    await turns.start(ann, chats[-1].id, content="Hi")


async def test_five_followers_see_the_same_and_one_that_leaves_ends_nothing(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    answer, gates = _gated("one", " two", " three")
    upstream.answer("fast", answer)
    started = await turns.start(ann, chat.id, content="Count")
    leaver = turns.follow(ann, started.turn_id)
    await anext(leaver)
    await leaver.aclose()  # type: ignore[attr-defined]  # reason: it is an asynchronous generator
    followers = [asyncio.create_task(_all(turns, ann, started.turn_id)) for _ in range(5)]

    for gate in gates:
        await asyncio.sleep(0)
        gate.open()
    seen = await asyncio.gather(*followers)

    assert _text(seen[0]) == "one two three"
    assert {repr(events) for events in seen} == {repr(seen[0])}


async def test_resuming_after_any_number_repeats_and_misses_nothing(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    answer, gates = _gated("one", " two", " three")
    upstream.answer("fast", answer)
    started = await turns.start(ann, chat.id, content="Count")
    follower = turns.follow(ann, started.turn_id)
    while not isinstance((seen := await anext(follower))[1], TextDelta):
        pass

    resumed = asyncio.create_task(_all(turns, ann, started.turn_id, after=seen[0]))
    for gate in gates:
        gate.open()
    assert "one" + _text(await resumed) == "one two three"

    whole = await _all(turns, ann, started.turn_id)
    for after in range(1, whole[-1][0]):
        rest = await _all(turns, ann, started.turn_id, after=after)
        assert _text(rest) == "one two three"[after - 1 :]
        assert rest[-1] == whole[-1]
    assert await _all(turns, ann, started.turn_id, after=whole[-1][0]) == []


async def test_a_finished_turn_has_left_memory_and_is_followed_from_the_database(
    open_turns: OpenTurns, turns: Turns, ann: Principal, chat: Conversation
) -> None:
    started = await turns.start(ann, chat.id, content="Hi")
    live = await _all(turns, ann, started.turn_id)

    assert turns.running(ann) == []
    async with open_turns() as others:
        stored = await _all(others, ann, started.turn_id)
    assert _text(stored) == _text(live)
    assert [(n, as_json(e)) for n, e in stored[-2:]] == [(n, as_json(e)) for n, e in live[-2:]]


async def test_stopping_the_portal_interrupts_and_tells_the_followers(
    open_turns: OpenTurns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", _gated("half an", " never")[0])
    async with open_turns() as turns:
        started = await turns.start(ann, chat.id, content="Hi")
        follower = asyncio.create_task(_all(turns, ann, started.turn_id))
        await _text_arrives(turns, ann, started)
    with pytest.raises(ServiceUnavailable):
        await turns.start(ann, chat.id, content="Hi")

    assert (await follower)[-1][1] == TurnFinished("interrupted", None)
    await upstream.last().closed.arrival(1)
    answer = (await conversations.path(ann, chat.id))[-1]
    assert (answer.content, answer.status) == ("half an", "interrupted")


async def _text_arrives(turns: Turns, principal: Principal, started: TurnStarted) -> None:
    async with asyncio.timeout(DEADLINE_S):
        async for _, event in turns.follow(principal, started.turn_id):
            if isinstance(event, TextDelta):
                return


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
        events = await _all(turns, ann, "turn_1")
        assert _text(events) == "half an"
        assert events[-1][1] == TurnFinished("interrupted", None)
        # A follower had seen more than was saved: it is told the end all the same.
        assert await _all(turns, ann, "turn_1", after=50) == [(51, events[-1][1])]
        await _ask(turns, ann, chat, "Go on")
    assert await conversations.list(ann, q="half")


async def test_another_portal_that_opens_leaves_running_turns_alone_and_can_follow_them(
    open_turns: OpenTurns, turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    answer, gates = _gated("one", " two")
    upstream.answer("fast", answer)
    started = await turns.start(ann, chat.id, content="Count")
    await _text_arrives(turns, ann, started)

    async with open_turns() as others:
        assert await others.status(ann, started.turn_id) == "running"
        with pytest.raises(Conflict):
            await others.start(ann, chat.id, content="Me too")
        with pytest.raises(Conflict):
            await others.cancel(ann, started.turn_id)
        follower = asyncio.create_task(_all(others, ann, started.turn_id))
        gates[0].open()
        assert _text(await follower) == "one two"


_CALLS: dict[str, Callable[[Turns, Principal, TurnStarted], Awaitable[object]]] = {
    "start": lambda part, who, turn: part.start(who, turn.conversation_id, content="Hi"),
    "retry": lambda part, who, turn: part.retry(
        who, turn.conversation_id, question_id=turn.user_message_id
    ),
    "follow": lambda part, who, turn: _all(part, who, turn.turn_id),
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
        await _all(turns, ann, started.turn_id)

    with pytest.raises(NotFound):
        await _CALLS[call](turns, ben, started)

    assert turns.running(ben) == []
    assert await turns.status(ann, started.turn_id) == ("running" if is_running else "done")
