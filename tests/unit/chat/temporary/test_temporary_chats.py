"""Temporary chats: how many there may be, how long they live, and how they end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import NoReturn

import pytest

from aiportal.chat import AnswerCache, Completions, TemporaryChats, is_temporary
from aiportal.chat.temporary.chats import MAX_PER_USER
from aiportal.dialects.operations import ModelRequest
from aiportal.errors import (
    Conflict,
    DatabaseUnavailable,
    InvalidRequest,
    NotFound,
    RateLimited,
    ServiceUnavailable,
)
from aiportal.events import Event, TextDelta, TurnFailed, TurnFinished
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.settings import Settings
from tests.unit.chat.asking import DEADLINE_S, gated, sent
from tests.upstreams import Upstream, text
from tests.waiting import until

HOUR_S = 3600


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def portal(wired_settings: Settings) -> AsyncIterator[Portal]:
    async with Portal.open(wired_settings) as portal:
        yield portal


def _opened(portal: Portal, clock: Clock, *, sweep_every_s: float = 60) -> TemporaryChats:
    return TemporaryChats(
        portal.database,
        portal.settings,
        registry=portal.registry,
        completions=portal.completions,
        clock=clock,
        sweep_every_s=sweep_every_s,
    )


@pytest.fixture
async def chats(portal: Portal, clock: Clock) -> AsyncIterator[TemporaryChats]:
    async with _opened(portal, clock) as chats:
        yield chats


@pytest.fixture
async def ann(portal: Portal) -> Principal:
    return await portal.users.operator()


@pytest.fixture
async def ben(portal: Portal, ann: Principal) -> Principal:
    user = await portal.users.create(ann, username="ben", password=None)
    return Principal(user_id=user.id, username="ben", role="user")


async def _events(chats: TemporaryChats, person: Principal, chat_id: str) -> list[Event]:
    async with asyncio.timeout(DEADLINE_S):
        return [event async for _, event in chats.follow(person, chat_id)]


async def _ask(
    chats: TemporaryChats, person: Principal, content: str = "Why?", *, chat_id: str | None = None
) -> str:
    """Ask and wait for the end; the chat's id."""
    started = await chats.ask(person, content=content, chat_id=chat_id, model="acme/fast")
    await _events(chats, person, started.conversation_id)
    return started.conversation_id


async def _running(chats: TemporaryChats, person: Principal, model: str = "acme/slow") -> str:
    return (await chats.ask(person, content="Why?", model=model)).conversation_id


async def test_a_chat_goes_an_hour_after_its_last_use(
    chats: TemporaryChats, ann: Principal, clock: Clock
) -> None:
    used, left = await _ask(chats, ann), await _ask(chats, ann)
    clock.now_s = HOUR_S - 1
    await chats.get(ann, used)
    clock.now_s = HOUR_S + 1

    assert is_temporary(used)
    assert (await chats.get(ann, used)).messages
    with pytest.raises(NotFound, match="an hour after its last use"):
        await chats.get(ann, left)


async def test_the_sweep_lets_go_what_is_over_and_nothing_that_is_answering(
    portal: Portal, upstream: Upstream, ann: Principal, clock: Clock
) -> None:
    answer, gates = gated("one", " two")
    upstream.answer("slow", answer)
    async with _opened(portal, clock, sweep_every_s=0.01) as chats:
        chat_id = await _running(chats, ann)
        await _ask(chats, ann)
        assert chats.held == 2
        clock.now_s = 2 * HOUR_S
        await until(lambda: chats.held == 1)
        gates[0].open()
        events = await _events(chats, ann, chat_id)
    assert events[-1] == TurnFinished("done", "stop")


async def test_of_more_than_twenty_the_longest_unused_goes_and_never_a_running_one(
    chats: TemporaryChats, upstream: Upstream, ann: Principal, ben: Principal
) -> None:
    answer, _ = gated("one", " two")
    upstream.answer("slow", answer)
    running, of_ben = await _running(chats, ann), await _ask(chats, ben)
    ids = [await _ask(chats, ann) for _ in range(MAX_PER_USER - 1)]
    await chats.get(ann, ids[0])

    newest = await _ask(chats, ann)

    with pytest.raises(NotFound):
        await chats.get(ann, ids[1])
    for chat_id in (running, ids[0], *ids[2:], newest):
        await chats.get(ann, chat_id)
    await chats.get(ben, of_ben)
    await chats.stop(ann, running)


