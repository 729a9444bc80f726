"""An answer that broke off is written on."""

import asyncio
import threading

import pytest

from aiportal.chat import Branches, Conversation, Conversations, Message, Turns
from aiportal.chat.continuation import INSTRUCTION
from aiportal.chat.turn_plan import TurnPlan
from aiportal.chat.turn_store import TurnStore
from aiportal.errors import Conflict, InvalidRequest, ModelNotFound, NotFound
from aiportal.events import TextDelta, TurnFinished, TurnStarted, UsageReported
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.usage import Ledger
from tests.unit.chat.asking import (
    DEADLINE_S,
    ask,
    content_is,
    events_of,
    gated,
    newest,
    sent,
    text_arrives,
    text_of,
)
from tests.unit.chat.conftest import OpenTurns
from tests.upstreams import DONE, Answer, Upstream, chunk, hang, stream, text


def _cut(words: str) -> Answer:
    """An answer that reaches its greatest length."""
    return stream(chunk(words, finish="length"), DONE)


async def _broken_off(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation, *then: Answer
) -> TurnStarted:
    """Ask; the answer is `half an`. The upstream says `then` next."""
    upstream.answer("fast", _cut("half an"), *then)
    return await ask(turns, ann, chat, "Tell me")


async def test_what_comes_is_added_to_the_same_message(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    started = await _broken_off(turns, upstream, ann, chat, text(" answer."))
    before = await newest(conversations, ann, chat)

    going_on = await turns.go_on(ann, chat.id, answer_id=started.assistant_message_id)
    events = await events_of(turns, ann, going_on.started.turn_id, after=going_on.after)

    assert going_on.started == started
    assert text_of(events) == " answer."
    assert sent(upstream) == [
        ("user", "Tell me"),
        ("assistant", "half an"),
        ("user", INSTRUCTION),
    ]
    _, answer = await conversations.messages(ann, chat.id)
    assert (answer.id, answer.content, answer.status, answer.finish_reason) == (
        before.id,
        "half an answer.",
        "done",
        "stop",
    )
    assert before.usage is not None
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > before.usage.prompt_tokens
    assert answer.usage.completion_tokens > before.usage.completion_tokens
    assert answer.cost_usd == answer.usage.cost_usd > before.usage.cost_usd


async def test_both_calls_are_in_the_ledger_and_their_sum_with_the_answer(
    turns: Turns,
    conversations: Conversations,
    database: Database,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    started = await _broken_off(turns, upstream, ann, chat, text(" answer."))
    going_on = await turns.go_on(ann, chat.id, answer_id=started.assistant_message_id)
    await events_of(turns, ann, going_on.started.turn_id)

    rows = await Ledger(database).rows(ann)
    answer = await newest(conversations, ann, chat)

    assert len(rows) == 2
    assert answer.cost_usd == pytest.approx(sum(row.cost_usd for row in rows))


async def test_the_events_are_the_same_live_and_stored_from_any_number_on(
    open_turns: OpenTurns, turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    started = await _broken_off(turns, upstream, ann, chat, text(" answer."))
    going_on = await turns.go_on(ann, chat.id, answer_id=started.assistant_message_id)
    live = await events_of(turns, ann, started.turn_id)

    async with open_turns() as others:
        for after in range(live[-1][0]):
            stored = await events_of(others, ann, started.turn_id, after=after)
            assert text_of(stored) == "half an answer."[max(after - 1, 0) :]
            assert stored[-1] == live[-1]
    assert text_of(live) == "half an answer."
    assert going_on.after == 1 + len("half an")
    assert isinstance(live[-2][1], UsageReported)


async def test_a_cancelled_answer_goes_on_and_can_be_cancelled_and_go_on_again(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    started = await _broken_off(
        turns, upstream, ann, chat, gated(" answer", " never")[0], text(" and more.")
    )
    answer_id = started.assistant_message_id
    going_on = await turns.go_on(ann, chat.id, answer_id=answer_id)
    follower = turns.follow(ann, started.turn_id, after=going_on.after)
    assert (await anext(follower))[1] == TextDelta(" answer")
    assert (await newest(conversations, ann, chat)).status == "running"

    assert await turns.cancel(ann, started.turn_id) == "cancelled"
    again = await turns.go_on(ann, chat.id, answer_id=answer_id)
    events = await events_of(turns, ann, started.turn_id, after=again.after)

    assert text_of(events) == " and more."
    assert (await newest(conversations, ann, chat)).content == "half an answer and more."


async def test_the_text_is_kept_while_it_grows_and_after_the_portal_stopped(
    open_turns: OpenTurns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    async with open_turns() as turns:
        started = await _broken_off(turns, upstream, ann, chat, gated(" answer", " never")[0])
        await turns.go_on(ann, chat.id, answer_id=started.assistant_message_id)
        await content_is(conversations, ann, chat, "half an answer")

    answer = await newest(conversations, ann, chat)
    assert (answer.content, answer.status) == ("half an answer", "interrupted")
    upstream.answer("fast", text(" in full."))
    async with open_turns() as turns:
        await turns.go_on(ann, chat.id, answer_id=started.assistant_message_id)
        assert text_of(await events_of(turns, ann, started.turn_id)) == "half an answer in full."


async def test_an_answer_without_a_turn_goes_on_and_gets_one(
    turns: Turns,
    branches: Branches,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    await _broken_off(turns, upstream, ann, chat, text(" answer."))
    fork = await branches.fork(ann, chat.id)
    copy = await newest(conversations, ann, fork)

    going_on = await turns.go_on(ann, fork.id, answer_id=copy.id)

    assert copy.turn_id is None
    assert text_of(await events_of(turns, ann, going_on.started.turn_id)) == "half an answer."
    assert (await newest(conversations, ann, chat)).content == "half an"


async def test_another_model_and_other_parameters_can_go_on(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    started = await _broken_off(turns, upstream, ann, chat)
    answer_id = started.assistant_message_id

    going_on = await turns.go_on(
        ann, chat.id, answer_id=answer_id, model="acme/slow", parameters={"temperature": 0}
    )
    await events_of(turns, ann, going_on.started.turn_id)

    body = upstream.last().json
    assert (body["model"], body["temperature"]) == ("slow", 0)
    assert (await newest(conversations, ann, chat)).model == "acme/slow"
    assert (await conversations.get(ann, chat.id)).model is None


async def test_an_answer_within_a_branch_goes_on_and_the_branch_stays(
    turns: Turns,
    branches: Branches,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    started = await _broken_off(turns, upstream, ann, chat, text("ok"), text(" answer."))
    later = await ask(turns, ann, chat, "And then?")

    await turns.go_on(ann, chat.id, answer_id=started.assistant_message_id)
    await events_of(turns, ann, started.turn_id)

    branch = await branches.show(ann, chat.id)
    assert [one.message.content for one in branch.messages] == [
        "Tell me",
        "half an answer.",
        "And then?",
        "ok",
    ]
    assert branch.messages[-1].message.id == later.assistant_message_id


async def test_two_at_once_are_one_and_a_conflict(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    started = await _broken_off(turns, upstream, ann, chat, hang())

    results = await asyncio.gather(
        *(turns.go_on(ann, chat.id, answer_id=started.assistant_message_id) for _ in range(5)),
        return_exceptions=True,
    )

    assert sorted(type(result).__name__ for result in results) == ["Conflict"] * 4 + ["GoingOn"]
    assert turns.running(ann) == [started]
    assert await turns.cancel(ann, started.turn_id) == "cancelled"


async def test_while_another_turn_runs_nothing_goes_on_and_nobody_waits_for_it(
    turns: Turns, database: Database, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    started = await _broken_off(turns, upstream, ann, chat, hang())
    await turns.start(ann, chat.id, content="Hi")
    gate = threading.Event()
    held = asyncio.create_task(database.write(lambda _: gate.wait(DEADLINE_S)))
    going_on = asyncio.create_task(
        turns.go_on(ann, chat.id, answer_id=started.assistant_message_id)
    )
    async with asyncio.timeout(DEADLINE_S):
        while len(turns.running(ann)) < 2:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)

    events = await events_of(turns, ann, started.turn_id)  # asked, and not refused yet
    gate.set()

    assert events[-1][1] == TurnFinished("done", "length")
    await held
    with pytest.raises(Conflict):
        await going_on


async def test_an_answer_that_was_edited_meanwhile_does_not_go_on(
    turns: Turns,
    branches: Branches,
    database: Database,
    upstream: Upstream,
    ann: Principal,
    chat: Conversation,
) -> None:
    started = await _broken_off(turns, upstream, ann, chat)
    answer_id, store = started.assistant_message_id, TurnStore(database)
    plan = TurnPlan(
        principal=ann,
        started=started,
        content=None,
        parent_id=None,
        continued=await store.answer(ann, chat.id, answer_id),
        chosen_model=None,
        system_prompt="",
        parameters={},
        context_window=None,
        source="web",
        request_id=None,
    )
    edited = await branches.edit(ann, chat.id, answer_id, content="by hand")

    with pytest.raises(Conflict):
        await store.begin([plan], host_id="host")

    assert await branches.message(ann, chat.id, answer_id) == edited


async def _messages(turns: Turns, ann: Principal, chat: Conversation) -> dict[str, str]:
    started = await ask(turns, ann, chat, "Hi")
    return {"question": started.user_message_id, "whole": started.assistant_message_id}


@pytest.mark.parametrize("kind", ["question", "whole"])
async def test_only_an_answer_that_broke_off_goes_on(
    turns: Turns, ann: Principal, chat: Conversation, kind: str
) -> None:
    ids = await _messages(turns, ann, chat)

    with pytest.raises(InvalidRequest) as refusal:
        await turns.go_on(ann, chat.id, answer_id=ids[kind])

    assert refusal.value.param == "continue_id"


async def test_an_answer_without_a_word_does_not_go_on(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", hang())
    started = await turns.start(ann, chat.id, content="Hi")
    await turns.cancel(ann, started.turn_id)

    with pytest.raises(InvalidRequest):
        await turns.go_on(ann, chat.id, answer_id=started.assistant_message_id)


async def test_a_running_answer_does_not_go_on(
    turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", gated("one", " two")[0])
    started = await turns.start(ann, chat.id, content="Hi")
    await text_arrives(turns, ann, started)

    with pytest.raises(Conflict):
        await turns.go_on(ann, chat.id, answer_id=started.assistant_message_id)


async def test_what_cannot_go_on_stays_as_it_is(
    turns: Turns,
    conversations: Conversations,
    upstream: Upstream,
    ann: Principal,
    ben: Principal,
    chat: Conversation,
) -> None:
    started = await _broken_off(turns, upstream, ann, chat)
    answer_id, before = started.assistant_message_id, await newest(conversations, ann, chat)
    other = await conversations.create(ann)

    with pytest.raises(ModelNotFound):
        await turns.go_on(ann, chat.id, answer_id=answer_id, model="acme/none")
    for who, where, which in (
        (ben, chat.id, answer_id),
        (ann, other.id, answer_id),
        (ann, chat.id, "msg_none"),
    ):
        with pytest.raises(NotFound):
            await turns.go_on(who, where, answer_id=which)

    after: Message = await newest(conversations, ann, chat)
    assert after == before
