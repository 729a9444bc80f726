"""Which of several deployments is asked next."""

import math
import random
import time
from collections.abc import Callable, Sequence

from aiportal.registry import Deployment, Model, Strategy
from aiportal.routing.health import Board

__all__ = ["choose", "shares"]

Weigher = Callable[[Sequence[Deployment], Board, float], Sequence[float]]


def choose(model: Model, candidates: Sequence[Deployment], board: Board) -> Deployment:
    """One of `candidates` (at least one), by the model's strategy.

    Those that cool down are passed over; where all of them do, it is the one that has fared best, and where
    none has answered, the one that has failed least often.
    """
    if len(candidates) == 1:
        return candidates[0]
    available, weights = _weighed(model, candidates, board)
    return random.choices(available, weights)[0]  # noqa: S311 - load balancing, not a secret


def shares(model: Model, candidates: Sequence[Deployment], board: Board) -> list[float]:
    """How probably each of `candidates` (at least one) is chosen now: together 1."""
    available, weights = _weighed(model, candidates, board)
    whole = sum(weights)
    by_id = {each.id: weight / whole for each, weight in zip(available, weights, strict=True)}
    return [by_id.get(each.id, 0.0) for each in candidates]


def _weighed(
    model: Model, candidates: Sequence[Deployment], board: Board
) -> tuple[Sequence[Deployment], Sequence[float]]:
    now = time.monotonic()
    available = [each for each in candidates if board.of(each).is_available(now)]
    if available:
        return available, _WEIGHERS[model.strategy](available, board, now)
    return [max(candidates, key=lambda each: board.of(each).prospect(now))], [1.0]


def _by_weight(candidates: Sequence[Deployment], _board: Board, _now: float) -> Sequence[float]:
    return [each.weight for each in candidates]


def _least(candidates: Sequence[Deployment], costs: Sequence[float]) -> Sequence[float]:
    """Those that cost least, by weight."""
    least = min(costs)
    return [
        each.weight if cost <= least else 0.0 for each, cost in zip(candidates, costs, strict=True)
    ]


def _least_busy(candidates: Sequence[Deployment], board: Board, _now: float) -> Sequence[float]:
    return _least(candidates, [board.of(each).in_flight / each.weight for each in candidates])


def _quickest(candidates: Sequence[Deployment], board: Board, now: float) -> Sequence[float]:
    """By the moving average. One that nothing is known of, or nothing new, gets one call to tell."""
    return _least(candidates, [_expected_ms(each, board, now) for each in candidates])


def _expected_ms(deployment: Deployment, board: Board, now: float) -> float:
    health = board.of(deployment)
    if health.is_unknown(now):
        return 0.0
    return math.inf if health.average_ms is None else health.average_ms


def _cheapest(candidates: Sequence[Deployment], _board: Board, _now: float) -> Sequence[float]:
    """By the price of a token in and a token out."""
    prices = [each.pricing for each in candidates]
    return _least(
        candidates, [price.input_per_million + price.output_per_million for price in prices]
    )


_WEIGHERS: dict[Strategy, Weigher] = {
    "weighted": _by_weight,
    "least_busy": _least_busy,
    "latency": _quickest,
    "cost": _cheapest,
}
