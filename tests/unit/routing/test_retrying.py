from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from aiportal.errors import (
    InternalError,
    ModelUnavailable,
    PortalError,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from aiportal.registry import Retries
from aiportal.routing.retrying import Remedy, pause_s, remedy, retry_after_s, tries_worth

RETRIES = Retries(attempts=2, base_delay_s=1, max_delay_s=8)
FAILED = UpstreamError("no", upstream_status=500)
REMEDIES: list[tuple[PortalError, Remedy]] = [
    (UpstreamRejected("no"), Remedy.NOWHERE),
    (InternalError("no"), Remedy.NOWHERE),
    (UpstreamRejected("no", code="context_length_exceeded"), Remedy.OTHER_MODEL),
    (ModelUnavailable("no"), Remedy.OTHER_MODEL),
    (UpstreamRateLimited("no", upstream_status=429), Remedy.ELSEWHERE),
    (UpstreamError("no", upstream_status=401), Remedy.ELSEWHERE),
    (UpstreamError("no", upstream_status=403), Remedy.ELSEWHERE),
    (UpstreamError("no", upstream_status=404), Remedy.ELSEWHERE),
    (UpstreamTimeout("silence"), Remedy.ELSEWHERE),
    (UpstreamOverloaded("no", upstream_status=503, retry_after="9"), Remedy.ELSEWHERE),
    (UpstreamOverloaded("no", upstream_status=503, retry_after="8"), Remedy.ANYWHERE),
    (UpstreamTimeout("no", upstream_status=408), Remedy.ANYWHERE),
    (UpstreamError("unreachable"), Remedy.ANYWHERE),
    (FAILED, Remedy.ANYWHERE),
]


@pytest.mark.parametrize(("error", "expected"), REMEDIES)
def test_each_failure_has_its_remedy(error: PortalError, expected: Remedy) -> None:
    assert remedy(error, RETRIES) is expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7),
        ("0.5", 0.5),
        ("-3", 0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 99999999999 Oct 2015 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +9999", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header) == seconds


def test_a_retry_after_may_be_a_date_to_come() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=60)
    assert retry_after_s(format_datetime(moment, usegmt=True)) == pytest.approx(60, abs=2)


@pytest.mark.parametrize(("number", "bound_s"), [(0, 1), (1, 2), (2, 4), (3, 8), (9, 8)])
def test_pauses_double_up_to_a_bound(number: int, bound_s: float) -> None:
    pauses = [pause_s(RETRIES, number, FAILED) for _ in range(500)]
    assert bound_s * 0.9 < max(pauses) <= bound_s
    assert min(pauses) < bound_s * 0.1


def test_a_pause_is_at_least_what_was_asked_for() -> None:
    overloaded = UpstreamOverloaded("no", upstream_status=503, retry_after="5")
    assert pause_s(RETRIES, 0, overloaded) == 5


def test_what_a_deployment_wants_that_is_not_asked_again_counts_for_nothing() -> None:
    limited = UpstreamRateLimited("no", upstream_status=429, retry_after="3600")
    assert pause_s(RETRIES, 0, limited) <= 1


@pytest.mark.parametrize(
    ("rate", "tries"), [(0.0, 2), (0.1, 2), (0.5, 13), (0.91, 3), (0.9999, 2), (1.0, 2)]
)
def test_more_tries_are_worth_it_where_some_of_them_succeed(rate: float, tries: int) -> None:
    assert tries_worth(RETRIES, rate, FAILED) == tries


def test_one_that_is_overloaded_is_not_asked_more_often() -> None:
    assert tries_worth(RETRIES, 0.5, UpstreamOverloaded("no", upstream_status=503)) == 2


def test_no_attempts_are_none() -> None:
    assert tries_worth(Retries(attempts=0), 0.5, FAILED) == 0
