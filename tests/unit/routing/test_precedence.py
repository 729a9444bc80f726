"""What waits for what begins, and for how long."""

import asyncio

import pytest

from aiportal.routing import Precedence
from aiportal.routing import precedence as module
from aiportal.routing.precedence import LOOKS

PATIENCE_S = 10


class Answers:
    """Growing answers that go on as soon as they may."""

    def __init__(self, precedence: Precedence) -> None:
        self.went_on: list[int] = []
        self._precedence = precedence
        self.tasks = [asyncio.create_task(self._go_on(number)) for number in range(3)]

    async def _go_on(self, number: int) -> None:
        await self._precedence.rest(0.0)
        self.went_on.append(number)


@pytest.fixture(autouse=True)
def _rests_only_for_what_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS_PER_S", 1e9)


@pytest.fixture
def waits_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_S", 3_600.0)


async def _a_while() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def test_nothing_is_waited_for_where_nothing_begins() -> None:
    answers = Answers(Precedence())
    await asyncio.gather(*answers.tasks)
    assert answers.went_on == [0, 1, 2]


@pytest.mark.usefixtures("waits_long")
async def test_what_begins_goes_first() -> None:
    precedence = Precedence()
    with precedence.beginning():
        answers = Answers(precedence)
        with precedence.beginning():
            await _a_while()
        await _a_while()
        assert answers.went_on == []
    await asyncio.gather(*answers.tasks)
    assert answers.went_on == [0, 1, 2]


@pytest.mark.usefixtures("waits_long")
async def test_the_next_step_of_what_begins_goes_first_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER_S", 3_600.0)
    precedence = Precedence()
    with precedence.beginning():
        answers = Answers(precedence)
    await _a_while()
    assert answers.went_on == []
    monkeypatch.setattr(module, "LINGER_S", 0.0)
    with precedence.beginning():
        await _a_while()
        assert answers.went_on == []
    await asyncio.gather(*answers.tasks)


@pytest.mark.usefixtures("waits_long")
async def test_what_begins_meanwhile_finds_one_answer_before_it() -> None:
    precedence = Precedence()
    ended = asyncio.Event()

    async def begin_and_hold() -> None:
        for _ in range(LOOKS - 1):  # of the event loop, until a call that has come is known as one
            await asyncio.sleep(0)
        with precedence.beginning():
            await ended.wait()

    class Telling(Answers):
        async def _go_on(self, number: int) -> None:
            await super()._go_on(number)
            if not number:
                beginnings.append(asyncio.create_task(begin_and_hold()))

    beginnings: list[asyncio.Task[None]] = []
    with precedence.beginning():
        answers = Telling(precedence)
        await _a_while()
    await answers.tasks[0]
    await _a_while()
    assert answers.went_on == [0]
    ended.set()
    await asyncio.gather(*answers.tasks, *beginnings)
    assert answers.went_on == [0, 1, 2]


async def test_what_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_S", 0.0)
    precedence = Precedence()
    with precedence.beginning():
        answers = Answers(precedence)
        await asyncio.gather(*answers.tasks)
    assert answers.went_on == [0, 1, 2]


async def test_many_answers_take_fewer_and_larger_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS_PER_S", 1 / 3_600)
    precedence = Precedence()
    answers = Answers(precedence)
    await _a_while()
    assert answers.went_on == []
    for task in answers.tasks:
        task.cancel()
    await asyncio.wait(answers.tasks)

    monkeypatch.setattr(module, "STEPS_PER_S", 1e9)
    late = asyncio.create_task(precedence.rest(0.0))
    await _a_while()
    assert late.done()
    assert precedence._resting == 0


async def test_answers_that_are_late_together_go_on_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WAITING_S", 0.0)
    precedence = Precedence()
    rounds = 0

    class Counting(Answers):
        async def _go_on(self, number: int) -> None:
            await super()._go_on(number)
            at.append(rounds)

    async def count() -> None:
        nonlocal rounds
        while len(at) < len(answers.tasks):
            rounds += 1
            await asyncio.sleep(0)

    at: list[int] = []
    with precedence.beginning():
        answers = Counting(precedence)
        await count()
    first, second, third = at
    assert first < second < third


async def test_an_end_that_does_not_come_is_waited_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WAITING_S", 0.05)
    precedence = Precedence()
    with precedence.beginning():
        async with asyncio.timeout(PATIENCE_S):
            await precedence.rest(0.0)


async def test_one_beginning_after_the_other_is_waited_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WAITING_S", 0.05)
    monkeypatch.setattr(module, "LINGER_S", 0.0)
    precedence = Precedence()

    async def begin_again_and_again() -> None:
        while True:
            with precedence.beginning():
                await asyncio.sleep(module.WAITING_S / 3)
            await precedence._is_calm.wait()

    beginnings = asyncio.create_task(begin_again_and_again())
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        await precedence.rest(0.0)
    beginnings.cancel()
    await asyncio.wait({beginnings})


@pytest.mark.usefixtures("waits_long")
async def test_what_has_gone_on_for_long_is_not_waited_for() -> None:
    precedence = Precedence()
    with precedence.beginning():
        precedence._busy_since_s -= 2 * module.WAITING_S
        late = asyncio.create_task(precedence.rest(0.0))
        await _a_while()
        assert late.done()
