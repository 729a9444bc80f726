"""How each deployment has fared of late: what choice, breaker and status page go by.

The breaker is the usual one with three states (M. Nygard, "Release It!"): closed while calls go
well; open, here "cooling", after failures in a row; then one call alone tries whether it is well again.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from aiportal.errors import UpstreamError
from aiportal.registry import Cooldown, Deployment

__all__ = ["Board", "Health", "HealthFigures"]

MAX_DEPLOYMENTS = 5_000  # kept on the board; the one not asked for longest goes first
RECENT = 100  # calls by which latency and rate of success are told
RECENT_S = 60.0  # how old they may be for the rate of success
MAX_COOLING_S = 300.0  # however long a provider asks to be left alone
LATENCY_WEIGHT = 0.2  # of the newest call in the moving average


@dataclass(frozen=True, slots=True)
class HealthFigures:
    """What is told of a deployment. Times in milliseconds, to the first byte; None before any call."""

    is_cooling: bool
    cooling_s: float
    in_flight: int
    calls: int
    failures: int
    p50_ms: float | None
    p95_ms: float | None
    last_error: str | None


class Health:
    """One deployment's record. To be used on one event loop."""

    __slots__ = (
        "_cooling_until",
        "_is_on_trial",
        "_latencies_ms",
        "_outcomes",
        "_row_of_failures",
        "average_ms",
        "calls",
        "failures",
        "in_flight",
        "last_error",
        "latency_ms_sum",
    )

    def __init__(self) -> None:
        self.in_flight = 0
        self.calls = 0
        self.failures = 0
        self.average_ms: float | None = None
        self.latency_ms_sum = 0.0
        self.last_error: str | None = None
        self._row_of_failures = 0
        self._cooling_until = 0.0
        self._is_on_trial = False
        self._latencies_ms: deque[float] = deque(maxlen=RECENT)
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=RECENT)

    def is_available(self, now: float) -> bool:
        """False while it cools down, and while another call tries whether it is well again."""
        if not self._cooling_until:
            return True
        return now >= self._cooling_until and not self._is_on_trial

    def begin(self, now: float) -> None:
        """A call goes to it."""
        self.in_flight += 1
        self.calls += 1
        if self._cooling_until and now >= self._cooling_until:
            self._is_on_trial = True

    def answered(self, now: float, latency_ms: float) -> None:
        """Its answer has begun, so many milliseconds after it was asked."""
        self._row_of_failures = 0
        self._cooling_until = 0.0
        self._is_on_trial = False
        self._latencies_ms.append(latency_ms)
        self._outcomes.append((now, True))
        self.latency_ms_sum += latency_ms
        average = self.average_ms
        if average is None:
            self.average_ms = latency_ms
        else:
            self.average_ms = average + LATENCY_WEIGHT * (latency_ms - average)

    def failed(
        self, now: float, error: UpstreamError, cooldown: Cooldown, *, pause_s: float | None = None
    ) -> None:
        """It refused, broke off or was silent. pause_s: how long it asked to be left alone."""
        self.failures += 1
        self.last_error = error.code
        self._is_on_trial = False
        self._outcomes.append((now, False))
        self._row_of_failures += 1
        if pause_s is not None:
            self._cooling_until = now + min(pause_s, MAX_COOLING_S)
        elif self._row_of_failures >= cooldown.failures:
            self._cooling_until = now + cooldown.duration_s

    def abandoned(self) -> None:
        """The caller left before it had answered: that says nothing of the deployment."""
        self._is_on_trial = False

    def ended(self) -> None:
        """The call that `begin` told of is over, however it went."""
        self.in_flight -= 1

    def success_rate(self, now: float) -> float | None:
        """The part of recent calls that went well, None without any."""
        recent = [is_good for at, is_good in self._outcomes if now - at <= RECENT_S]
        return sum(recent) / len(recent) if recent else None

    def figures(self, now: float) -> HealthFigures:
        """What the status page shows."""
        p50, p95 = _percentiles(self._latencies_ms)
        return HealthFigures(
            is_cooling=not self.is_available(now),
            cooling_s=max(0.0, self._cooling_until - now),
            in_flight=self.in_flight,
            calls=self.calls,
            failures=self.failures,
            p50_ms=p50,
            p95_ms=p95,
            last_error=self.last_error,
        )


class Board:
    """The health of every deployment that was asked. One that moves elsewhere begins anew."""

    def __init__(self) -> None:
        self._healths: OrderedDict[tuple[str, str | None], Health] = OrderedDict()

    def of(self, deployment: Deployment) -> Health:
        """The record of a deployment; an empty one if it was never asked."""
        key = (deployment.id, deployment.api_base)
        health = self._healths.get(key)
        if health is None:
            health = self._healths[key] = Health()
            if len(self._healths) > MAX_DEPLOYMENTS:
                self._healths.popitem(last=False)
        return health

    def are_all_cooling(self, deployments: Sequence[Deployment]) -> bool:
        """Whether no deployment of a model should be asked now."""
        now = time.monotonic()
        return not any(self.of(deployment).is_available(now) for deployment in deployments)


def _percentiles(latencies_ms: Sequence[float]) -> tuple[float | None, float | None]:
    if not latencies_ms:
        return None, None
    if len(latencies_ms) == 1:
        return latencies_ms[0], latencies_ms[0]
    cuts = quantiles(latencies_ms, n=20, method="inclusive")
    return round(cuts[9], 3), round(cuts[18], 3)
