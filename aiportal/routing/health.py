"""How each deployment has fared of late: what choice, breaker and status page go by.

The breaker is the usual one with three states (M. Nygard, "Release It!"): closed while calls go
well; open, here "cooling", after failures in a row; then one call alone tries whether it is well again.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Literal

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import UpstreamError
from aiportal.registry import Cooldown, Deployment

__all__ = ["Board", "Health", "HealthFigures", "HealthState"]

HealthState = Literal["up", "cooling", "trying"]
MAX_DEPLOYMENTS = 20_000  # kept on the board; the one noted first goes first
RECENT = 100  # calls by which latency and rate of success are told
RECENT_S = 60.0  # how old they may be for the rate of success
MAX_COOLING_S = 300.0  # however long a provider asks to be left alone
LATENCY_WEIGHT = 0.2  # of the newest call in the moving average


@dataclass(frozen=True, slots=True)
class HealthFigures:
    """What is told of a deployment. Times in milliseconds, until an answer had begun (streamed) or was
    there (unstreamed); None before any call.

    state: "trying" when its cooldown is over and one call alone may try whether it is well again.
    """

    state: HealthState
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
        "_cooled_at",
        "_cooling_until",
        "_latencies_ms",
        "_outcomes",
        "_row_of_breaks",
        "_row_of_failures",
        "_trial_began",
        "answers",
        "average_ms",
        "calls",
        "completion_tokens",
        "cost_usd",
        "failures",
        "in_flight",
        "last_error",
        "latency_ms_sum",
        "prompt_tokens",
    )

    def __init__(self) -> None:
        self.in_flight = 0
        self.calls = 0
        self.answers = 0
        self.failures = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cost_usd = 0.0
        self.average_ms: float | None = None
        self.latency_ms_sum = 0.0
        self.last_error: str | None = None
        self._row_of_failures = 0
        self._row_of_breaks = 0
        self._cooling_until = 0.0
        self._cooled_at = 0.0
        self._trial_began: float | None = None
        self._latencies_ms: deque[float] = deque(maxlen=RECENT)
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=RECENT)

    def is_available(self, now: float) -> bool:
        """False while it cools down, and while another call tries whether it is well again."""
        if not self._cooling_until:
            return True
        return now >= self._cooling_until and self._trial_began is None

    def begin(self, now: float) -> None:
        """A call goes to it. `now` is what the other methods are told as `began`."""
        self.in_flight += 1
        self.calls += 1
        if self._cooling_until and now >= self._cooling_until:
            self._trial_began = now

    def answered(self, now: float, began: float) -> None:
        """Its answer has begun."""
        latency_ms = (now - began) * 1000
        self.refused(now, began)
        self.answers += 1
        self._latencies_ms.append(latency_ms)
        self.latency_ms_sum += latency_ms
        average = self.average_ms
        if average is None:
            self.average_ms = latency_ms
        else:
            self.average_ms = average + LATENCY_WEIGHT * (latency_ms - average)

    def refused(self, now: float, began: float) -> None:
        """It has found fault with a request, which shows that it is well, and not how quick it is."""
        self._row_of_failures = 0
        self._outcomes.append((now, True))
        if self._cooling_until and began >= self._cooled_at:
            self._cooling_until = 0.0
            self._trial_began = None

    def failed(
        self,
        now: float,
        began: float,
        error: UpstreamError,
        cooldown: Cooldown,
        *,
        pause_s: float | None = None,
    ) -> None:
        """It gave no answer. pause_s: how long it asked to be left alone.

        What began before the cooldown does not prolong it: the time-outs of calls that were under
        way say nothing new.
        """
        self._note_failure(now, error)
        self.abandoned(began)
        self._row_of_failures += 1
        is_news = not self._cooling_until or began >= self._cooled_at
        if is_news and self._row_of_failures >= cooldown.failures:
            self._cool(now, cooldown.duration_s)
        if pause_s:
            self._cool(now, min(pause_s, MAX_COOLING_S))

    def broke_off(self, now: float, error: UpstreamError, cooldown: Cooldown) -> None:
        """An answer that had begun has failed. Counted apart: the next one will begin all the same."""
        self._note_failure(now, error)
        self._row_of_breaks += 1
        if self._row_of_breaks >= cooldown.failures:
            self._cool(now, cooldown.duration_s)

    def _note_failure(self, now: float, error: UpstreamError) -> None:
        self.failures += 1
        self.last_error = error.code
        self._outcomes.append((now, False))

    def _cool(self, now: float, seconds: float) -> None:
        self._cooling_until = max(self._cooling_until, now + seconds)
        self._cooled_at = now

    def abandoned(self, began: float) -> None:
        """No more comes of a call. If its caller left, that says nothing of the deployment."""
        if began == self._trial_began:
            self._trial_began = None

    def completed(self) -> None:
        """An answer that had begun has come to its end."""
        self._row_of_breaks = 0

    def used(self, usage: TokenUsage, cost_usd: float) -> None:
        """What a call used, however it ended."""
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens
        self.cost_usd += cost_usd

    def ended(self) -> None:
        """The call that `begin` told of is over, however it went."""
        self.in_flight -= 1

    def is_unknown(self, now: float) -> bool:
        """Whether nothing of late tells how quick it is, and no call is about to."""
        is_old = not self._outcomes or now - self._outcomes[-1][0] > RECENT_S
        return is_old and not self.in_flight

    def state(self, now: float) -> HealthState:
        """What the breaker makes of it."""
        if not self._cooling_until:
            return "up"
        return "cooling" if now < self._cooling_until else "trying"

    def success_rate(self, now: float) -> float | None:
        """The part of recent calls that went well, None without any."""
        recent = self._recent(now)
        return sum(recent) / len(recent) if recent else None

    def prospect(self, now: float) -> float:
        """How probably its next call goes well, by Laplace's rule of succession: (good + 1) / (all + 2).

        Three failures weigh less than three hundred, so it also orders those that never answered.
        """
        recent = self._recent(now)
        return (sum(recent) + 1) / (len(recent) + 2)

    def _recent(self, now: float) -> Sequence[bool]:
        return [is_good for at, is_good in self._outcomes if now - at <= RECENT_S]

    def figures(self, now: float) -> HealthFigures:
        """What the status page shows."""
        p50, p95 = _percentiles(self._latencies_ms)
        return HealthFigures(
            state=self.state(now),
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
