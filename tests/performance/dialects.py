"""What a provider of another dialect costs: the portal's translators beside LiteLLM's `acompletion`.

Both ask the fast provider at its Anthropic address from the bench's own process, in turns.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from aiportal.registry import Deployment, Model, Pricing, Timeouts
from aiportal.routing.upstreams.call import Upstream, UpstreamRequest
from aiportal.routing.upstreams.http_pool import HttpPool
from aiportal.routing.upstreams.litellm import LiteLlmUpstream
from aiportal.routing.upstreams.translated import TranslatedUpstream
from tests.performance.report import Finding
from tests.performance.rig import MESSAGES

__all__ = ["DialectBench"]

BODY = {"messages": MESSAGES, "max_tokens": 100, "temperature": 0}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
BOUND = 8


@dataclass(frozen=True)
class _Turn:
    per_second: float
    cpu_ms: float  # a call


@dataclass(frozen=True)
class DialectBench:
    """url: the provider's. rounds: how often both take turns. duration_s: of one turn."""

    url: str
    rounds: int = 11
    duration_s: float = 0.6
    callers: int = 16

    async def run(self) -> list[Finding]:
        """The ratios, unstreamed and streamed."""
        async with HttpPool.open() as pool:
            ours, theirs = TranslatedUpstream(pool), LiteLlmUpstream()
            return [
                await self._compared(ours, theirs, "tiny answers", BODY),
                await self._compared(ours, theirs, "100-chunk streams", {**BODY, **STREAM}),
            ]

    async def _compared(
        self, ours: Upstream, theirs: Upstream, name: str, body: Mapping[str, Any]
    ) -> Finding:
        turns: dict[Upstream, list[_Turn]] = {ours: [], theirs: []}
        for upstream in turns:
            await self._turn(upstream, body, duration_s=0)  # imports
        for _ in range(self.rounds):
            for upstream, of_this in turns.items():
                of_this.append(await self._turn(upstream, body, duration_s=self.duration_s))
        pairs = list(zip(turns[ours], turns[theirs], strict=True))
        by_cpu = median(other.cpu_ms / one.cpu_ms for one, other in pairs)
        costs = " and ".join(
            f"{median(turn.cpu_ms for turn in of_this):.2f}" for of_this in turns.values()
        )
        return Finding(
            f"Anthropic path, {name}, translator / acompletion",
            median(one.per_second / other.per_second for one, other in pairs),
            "",
            BOUND,
            "least",
            f"{costs} ms of processor time a call; by processor time {by_cpu:.2f}",
        )

    async def _turn(
        self, upstream: Upstream, body: Mapping[str, Any], *, duration_s: float
    ) -> _Turn:
        started, cpu_s = time.perf_counter(), time.process_time()
        request = _request(self.url, body)
        end = started + duration_s
        callers = (self._repeat(upstream, request, end) for _ in range(self.callers))
        calls = sum(await asyncio.gather(*callers))
        cpu_ms = (time.process_time() - cpu_s) / calls * 1000
        return _Turn(calls / (time.perf_counter() - started), cpu_ms)

    async def _repeat(self, upstream: Upstream, request: UpstreamRequest, end: float) -> int:
        count = 0
        while count == 0 or time.perf_counter() < end:
            await self._call(upstream, request)
            count += 1
        return count

    async def _call(self, upstream: Upstream, request: UpstreamRequest) -> None:
        """One whole answer. Raises ValueError where it has no end."""
        call = await upstream.send(request)
        try:
            if request.is_stream:
                answer = b"".join([piece async for piece in call.pieces()])
            else:
                answer = await call.read()
        finally:
            await call.close()
        if b'"finish_reason":"stop"' not in answer:
            raise ValueError(f"not a whole answer: {answer[-300:]!r}")


def _request(url: str, body: Mapping[str, Any]) -> UpstreamRequest:
    return UpstreamRequest(_model(url), _deployment(url), body, "stream" in body, Timeouts())


def _deployment(url: str) -> Deployment:
    return Deployment("bench", "anthropic", "claude-sonnet-4-5", url, "sk-bench", {})


def _model(url: str) -> Model:
    return Model(
        id="bench/claude",
        name="bench",
        provider="bench",
        description="",
        deployments=(_deployment(url),),
        context_window=None,
        max_output_tokens=None,
        capabilities=("chat",),
        pricing=Pricing(),
        parameters={},
        system_prompt="",
        base_model=None,
        weights=None,
    )
