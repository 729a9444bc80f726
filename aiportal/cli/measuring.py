"""The figures of `aiportal bench`: real calls of one model through the portal's core."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from aiportal.dialects.openai_chat import ChatRequest
from aiportal.errors import PortalError, UpstreamTimeout
from aiportal.events import UsageReported
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["Bench", "Figures"]

ANSWER_TOKENS = 64
PARALLEL = 4
MAX_REQUESTS = 200  # bounds what the last part costs with a provider that bills
LOAD_S = 5
SHARE_OF_RUNS = 0.7  # of the time; no run starts later


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians over the runs; None where the model gave too little to measure.

    first_call_ms: until the first call's end, loading the model included. requests_per_s: whole
    calls for one token each, PARALLEL at a time; failed_requests of them ended in an error.
    """

    model: str
    runs: int
    first_call_ms: float
    first_token_ms: float | None
    tokens_per_s: float | None
    requests_per_s: float
    failed_requests: int
    cost_usd: float


class Bench:
    """One measurement of one model. limit_s: seconds that all of it may take."""

    def __init__(
        self, portal: Portal, principal: Principal, model_id: str, *, runs: int, limit_s: float
    ) -> None:
        self._portal = portal
        self._principal = principal
        self._model_id = model_id
        self._runs = runs
        self._limit_s = limit_s
        self._calls = 0
        self._failed = 0
        self._cost_usd = 0.0

    async def measure(self) -> Figures:
        """Call the model once, then for the runs, then for requests a second.

        Raises UpstreamTimeout if the time is up before one run has ended, else what a call raises.
        """
        self._clock = asyncio.get_running_loop().time
        start = self._clock()
        reports: list[UsageReported] = []
        try:
            async with asyncio.timeout_at(start + self._limit_s):
                first = await self._call(max_tokens=1)
                while len(reports) < self._runs and self._has_time_for_runs(start, reports):
                    reports.append(await self._call(max_tokens=ANSWER_TOKENS))
        except TimeoutError as error:
            if not reports:
                raise UpstreamTimeout(
                    f"{self._model_id!r} ended no run within {self._limit_s:g} seconds. "
                    "Give it longer with --seconds."
                ) from error
        requests_per_s = await self._load(start + self._limit_s)
        return Figures(
            model=self._model_id,
            runs=len(reports),
            first_call_ms=first.latency_ms,
            first_token_ms=_median([report.ttft_ms for report in reports]),
            tokens_per_s=_median([_tokens_per_s(report) for report in reports]),
            requests_per_s=round(requests_per_s, 1),
            failed_requests=self._failed,
            cost_usd=round(self._cost_usd, 6),
        )

    def _has_time_for_runs(self, start: float, reports: Sequence[UsageReported]) -> bool:
        return not reports or self._clock() < start + SHARE_OF_RUNS * self._limit_s

    async def _load(self, deadline: float) -> float:
        """Requests a second, until LOAD_S or MAX_REQUESTS are over."""
        start, before = self._clock(), self._calls
        try:
            async with (
                asyncio.timeout_at(min(deadline, start + LOAD_S)),
                asyncio.TaskGroup() as tasks,
            ):
                for _ in range(PARALLEL):
                    tasks.create_task(self._request_again_and_again(before + MAX_REQUESTS))
        except TimeoutError:
            pass  # as planned
        return (self._calls - before) / max(self._clock() - start, 1e-6)

    async def _request_again_and_again(self, until: int) -> None:
        try:
            while self._calls < until:
                await self._call(max_tokens=1)
        except PortalError:
            self._failed += 1

    async def _call(self, *, max_tokens: int) -> UsageReported:
        request = ChatRequest.parse(self._body(max_tokens), self._portal.registry.limits)
        async with self._portal.chat(self._principal, request, source="cli") as completion:
            async for _ in completion.deltas():
                pass
        if completion.report is None:
            raise UpstreamTimeout(f"{self._model_id!r} gave no whole answer.")
        self._calls += 1
        self._cost_usd += completion.report.cost_usd
        return completion.report

    def _body(self, max_tokens: int) -> dict[str, Any]:
        """A question that is a little different each time: no cache knows the answer."""
        question = f"{self._calls}: Tell me a story about a lighthouse."
        return {
            "model": self._model_id,
            "messages": [{"role": "user", "content": question}],
            "max_tokens": max_tokens,
            "stream": True,
        }


def _tokens_per_s(report: UsageReported) -> float | None:
    """Speed after the first token."""
    if report.ttft_ms is None or report.completion_tokens < 2:
        return None
    return (report.completion_tokens - 1) / max(report.latency_ms - report.ttft_ms, 1e-3) * 1000


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(median(known), 1) if known else None
