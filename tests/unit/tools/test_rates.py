"""How often a caller may call a tool."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from aiportal.errors import RateLimited
from aiportal.tools.rates import CallRates
from tests.unit.tools.tool_folders import ANN, BOB, made


def test_calls_at_once_are_counted_for_each_caller(tmp_path: Path) -> None:
    tool, rates = made(tmp_path, rateLimit={"parallel": 2}), CallRates()
    with ExitStack() as running:
        running.enter_context(rates.counted(ANN, tool))
        running.enter_context(rates.counted(ANN, tool))
        with pytest.raises(RateLimited, match="2 times at once"), rates.counted(ANN, tool):
            pass
        running.enter_context(rates.counted(BOB, tool))
    with rates.counted(ANN, tool):
        pass


def test_calls_a_minute_are_a_moving_window(tmp_path: Path) -> None:
    now = [0.0]
    tool, rates = made(tmp_path, rateLimit={"rpm": 2}), CallRates(lambda: now[0])
    for moment in (0.0, 30.0):
        now[0] = moment
        with rates.counted(ANN, tool):
            pass
    now[0] = 59.0
    with pytest.raises(RateLimited, match="2 calls a minute") as error, rates.counted(ANN, tool):
        pass
    assert error.value.retry_after_s == 1
    now[0] = 60.0
    with rates.counted(ANN, tool):
        pass
    with pytest.raises(RateLimited), rates.counted(ANN, tool):
        pass
