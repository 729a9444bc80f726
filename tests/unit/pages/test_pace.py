from contextlib import ExitStack

import pytest

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
