import pytest

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import UpstreamError
from aiportal.registry import Cooldown
from aiportal.routing import health as health_module
from aiportal.routing.health import MAX_COOLING_S, Board, Health
from tests.unit.routing.models import deployment

ERROR = UpstreamError("no", code="upstream_unreachable")
COOLDOWN = Cooldown(failures=3, duration_s=30)


def fail(health: Health, at: float, *, began: float | None = None, pause_s: float = 0) -> None:
    """One failed call that ends at that moment."""
    start = at if began is None else began
    health.begin(start)
    health.failed(at, start, ERROR, COOLDOWN, pause_s=pause_s or None)
    health.ended()


def succeed(health: Health, at: float, *, latency_s: float = 0) -> None:
    health.begin(at)
    health.answered(at + latency_s, at)
    health.ended()


@pytest.fixture
def cooling() -> Health:
    """One whose third failure in a row was at 100 s."""
    health = Health()
    for _ in range(3):
        fail(health, 100)
    return health


def test_what_was_never_asked_is_up_and_has_no_figures() -> None:
    figures = Health().figures(0)
    assert (figures.state, figures.calls, figures.p50_ms, figures.p95_ms) == ("up", 0, None, None)


def test_two_failures_in_a_row_are_borne() -> None:
    health = Health()
    for _ in range(5):
        fail(health, 1)
        fail(health, 2)
        succeed(health, 3)
    assert health.is_available(4)
    assert (health.calls, health.failures) == (15, 10)


def test_it_cools_down_for_as_long_as_the_config_says(cooling: Health) -> None:
    assert not cooling.is_available(129.9)
    assert cooling.figures(110).cooling_s == pytest.approx(20)
    assert cooling.state(110) == "cooling"
    assert cooling.state(130) == "trying"
    assert cooling.is_available(130)


def test_one_call_alone_tries_it(cooling: Health) -> None:
    cooling.begin(130)
    assert not cooling.is_available(131)


def test_a_trial_that_goes_well_closes_the_breaker(cooling: Health) -> None:
    succeed(cooling, 130)
    assert (cooling.state(131), cooling.is_available(131)) == ("up", True)


def test_a_trial_that_fails_opens_it_again(cooling: Health) -> None:
    fail(cooling, 130)
    assert not cooling.is_available(159)
    assert cooling.is_available(160)


def test_a_trial_whose_caller_leaves_lets_another_try(cooling: Health) -> None:
    cooling.begin(130)
    cooling.abandoned(130)
    assert cooling.is_available(131)


def test_another_caller_that_leaves_does_not_end_the_trial(cooling: Health) -> None:
    cooling.begin(130)
    cooling.abandoned(99)
    assert not cooling.is_available(131)


def test_time_outs_of_calls_that_were_under_way_do_not_prolong_it(cooling: Health) -> None:
    fail(cooling, 125, began=95)
    assert cooling.is_available(130)


def test_an_answer_to_a_call_that_was_under_way_does_not_end_it() -> None:
    health = Health()
    health.begin(1)
    fail(health, 2, pause_s=30)
    health.answered(3, 1)
    assert not health.is_available(4)


def test_it_is_left_alone_for_as_long_as_it_asks_within_bounds() -> None:
    health = Health()
    fail(health, 0, pause_s=20)
    assert not health.is_available(19)
    fail(health, 20, pause_s=1e9)
    assert health.is_available(20 + MAX_COOLING_S)


def test_broken_answers_count_though_each_had_begun() -> None:
    health = Health()
    for at in range(3):
        health.begin(at)
        health.answered(at, at)
        health.broke_off(at, ERROR, COOLDOWN)
    assert health.state(3) == "cooling"


def test_an_answer_that_comes_to_its_end_forgives_those_that_broke() -> None:
    health = Health()
    for at in range(9):
        health.begin(at)
        health.answered(at, at)
        health.completed() if at % 3 == 2 else health.broke_off(at, ERROR, COOLDOWN)
    assert health.state(9) == "up"


def test_latencies_are_told_as_percentiles() -> None:
    health = Health()
    for ms in range(1, 101):
        succeed(health, 0, latency_s=ms / 1000)
    figures = health.figures(1)
    assert figures.p50_ms == pytest.approx(50.5)
    assert figures.p95_ms == pytest.approx(95.05)
    assert health.latency_ms_sum == pytest.approx(5050)


def test_a_refusal_is_no_failure_and_no_measure_of_speed() -> None:
    health = Health()
    health.begin(0)
    health.refused(1, 0)
    assert (health.success_rate(1), health.average_ms, health.failures) == (1, None, 0)


def test_old_calls_do_not_count_for_the_rate_of_success() -> None:
    health = Health()
    fail(health, 0)
    succeed(health, 100)
    assert health.success_rate(100) == 1
    assert health.success_rate(1000) is None


def test_what_was_used_adds_up() -> None:
    health = Health()
    for _ in range(2):
        health.used(TokenUsage(prompt_tokens=9, completion_tokens=4), 0.5)
    assert (health.prompt_tokens, health.completion_tokens, health.cost_usd) == (18, 8, 1.0)


def test_one_record_belongs_to_one_address() -> None:
    board, here = Board(), deployment()
    assert board.of(here) is board.of(deployment())
    assert board.of(here) is not board.of(deployment("two"))


def test_the_board_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "MAX_DEPLOYMENTS", 2)
    board = Board()
    first = board.of(deployment("0"))
    for number in range(1, 3):
        board.of(deployment(str(number)))
    assert board.of(deployment("0")) is not first