async def test_only_so_many_of_a_user_run_at_once(
    chats: TemporaryChats, portal: Portal, upstream: Upstream, ann: Principal, ben: Principal
) -> None:
    answer, _ = gated("one", " two")
    upstream.answer("slow", answer)
    for _ in range(portal.settings.max_turns_per_user):
        await _running(chats, ann)
    with pytest.raises(RateLimited) as refused:
        await _running(chats, ann)
    assert refused.value.code == "too_many_turns"
    await _ask(chats, ben)
    assert chats.held == portal.settings.max_turns_per_user + 1
    await chats.delete_all(ann)
    assert chats.held == 1


async def test_leaving_interrupts_what_runs_and_then_nothing_is_asked(
    portal: Portal, upstream: Upstream, ann: Principal, clock: Clock
) -> None:
    answer, _ = gated("one", " two")
    upstream.answer("slow", answer)
    async with _opened(portal, clock) as chats:
        following = asyncio.create_task(_events(chats, ann, await _running(chats, ann)))
        await upstream.arrival()
    assert (await following)[-1] == TurnFinished("interrupted", None)
    with pytest.raises(ServiceUnavailable):
        await _running(chats, ann)


async def test_stopped_before_it_has_begun_it_ends_all_the_same(
    chats: TemporaryChats, ann: Principal
) -> None:
    chat_id = await _running(chats, ann)
    chat = await chats.stop(ann, chat_id)
    assert chat.messages[-1].status == "cancelled"
    assert (await _events(chats, ann, chat_id))[-1] == TurnFinished("cancelled", None)
    assert (await chats.stop(ann, chat_id)).messages[-1].status == "cancelled"


async def test_a_chat_takes_so_many_characters(
    chats: TemporaryChats, upstream: Upstream, ann: Principal
) -> None:
    upstream.answer("fast", text("Yes."))
    chat_id = await _ask(chats, ann, "x" * 999_000)
    await _ask(chats, ann, "x" * 1_000_000, chat_id=chat_id)
    with pytest.raises(InvalidRequest) as refused:
        await _ask(chats, ann, "x" * 1_000, chat_id=chat_id)
    assert refused.value.code == "chat_too_long"
    # The first exchange does not fit into the model's window any more.
    assert [role for role, _ in sent(upstream)] == ["user"]


class _Broken(Completions):
    """Fails as only a bug does, with words of the user's."""

    def follow(self, principal: Principal, request: ModelRequest, **_: object) -> NoReturn:
        raise ValueError(request.body["messages"])


async def test_a_mistake_of_ours_is_logged_without_the_users_words(
    portal: Portal, ann: Principal, caplog: pytest.LogCaptureFixture
) -> None:
    broken = _Broken(portal.registry, portal.router, AnswerCache())
    async with TemporaryChats(
        portal.database, portal.settings, registry=portal.registry, completions=broken
    ) as chats:
        started = await chats.ask(ann, content="secret words", model="acme/fast")
        events = await _events(chats, ann, started.conversation_id)
    assert [type(event) for event in events[-2:]] == [TurnFailed, TurnFinished]
    assert "ValueError" in caplog.text
    assert "secret words" not in caplog.text + repr(events)


async def test_what_cannot_be_stored_is_still_there_and_is_kept_once(
    chats: TemporaryChats, portal: Portal, ann: Principal
) -> None:
    async def rename(old: str, new: str) -> None:
        await portal.database.write(lambda db: db.execute(f"ALTER TABLE {old} RENAME TO {new}"))

    chat_id = await _ask(chats, ann)
    await rename("messages", "away")
    with pytest.raises(DatabaseUnavailable):
        await chats.keep(ann, chat_id)
    await rename("away", "messages")
    kept = await asyncio.gather(
        chats.keep(ann, chat_id), chats.keep(ann, chat_id), return_exceptions=True
    )
    assert {type(one) for one in kept} == {str, NotFound}
    page = await portal.conversations.list(ann)
    assert [one.id for one in page.data] == [one for one in kept if isinstance(one, str)]


async def test_another_answer_is_followed_from_its_start(
    chats: TemporaryChats, upstream: Upstream, ann: Principal
) -> None:
    upstream.answer("fast", text("One"), text("Two"))
    chat_id = await _ask(chats, ann)
    first = (await chats.get(ann, chat_id)).messages[-1]
    started = await chats.again(ann, chat_id)
    following = _events(chats, ann, chat_id)
    assert TextDelta("Two") in await following
    assert started.turn_id != first.turn_id
    with pytest.raises(NotFound):
        await anext(chats.follow(ann, chat_id, turn_id=first.turn_id))
    with pytest.raises(Conflict):
        await chats.keep(ann, await _running(chats, ann))
