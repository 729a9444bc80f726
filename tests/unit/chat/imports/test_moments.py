"""Times of files."""

import math
import time

import pytest

from aiportal.chat.imports.moments import moment_text
from aiportal.errors import InvalidRequest

AT = "2023-11-14T22:13:20.000+00:00"


@pytest.mark.parametrize(
    "value",
    [
        1_700_000_000,
        1_700_000_000.0,
        1_700_000_000_000,
        1_700_000_000_000_000,
        1_700_000_000_000_000_000,
        "2023-11-14T22:13:20Z",
        "2023-11-14T23:13:20+01:00",
        "2023-11-14T22:13:20",
    ],
)
def test_a_moment_is_understood(value: object) -> None:
    assert moment_text(value) == AT


@pytest.mark.parametrize("value", [None, 0, 0.0, ""])
def test_no_time_is_no_error(value: object) -> None:
    assert moment_text(value) is None


def test_a_clock_that_is_ahead_is_put_back() -> None:
    assert (moment_text(time.time() + 3_600) or "") <= (moment_text(time.time()) or "") + "z"


@pytest.mark.parametrize(
    "value",
    [
        -1,
        1,
        1e300,
        -1e300,
        math.nan,
        math.inf,
        10**400,
        True,
        [],
        {},
        "yesterday",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31",
        pytest.param(time.time() + 100 * 86_400, id="in 100 days"),
    ],
)
def test_what_cannot_have_been_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequest, match="none that can have been"):
        moment_text(value)
