import random
import time
from collections import Counter

import pytest

from aiportal.errors import UpstreamError
from aiportal.registry import Cooldown, Deployment
from aiportal.routing.choice import choose, shares
from aiportal.routing.health import Board
from tests.unit.routing.models import deployment, model

ONE, TWO = deployment("one"), deployment("two")


def break_down(board: Board, broken: Deployment) -> None:
    """Let it cool down for an hour."""
    now = time.monotonic()
    board.of(broken).begin(now)
    board.of(broken).failed(now, now, UpstreamError("no"), Cooldown(1, 3600))
    board.of(broken).ended()


def answer_in(board: Board, quick: Deployment, seconds: float) -> None:
    now = time.monotonic()
    board.of(quick).begin(now - seconds)
    board.of(quick).answered(now, now - seconds)
    board.of(quick).ended()


def test_weights_are_shares() -> None:
    deployments = [deployment("one", weight=3), deployment("two", weight=1)]
    assert shares(model(deployments), deployments, Board()) == [0.75, 0.25]


def test_what_is_chosen_follows_the_shares() -> None:
    random.seed(1)
    deployments, board = [deployment("one", weight=3), deployment("two", weight=1)], Board()
    counts = Counter(choose(model(deployments), deployments, board).id for _ in range(4000))
    assert counts["one"] / 4000 == pytest.approx(0.75, abs=0.03)


def test_one_that_cools_down_is_passed_over() -> None:
    board = Board()
    break_down(board, ONE)
    assert shares(model([ONE, TWO]), [ONE, TWO], board) == [0, 1]


def test_where_all_cool_down_the_one_that_fared_best_is_asked() -> None:
    board = Board()
    answer_in(board, TWO, 0.1)
    break_down(board, ONE)
    break_down(board, TWO)
    assert choose(model([ONE, TWO]), [ONE, TWO], board) is TWO


def test_where_none_has_answered_the_one_that_failed_least_often_is_asked() -> None:
    board = Board()
    for _ in range(4):
        break_down(board, ONE)
    break_down(board, TWO)
    assert choose(model([ONE, TWO]), [ONE, TWO], board) is TWO


def test_a_single_one_is_asked_however_it_fares() -> None:
    board = Board()
    break_down(board, ONE)
    assert choose(model([ONE]), [ONE], board) is ONE


def test_the_least_busy_by_weight() -> None:
    board, strong = Board(), deployment("strong", weight=3)
    for busy in (ONE, strong, strong):
        board.of(busy).begin(0)
    assert shares(model([ONE, strong], strategy="least_busy"), [ONE, strong], board) == [0, 1]


def test_the_quickest() -> None:
    board = Board()
    answer_in(board, ONE, 0.2)
    answer_in(board, TWO, 0.1)
    assert shares(model([ONE, TWO], strategy="latency"), [ONE, TWO], board) == [0, 1]


def test_one_that_nothing_is_known_of_gets_one_call_to_tell() -> None:
    board, measured = Board(), model([ONE, TWO], strategy="latency")
    answer_in(board, ONE, 0.1)
    assert shares(measured, [ONE, TWO], board) == [0, 1]
    board.of(TWO).begin(time.monotonic())
    assert shares(measured, [ONE, TWO], board) == [1, 0]


def test_where_all_are_being_measured_weights_decide() -> None:
    board = Board()
    for one in (ONE, TWO):
        board.of(one).begin(time.monotonic())
    assert shares(model([ONE, TWO], strategy="latency"), [ONE, TWO], board) == [0.5, 0.5]


def test_the_cheapest_and_among_equals_by_weight() -> None:
    deployments = [
        deployment("dear", price=2),
        deployment("cheap", price=1),
        deployment("cheap too", price=1, weight=3),
    ]
    assert shares(model(deployments, strategy="cost"), deployments, Board()) == [0, 0.25, 0.75]
