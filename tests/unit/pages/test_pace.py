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
    """Growing answers that are shown as soon as they may be."""

    def __init__(self, pace: Pace, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pace_module, "LEAST_S", 0.0)
        self.shown: list[int] = []
        self._pace = pace
        self.tasks = [asyncio.create_task(self._show(number)) for number in range(2)]

    async def _show(self, number: int) -> None:
        await self._pace.rest(0.0)
        self.shown.append(number)


async def _a_while() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_begins_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "WAITING_S", 3_600.0)
    pace = Pace()
    with pace.beginning():
        answers = Answers(pace, monkeypatch)
        with pace.beginning():
            await _a_while()
        await _a_while()
        assert answers.shown == []
    await asyncio.gather(*answers.tasks)
    assert answers.shown == [0, 1]


async def test_what_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "WAITING_S", 0.0)
    pace = Pace()
    with pace.beginning():
        answers = Answers(pace, monkeypatch)
        await asyncio.gather(*answers.tasks)
    assert answers.shown == [0, 1]
