"""Answers grow at a pace, and nothing of them is lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from aiportal.events import Event, TextDelta, TurnFinished, TurnStarted
from aiportal.routing import Precedence
from pages.growing import Growing
from pages.pace import Pace
from pages.render import Answer

STARTED = TurnStarted("turn_1", "conv_1", "msg_question", "msg_answer", "acme/fast")
DONE = TurnFinished("done", "stop")


class Pausing(Pace):
    """A page that takes its next look when the test says so."""

    def __init__(self) -> None:
        super().__init__(Precedence())
        self.looks: asyncio.Queue[None] = asyncio.Queue()
        self.rests = 0

    async def rest(self, spent_s: float) -> None:
        assert spent_s >= 0
        self.rests += 1
        await self.looks.get()


class Source:
    """Events that a test puts in."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[tuple[str, Event] | None] = asyncio.Queue()

    def put(self, *events: Event, name: str = "a") -> None:
        for event in events:
            self._events.put_nowait((name, event))

    def end(self) -> None:
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[tuple[str, Event]]:
        while (one := await self._events.get()) is not None:
            yield one


def _growing(pace: Pace, *names: str) -> Growing:
    return Growing({name: Answer("", "") for name in names or ("a",)}, pace)


async def test_the_first_words_come_at_once_and_later_ones_together() -> None:
    source, pace = Source(), Pausing()
    snapshots = _growing(pace).snapshots(source.events())
    source.put(STARTED, TextDelta("One"))
    first = await anext(snapshots)
    source.put(*(TextDelta(f" {number}") for number in range(50)))
    pace.looks.put_nowait(None)
    second = await anext(snapshots)

    assert first[1].text == "One"
    assert second[1].text == "One " + " ".join(map(str, range(50)))
    await snapshots.aclose()


async def test_the_end_is_shown_whatever_the_pace() -> None:
    source, pace = Source(), Pausing()
    source.put(STARTED, TextDelta("One"))
    snapshots = _growing(pace).snapshots(source.events())
    await anext(snapshots)
    source.put(TextDelta(" two"), DONE)
    source.end()
    pace.looks.put_nowait(None)

    rest = [answer async for _, answer in snapshots]

    assert (rest[-1].text, rest[-1].status) == ("One two", "done")


async def test_a_beginning_alone_shows_nothing_new() -> None:
    source = Source()
    source.put(STARTED)
    source.end()

    assert [one async for one in _growing(Pausing()).snapshots(source.events())] == []


async def test_only_the_answers_that_have_grown_are_given() -> None:
    source = Source()
    source.put(TextDelta("x"), name="b")
    source.end()

    found = [
        name async for name, _ in _growing(Pace(Precedence()), "a", "b").snapshots(source.events())
    ]

    assert found == ["b"]


async def test_what_following_raises_comes_out() -> None:
    async def broken() -> AsyncIterator[tuple[str, Event]]:
        yield "a", TextDelta("x")
        raise LookupError

    snapshots = _growing(Pace(Precedence())).snapshots(broken())
    with pytest.raises(LookupError):
        async for _ in snapshots:
            pass
