"""The measurements. Each takes relay and portal in turns, so that a noisy machine hits both."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from statistics import median, quantiles

import aiohttp

from tests.performance.load import Caller, run_load
from tests.performance.report import Finding
from tests.performance.rig import MESSAGES, PATH, Rig, Server
from tests.upstreams import DONE, Gate, chunk, stream

__all__ = ["Bench"]

HELD_BODY = {"model": "acme/held", "messages": MESSAGES, "stream": True}


@dataclass(frozen=True)
class _Sample:
    per_second: float
    cpu_ms: float  # of the server, a call


@dataclass
class Bench:
    """The measurements on one rig.

    rounds: how often relay and portal take turns. duration_s: of one turn. pairs: calls for the
    delay at one connection. streams: held open at once. many_streams: after which memory is compared.
    """

    rig: Rig
    rounds: int = 15
    duration_s: float = 0.6
    pairs: int = 2000
    streams: int = 500
    many_streams: int = 20_000
    _portal_calls: int = field(default=0, init=False)

    async def run(self) -> list[Finding]:
        """All of them, in the order of the report."""
        await self._warm_up()
        findings = [await self._upstream_alone()]
        portal, chatty = self.rig.portal, self.rig.chatty
        findings += await self._throughput(portal, "tiny answers", is_stream=False, bound=0.6)
        findings += await self._throughput(portal, "100-chunk streams", is_stream=True, bound=0.8)
        findings += await self._throughput(chatty, "tiny, a log line each", is_stream=False)
        findings += await self._delay()
        findings.append(await self._first_byte())
        findings += await self._open_streams()
        findings.append(await self._growth())
        findings.append(await self._rows())
        return findings

    async def _warm_up(self) -> None:
        for server in (self.rig.relay, self.rig.portal, self.rig.chatty):
            for is_stream in (False, True):
                await self._sample(server, is_stream=is_stream, duration_s=0.5)

    async def _upstream_alone(self) -> Finding:
        target = self.rig.upstream.target(is_stream=False)
        load = await run_load(target, connections=16, duration_s=self.duration_s)
        return Finding("upstream alone", load.per_second, "req/s", 10_000, "least")

    async def _sample(self, server: Server, *, is_stream: bool, duration_s: float) -> _Sample:
        before_s = server.cpu_s()
        load = await run_load(
            server.target(is_stream=is_stream), connections=16, duration_s=duration_s
        )
        if server is self.rig.portal:
            self._portal_calls += load.calls
        return _Sample(load.per_second, (server.cpu_s() - before_s) / load.calls * 1000)

    async def _throughput(
        self, server: Server, name: str, *, is_stream: bool, bound: float | None = None
    ) -> list[Finding]:
        relay: list[_Sample] = []
        portal: list[_Sample] = []
        for _ in range(self.rounds):
            for each, samples in ((self.rig.relay, relay), (server, portal)):
                sample = await self._sample(each, is_stream=is_stream, duration_s=self.duration_s)
                samples.append(sample)
        ratios = [
            ours.per_second / bare.per_second for bare, ours in zip(relay, portal, strict=True)
        ]
        return [
            Finding(f"{name}, relay", _rate(relay), "req/s", detail=_cpu(relay)),
            Finding(f"{name}, portal", _rate(portal), "req/s", detail=_cpu(portal)),
            Finding(
                f"{name}, portal / relay",
                median(ratios),
                "",
                bound,
                "least",
                _spread(ratios, relay, portal),
            ),
        ]

    async def _delay(self) -> list[Finding]:
        targets = [server.target(is_stream=False) for server in (self.rig.relay, self.rig.portal)]
        callers = [await Caller.connect(target) for target in targets]
        times: list[list[float]] = [[], []]
        for _ in range(self.pairs):
            for caller, target, column in zip(callers, targets, times, strict=True):
                column.append(await caller.call(target.request) * 1000)
        for caller in callers:
            caller.close()
        self._portal_calls += self.pairs
        added = [ours - bare for bare, ours in zip(*times, strict=True)]
        detail = f"p50 relay {median(times[0]):.2f}, portal {median(times[1]):.2f}"
        return [
            Finding("p50 added at 1 connection", median(added), "ms", 0.3, "most", detail),
            Finding("p99 added at 1 connection", sorted(added)[int(len(added) * 0.99)], "ms"),
        ]

    async def _first_byte(self) -> Finding:
        """By control, not by time: the provider may not go on before the caller has the first."""
        gate = Gate()
        self._hold(gate)
        async with (
            asyncio.timeout(10),
            aiohttp.ClientSession(headers=self.rig.portal.headers) as session,
            self._held(session) as answer,
        ):
            first = await answer.content.readany()
            was_held = not self.rig.held.last().answered.is_open
            gate.open()
            rest = await answer.content.read()
        is_right = was_held and first == chunk("one") and rest.endswith(DONE)
        self._portal_calls += 1
        return Finding("first chunk before the second is sent", float(is_right), "", 1, "least")

    async def _open_streams(self) -> list[Finding]:
        """Hold many streams after their first chunk; all of them must then end well."""
        gate = Gate()
        self._hold(gate)
        before = self.rig.portal.memory_bytes()
        connector = aiohttp.TCPConnector(limit=0)
        headers = self.rig.portal.headers
        async with (
            asyncio.timeout(60),
            aiohttp.ClientSession(headers=headers, connector=connector) as session,
            AsyncExitStack() as stack,
        ):
            opened = [self._opened(session, stack) for _ in range(self.streams)]
            answers = await asyncio.gather(*opened)
            during = self.rig.portal.memory_bytes()
            gate.open()
            ends = await asyncio.gather(*(answer.content.read() for answer in answers))
        whole = sum(end.endswith(DONE) for end in ends)
        self._portal_calls += self.streams
        per_stream = (during - before) / self.streams / 1024
        detail = f"{before / 2**20:.0f} MiB before, {during / 2**20:.0f} MiB with all open"
        return [
            Finding("streams open at once, all ended well", whole, "", self.streams, "least"),
            Finding("memory a held stream", per_stream, "KiB", detail=detail),
        ]

    async def _growth(self) -> Finding:
        """Whether streams leave anything behind: memory after the last half of them, over the first."""
        target = self.rig.portal.target(is_stream=True)
        sizes = []
        for _ in range(2):
            before = self._portal_calls
            while self._portal_calls - before < self.many_streams // 2:
                load = await run_load(target, connections=16, duration_s=self.duration_s)
                self._portal_calls += load.calls
            sizes.append(self.rig.portal.memory_bytes())
        growth = (sizes[1] / sizes[0] - 1) * 100
        detail = f"{sizes[0] / 2**20:.1f} MiB, then {sizes[1] / 2**20:.1f} MiB"
        return Finding(
            f"memory after {self.many_streams:,} streams over half of them",
            growth,
            "%",
            5,
            detail=detail,
        )

    async def _opened(
        self, session: aiohttp.ClientSession, stack: AsyncExitStack
    ) -> aiohttp.ClientResponse:
        answer = await stack.enter_async_context(self._held(session))
        await answer.content.readany()
        return answer

    def _held(self, session: aiohttp.ClientSession) -> "aiohttp.client._RequestContextManager":
        return session.post(self.rig.portal.process.url + PATH, json=HELD_BODY)

    def _hold(self, gate: Gate) -> None:
        steps = stream(chunk("one"), gate, chunk("two", finish="stop"), DONE)
        self.rig.held.answer("held", steps)

    async def _rows(self) -> Finding:
        """Every answer of the portal in this run must be in the ledger, once."""
        with closing(sqlite3.connect(self.rig.settings.database_path)) as connection:
            query = "SELECT count(*), count(DISTINCT request_id) FROM usage"
            rows, distinct = connection.execute(query).fetchone()
        is_right = rows == distinct == self._portal_calls
        detail = f"{rows} rows, {self._portal_calls} answers"
        return Finding("usage rows = answers", float(is_right), "", 1, "least", detail)


def _rate(samples: Sequence[_Sample]) -> float:
    return median(sample.per_second for sample in samples)


def _spread(ratios: Sequence[float], relay: Sequence[_Sample], portal: Sequence[_Sample]) -> str:
    """How sure a ratio is: where half of the rounds lie, and the ratio by processor time, which
    other work on the machine disturbs less."""
    low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else [*ratios] * 3
    by_cpu = median(each.cpu_ms for each in relay) / median(each.cpu_ms for each in portal)
    return f"half of the rounds {low:.2f} to {high:.2f}; by processor time {by_cpu:.2f}"


def _cpu(samples: Sequence[_Sample]) -> str:
    return f"{median(sample.cpu_ms for sample in samples):.3f} ms of processor time a call"
