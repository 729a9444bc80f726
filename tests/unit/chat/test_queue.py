"""Questions that wait for the end of an answer: asked in order, kept, never twice."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from aiportal.chat import Attachments, Conversation, Conversations, Queue, Turns
from aiportal.chat.attachments.rows import sweep_rows
from aiportal.chat.turn_plan import TurnPlan
from aiportal.errors import Conflict, InvalidRequest, ModelNotFound, NotFound
from aiportal.events import TurnStarted
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import to_text
from tests.unit.chat.asking import DEADLINE_S, events_of, gated, sent, text_arrives
from tests.unit.chat.conftest import OpenTurns
from tests.upstreams import Upstream, hang, text

ROUNDS = 10


@pytest.fixture
async def queue(turns: Turns, database: Database) -> AsyncIterator[Queue]:
    """Wired as in the portal."""
    async with Queue(database, turns=turns) as queue:
        turns.on_done = queue.consider
        yield queue


async def _waiting(queue: Queue, principal: Principal, chat: Conversation) -> list[str]:
    return [one.content for one in await queue.list(principal, chat.id)]


async def _texts(
    conversations: Conversations, principal: Principal, chat: Conversation
) -> list[str]:
    return [one.content for one in await conversations.path(principal, chat.id)]


async def test_questions_are_asked_one_after_the_other_and_follow_each_other(
    queue: Queue, turns: Turns, conversations: Conversations, ann: Principal,
    chat: Conversation, upstream: Upstream,
) -> None:  # fmt: skip
    answer, (gate,) = gated("One", " and")
    upstream.answer("fast", answer, text("Two"))
    upstream.answer("slow", text("Three"))
    started = await turns.start(ann, chat.id, content="1?", model="acme/fast")
    _, at_once = await queue.add(ann, chat.id, content="2?")
    assert at_once is None
    await queue.add(ann, chat.id, content="3?", model="acme/slow")
    assert await _waiting(queue, ann, chat) == ["2?", "3?"]

    gate.open()
    second = await queue.following(ann, started.turn_id)
    assert second is not None
    third = await queue.following(ann, second.turn_id or "")
    assert third is not None
    assert await queue.following(ann, third.turn_id or "") is None

    assert await _texts(conversations, ann, chat) == ["1?", "One and", "2?", "Two", "3?", "Three"]
    assert (second.model, third.model) == ("acme/fast", "acme/slow")
    assert sent(upstream)[-1] == ("user", "3?")
    assert await _waiting(queue, ann, chat) == []
    assert (await conversations.get(ann, chat.id)).model == "acme/slow"


async def test_after_a_stop_they_wait_until_they_are_sent(
    queue: Queue, turns: Turns, conversations: Conversations, ann: Principal,
    chat: Conversation, upstream: Upstream,
) -> None:  # fmt: skip
    answer, _ = gated("Half", " and")
    upstream.answer("fast", answer, text("Two"), text("Three"))
    started = await turns.start(ann, chat.id, content="1?", model="acme/fast")
    await text_arrives(turns, ann, started)
    for question in ("2?", "3?"):
        await queue.add(ann, chat.id, content=question)
    await turns.cancel(ann, started.turn_id)
    assert await queue.following(ann, started.turn_id) is None
    _, at_once = await queue.add(ann, chat.id, content="4?")
    assert at_once is None  # behind the others
    assert await _waiting(queue, ann, chat) == ["2?", "3?", "4?"]

    await queue.remove(ann, chat.id, (await queue.list(ann, chat.id))[2].id)
    sending = await queue.send(ann, chat.id)
    third = await queue.following(ann, sending.turn_id)

    assert third is not None
    await events_of(turns, ann, third.turn_id or "")
    assert await _texts(conversations, ann, chat) == ["1?", "Half", "2?", "Two", "3?", "Three"]
    with pytest.raises(NotFound, match="No question waits"):
        await queue.send(ann, chat.id)


async def test_where_nothing_runs_a_question_is_asked_at_once(
    queue: Queue, turns: Turns, ann: Principal, chat: Conversation, upstream: Upstream
) -> None:
    upstream.answer("fast", text("One"))
    _, started = await queue.add(ann, chat.id, content="1?", model="acme/fast")
    assert started is not None
    await events_of(turns, ann, started.turn_id)
    assert await _waiting(queue, ann, chat) == []


async def test_it_follows_what_was_asked_behind_its_turn_whatever_is_looked_at(
    queue: Queue, turns: Turns, conversations: Conversations, ann: Principal,
    chat: Conversation, upstream: Upstream,
) -> None:  # fmt: skip
    upstream.answer("fast", *map(text, ("One", "Other", "Two", "Other", "Three")))

    async def ask(content: str, parent_id: str | None) -> TurnStarted:
        started = await turns.start(
            ann, chat.id, content=content, parent_id=parent_id, model="acme/fast"
        )
        await events_of(turns, ann, started.turn_id)
        return started

    first = await ask("1?", None)
    followed = first.assistant_message_id
    for question in ("2?", "3?"):
        await ask("Other?", "root")
        _, at_once = await queue.add(
            ann, chat.id, content=question, parent_id=followed, behind=first.turn_id
        )
        assert at_once is not None
        await events_of(turns, ann, at_once.turn_id)
        last = at_once.assistant_message_id
    path = await conversations.path(ann, chat.id, leaf_id=last)
    assert [one.content for one in path if one.role == "user"] == ["1?", "2?", "3?"]


async def test_what_is_asked_at_once_is_taken_by_no_turn_that_has_just_ended(
    queue: Queue, turns: Turns, conversations: Conversations, ann: Principal,
    chat: Conversation, upstream: Upstream,
) -> None:  # fmt: skip
    upstream.answer("fast", text("One"), text("Other"), *[text("Two")] * ROUNDS)
    ended: list[TurnPlan] = []
    turns.on_done = ended.append
    first = await turns.start(ann, chat.id, content="1?", model="acme/fast")
    await events_of(turns, ann, first.turn_id)
    other = await turns.start(ann, chat.id, content="Other?", parent_id="root", model="acme/fast")
    await events_of(turns, ann, other.turn_id)

    async def take_what_waits() -> None:
        while True:
            queue.consider(ended[1])
            await queue.following(ann, other.turn_id)

    taking = asyncio.create_task(take_what_waits())
    for _ in range(ROUNDS):
        _, asked = await queue.add(ann, chat.id, content="2?", parent_id=first.assistant_message_id)
        assert asked is not None
        await events_of(turns, ann, asked.turn_id)
        path = await conversations.path(ann, chat.id, leaf_id=asked.assistant_message_id)
        assert [one.content for one in path] == ["1?", "One", "2?", "Two"]
    taking.cancel()
    await asyncio.wait({taking})


async def test_what_is_refused_where_it_could_be_asked_at_once_is_kept_with_the_reason(
    queue: Queue, turns: Turns, conversations: Conversations, ann: Principal,
    chat: Conversation, wired_settings: Settings, upstream: Upstream,
) -> None:  # fmt: skip
    upstream.answer("fast", hang())
    for _ in range(wired_settings.max_turns_per_user):
        other = await conversations.create(ann)
        await turns.start(ann, other.id, content="Hi", model="acme/fast")
    question, asked = await queue.add(ann, chat.id, content="1?", model="acme/fast")
    assert (asked, await queue.list(ann, chat.id)) == (None, [question])
    assert "answers running" in (question.error or "")


async def test_what_cannot_be_asked_stays_with_the_reason_and_holds_the_others_up(
    queue: Queue, turns: Turns, database: Database, ann: Principal, chat: Conversation,
    upstream: Upstream,
) -> None:  # fmt: skip
    answer, (gate,) = gated("One", " and")
    upstream.answer("fast", answer)
    started = await turns.start(ann, chat.id, content="1?", model="acme/fast")
    for question in ("2?", "3?"):
        await queue.add(ann, chat.id, content=question)
    sql = "UPDATE queued_questions SET model = 'acme/gone' WHERE content = '2?'"
    await database.write(lambda connection: connection.execute(sql).rowcount)
    gate.open()
    assert await queue.following(ann, started.turn_id) is None
    first, second = await queue.list(ann, chat.id)
    assert (first.content, second.error) == ("2?", None)
    assert "acme/gone" in (first.error or "")
    with pytest.raises(ModelNotFound):
        await queue.send(ann, chat.id)


async def test_a_question_is_checked_when_it_comes_and_twenty_wait_at_most(
    queue: Queue, turns: Turns, ann: Principal, ben: Principal, chat: Conversation,
    upstream: Upstream,
) -> None:  # fmt: skip
    answer, _ = gated("One", " and")
    upstream.answer("fast", answer)
    await turns.start(ann, chat.id, content="1?", model="acme/fast")
    with pytest.raises(ModelNotFound):
        await queue.add(ann, chat.id, content="2?", model="acme/none")
    with pytest.raises(InvalidRequest):
        await queue.add(ann, chat.id, content="")
    with pytest.raises(NotFound):
        await queue.add(ann, chat.id, content="2?", attachments=["file_none"])
    for number in range(20):
        question, _ = await queue.add(ann, chat.id, content=str(number))
    with pytest.raises(Conflict, match="as many as can"):
        await queue.add(ann, chat.id, content="too many")
    for others in (
        queue.add(ben, chat.id, content="2?"),
        queue.list(ben, chat.id),
        queue.remove(ben, chat.id, question.id),
        queue.send(ben, chat.id),
    ):
        with pytest.raises(NotFound):
            await others
    assert len(await queue.list(ann, chat.id)) == 20


async def test_a_question_is_asked_once_even_if_it_is_sent_twice_at_once(
    queue: Queue, turns: Turns, conversations: Conversations, ann: Principal,
    chat: Conversation, upstream: Upstream,
) -> None:  # fmt: skip
    upstream.answer("fast", text("Two"), text("Never"))
    answer, _ = gated("Half", " and")
    upstream.answer("slow", answer)
    started = await turns.start(ann, chat.id, content="1?", model="acme/slow")
    await text_arrives(turns, ann, started)
    await queue.add(ann, chat.id, content="2?", model="acme/fast")
    await turns.cancel(ann, started.turn_id)
    sent_now = await asyncio.gather(
        *(queue.send(ann, chat.id) for _ in range(3)), return_exceptions=True
    )
    refused = [one for one in sent_now if isinstance(one, Conflict | NotFound)]
    assert len(refused) == 2
    assert (await _texts(conversations, ann, chat)).count("2?") == 1


async def test_its_files_are_kept_and_go_with_it(
    queue: Queue, turns: Turns, database: Database, wired_settings: Settings, ann: Principal,
    chat: Conversation, upstream: Upstream,
) -> None:  # fmt: skip
    answer, (gate,) = gated("One", " and")
    upstream.answer("fast", answer, text("Two"))
    attachments = Attachments(database, wired_settings)
    file = await attachments.add(ann, name="moths.txt", file=io.BytesIO(b"Moths sleep."))
    started = await turns.start(ann, chat.id, content="1?", model="acme/fast")
    await queue.add(ann, chat.id, content="", attachments=[file.id])
    with pytest.raises(Conflict):
        await attachments.delete(ann, file.id)
    later = to_text(datetime.now(UTC) + timedelta(days=9))
    assert await database.write(lambda connection: sweep_rows(connection, later)) == 0

    gate.open()
    async with asyncio.timeout(DEADLINE_S):
        following = await queue.following(ann, started.turn_id)
    assert following is not None
    await events_of(turns, ann, following.turn_id or "")
    assert "Moths sleep." in str(upstream.last().json["messages"][-1])


async def test_they_wait_on_when_the_portal_stops_and_go_on_after_the_next_answer(
    open_turns: OpenTurns, database: Database, conversations: Conversations, ann: Principal,
    chat: Conversation, upstream: Upstream,
) -> None:  # fmt: skip
    answer, _ = gated("Half", " and")
    upstream.answer("fast", answer, text("Again"), text("Two"))
    async with open_turns() as turns, Queue(database, turns=turns) as queue:
        turns.on_done = queue.consider
        started = await turns.start(ann, chat.id, content="1?", model="acme/fast")
        await text_arrives(turns, ann, started)
        await queue.add(ann, chat.id, content="2?")
    async with open_turns() as turns, Queue(database, turns=turns) as queue:
        turns.on_done = queue.consider
        assert await _waiting(queue, ann, chat) == ["2?"]
        again = await turns.retry(ann, chat.id, question_id=started.user_message_id)
        following = await queue.following(ann, again.turn_id)
        assert following is not None
        await events_of(turns, ann, following.turn_id or "")
    assert await _texts(conversations, ann, chat) == ["1?", "Again", "2?", "Two"]
