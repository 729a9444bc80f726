import asyncio
from contextlib import ExitStack

import pytest

from pages import pace as pace_module
from pages.pace import LEAST_S, UPDATES_PER_S, Pace


@pytest.mark.parametrize(
    ("streams", "spent_s", "rest_s"),
    [
        (1, 0.0, LEAST_S),
        (1, 0.05, 0.5),
        (3 * UPDATES_PER_S, 0.0, 3.0),
    ],
)
def test_the_rest_grows_with_the_work_and_with_the_pages(
    streams: int, spent_s: float, rest_s: float
) -> None:
    pace = Pace()
    with ExitStack() as stack:
        for _ in range(streams):
            stack.enter_context(pace.stream())
        assert pace.rest_s(spent_s) == pytest.approx(rest_s)
    assert pace.rest_s(0.0) == LEAST_S


class Answers:
    """Growing answers that are rendered as soon as they may be, each for as long as the test says."""

    def __init__(self, pace: Pace, count: int = 2) -> None:
        self.begun: list[int] = []
        self.may_end = asyncio.Event()
        self._pace = pace
        self.tasks = [asyncio.create_task(self._show(number)) for number in range(count)]

    async def _show(self, number: int) -> None:
        async with self._pace.showing(is_first=False):
            self.begun.append(number)
            await self.may_end.wait()


async def _a_while() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_they_are_shown_one_after_the_other() -> None:
    answers = Answers(Pace())
    await _a_while()
    assert answers.begun == [0]
    answers.may_end.set()
    await asyncio.gather(*answers.tasks)
    assert answers.begun == [0, 1]


async def test_what_begins_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "WAITING_S", 3_600.0)
    pace = Pace()
    with pace.beginning():
        answers = Answers(pace)
        await _a_while()
        assert answers.begun == []
        with pace.beginning():
            await _a_while()
        await _a_while()
        assert answers.begun == []
    answers.may_end.set()
    await asyncio.gather(*answers.tasks)
    assert answers.begun == [0, 1]


async def test_first_words_wait_for_nobody_and_the_others_for_them() -> None:
    pace = Pace()
    answers = Answers(pace)
    await _a_while()
    async with pace.showing(is_first=True):
        answers.may_end.set()
        await _a_while()
        assert answers.begun == [0]
    await asyncio.gather(*answers.tasks)
    assert answers.begun == [0, 1]


async def test_a_page_that_is_left_meanwhile_holds_up_nobody() -> None:
    answers = Answers(Pace(), count=3)
    await _a_while()
    for one in answers.tasks[:2]:
        one.cancel()
    answers.may_end.set()
    await asyncio.wait(answers.tasks)
    assert answers.begun == [0, 2]


async def test_what_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "WAITING_S", 0.0)
    pace = Pace()
    with pace.beginning():
        answers = Answers(pace)
        answers.may_end.set()
        await asyncio.gather(*answers.tasks)
    assert answers.begun == [0, 1]
