"""The plot of strengths and the table beside it."""

import pytest

from aiportal.chat.arena import Leaderboard, Standing
from pages.arena_page import Axis, leaderboard_html

FIRST = Standing("acme/<fast>", 1100.4, 1020.0, 1210.0, 40, 25, 10, 5)
SECOND = Standing("acme/slow", 899.6, 790.0, 980.0, 1, 0, 1, 0)


def test_every_model_has_its_point_its_interval_and_its_figures() -> None:
    html = leaderboard_html(Leaderboard([FIRST, SECOND], 1_041))
    assert "1,041 votes" in html
    assert "acme/<fast>" not in html
    assert html.count("<circle") == 2
    assert 'aria-label="acme/&lt;fast&gt;: 1,100, between 1,020 and 1,210"' in html
    for figure in ("1,100", "1,020 – 1,210", "69 %", "790 – 980"):
        assert figure in html


def test_without_votes_it_is_said_how_to_cast_one() -> None:
    assert "Nobody has voted yet" in leaderboard_html(Leaderboard([], 0))
    assert "1 vote of" in leaderboard_html(Leaderboard([FIRST], 1))


@pytest.mark.parametrize(
    ("low", "high"), [(1000, 1000), (998, 1003), (790, 1210), (-400, 2600), (0, 90_000)]
)
def test_the_axis_holds_all_intervals_with_a_few_round_marks(low: float, high: float) -> None:
    axis = Axis.over([Standing("m", (low + high) / 2, low, high, 1, 1, 0, 0)])
    assert axis.low <= low <= high <= axis.high
    assert 2 <= len(axis.ticks) <= 7
    assert (axis.place(axis.low), axis.place(axis.high)) == ("0.00%", "100.00%")
