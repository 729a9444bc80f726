"""Turns start where they may, with what the conversation and the caller have set."""

import asyncio
from typing import Any

import pytest

from aiportal.chat import Conversation, Conversations, Turns
from aiportal.errors import (
    InvalidRequest,
    ModelNotFound,
    NotFound,
    RateLimited,
)
from aiportal.principal import Principal
from aiportal.settings import Settings
from tests.unit.chat.asking import ask, events_of, sent
from tests.upstreams import Upstream, error, hang, text


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
    await ask(turns, ann, chat, "Capital of France?")

    await ask(turns, ann, chat, "And of Italy?")

    assert sent(upstream) == [
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
    await events_of(turns, ann, started.turn_id)

    body = upstream.last().json
    assert (body["model"], body["temperature"], body["seed"]) == ("slow", 0, 1)
    assert "top_p" not in body
    assert sent(upstream) == [("system", "Be brief."), ("user", "Hi")]


async def test_a_question_can_branch_off_or_begin_anew(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", text("ok"))
    first = await ask(turns, ann, chat, "one")
    await ask(turns, ann, chat, "two")

    branch = await turns.start(
        ann, chat.id, content="other two", parent_id=first.assistant_message_id
    )
    await events_of(turns, ann, branch.turn_id)
    assert sent(upstream) == [("user", "one"), ("assistant", "ok"), ("user", "other two")]

    anew = await turns.start(ann, chat.id, content="other one", parent_id="root")
    await events_of(turns, ann, anew.turn_id)
    assert sent(upstream) == [("user", "other one")]
    assert [m.content for m in await conversations.path(ann, chat.id)] == ["other one", "ok"]


async def test_a_question_can_be_answered_again(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    upstream.answer("fast", text("first"), text("second"))
    started = await ask(turns, ann, chat, "one")

    again = await turns.retry(ann, chat.id, question_id=started.user_message_id)
    await events_of(turns, ann, again.turn_id)

    question, *answers = await conversations.messages(ann, chat.id)
    assert again.user_message_id == question.id
    assert [(m.parent_id, m.content) for m in answers] == [
        (question.id, "first"),
        (question.id, "second"),
    ]
    assert sent(upstream) == [("user", "one")]


async def test_only_a_question_can_be_answered_again(
    turns: Turns, ann: Principal, chat: Conversation
) -> None:
    started = await ask(turns, ann, chat, "one")

    with pytest.raises(InvalidRequest):
        await turns.retry(ann, chat.id, question_id=started.assistant_message_id)


async def test_a_failed_answer_is_not_sent_on(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", error(400), text("ok"))
    await ask(turns, ann, chat, "one")

    await ask(turns, ann, chat, "two")

    assert sent(upstream) == [("user", "one\n\ntwo")]


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
    other = await ask(turns, ann, await conversations.create(ann), "one")

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
