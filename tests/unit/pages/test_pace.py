import asyncio
from contextlib import ExitStack

import pytest

from aiportal.routing import Precedence
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
    pace = Pace(Precedence())
    with ExitStack() as stack:
        for _ in range(streams):
            stack.enter_context(pace.stream())
        assert pace.rest_s(spent_s) == pytest.approx(rest_s)
    assert pace.rest_s(0.0) == LEAST_S


async def test_an_update_comes_after_what_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "LEAST_S", 0.0)
    pace = Pace(Precedence())
    with pace.beginning():
        resting = asyncio.create_task(pace.rest(0.0))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not resting.done()
    await resting
