"""Which of several deployments is asked next."""

import random
import time
from collections.abc import Callable, Sequence

from aiportal.registry import Deployment, Model, Strategy
from aiportal.routing.health import Board

__all__ = ["choose"]

Chooser = Callable[[Sequence[Deployment], Board], Deployment]


def choose(model: Model, candidates: Sequence[Deployment], board: Board) -> Deployment:
    """One of `candidates` (at least one), by the model's strategy.

    Those that cool down are passed over; where all of them do, it is the one that has fared best.
    """
    if len(candidates) == 1:
        return candidates[0]
    now = time.monotonic()
    available = [each for each in candidates if board.of(each).is_available(now)]
    if not available:
        return max(candidates, key=lambda each: board.of(each).success_rate(now) or 0.0)
    return _CHOOSERS[model.strategy](available, board)


def _by_weight(candidates: Sequence[Deployment], _: Board) -> Deployment:
    return _drawn(candidates)


def _drawn(candidates: Sequence[Deployment]) -> Deployment:
    weights = [each.weight for each in candidates]
    return random.choices(candidates, weights)[0]  # noqa: S311 - load balancing, not a secret


def _least(candidates: Sequence[Deployment], costs: Sequence[float]) -> Deployment:
    """One that costs least; among equals by weight."""
    least = min(costs)
    equals = [each for each, cost in zip(candidates, costs, strict=True) if cost <= least]
    return _drawn(equals)


def _least_busy(candidates: Sequence[Deployment], board: Board) -> Deployment:
    return _least(candidates, [board.of(each).in_flight / each.weight for each in candidates])


def _quickest(candidates: Sequence[Deployment], board: Board) -> Deployment:
    """By the moving average to the first byte; one that was never asked goes first."""
    return _least(candidates, [board.of(each).average_ms or 0.0 for each in candidates])


def _cheapest(candidates: Sequence[Deployment], _: Board) -> Deployment:
    """By the price of a token in and a token out."""
    prices = [each.pricing for each in candidates]
    return _least(
        candidates, [price.input_per_million + price.output_per_million for price in prices]
    )


_CHOOSERS: dict[Strategy, Chooser] = {
    "weighted": _by_weight,
    "least_busy": _least_busy,
    "latency": _quickest,
    "cost": _cheapest,
}
