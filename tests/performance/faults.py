"""`python -m tests.performance.faults [--seconds 60] [--rate 100]`: how calm the portal stays.

One model has three deployments: one refuses connections, one says nothing, one answers 500 half the
time. Calls come at an even rate for a while; then all three are mended while the calls go on. Exits
with 1 where a target is missed.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import aiohttp
import click

from aiportal.settings import Settings
from tests.performance.report import Finding, as_table, missed
from tests.processes import free_port
from tests.running import PortalProcess, make_key
from tests.upstreams import Received, Step, Upstream, error, hang, text, write_model_config

__all__ = ["main", "run_faults"]

FIRST_BYTE_S = 1.0
COOLDOWN_S = 5.0
GRACE_S = 1.0  # of a busy machine
CONFIG = {
    "timeouts": {"connect": 1, "firstByte": FIRST_BYTE_S, "betweenBytes": 1, "total": 10},
    "retries": {"attempts": 2, "baseDelay": 0.05, "maxDelay": 1},
    "cooldown": {"failures": 3, "seconds": COOLDOWN_S},
}
BODY = {"model": "acme/fast", "messages": [{"role": "user", "content": "Hi"}]}
NAMES = {"acme/fast#1": "refuses", "acme/fast#2": "hangs", "acme/fast#3": "fails half the time"}
FLAKY = "acme/fast#3"  # its breaker opens and closes all the time


@dataclass
class _Calls:
    """What came of the calls: seconds of each, and who served at which moment."""

    durations_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    served: list[tuple[float, str]] = field(default_factory=list)

    def percentile_ms(self, percent: int) -> float:
        return quantiles(self.durations_s, n=100, method="inclusive")[percent - 1] * 1000

    def first_served_after(self, moment: float, deployment: str) -> float:
        """Seconds from that moment; infinity where it never was."""
        later = [at for at, who in self.served if who == deployment and at >= moment]
        return min(later, default=float("inf")) - moment


class _HalfTheTime:
    """An answer, or a 500, with the same luck in every run: the first three calls fail."""

    def __init__(self) -> None:
        self._random = random.Random(17)

    def __call__(self, request: Received) -> Sequence[Step]:
        return (text() if self._random.random() < 0.5 else error(500))(request)


class _Faults:
    """One run, with data in `folder`."""

    def __init__(self, folder: Path, *, seconds: float, rate: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._rate = rate
        self._refusing_port = free_port()

    def run(self) -> list[Finding]:
        with ExitStack() as stack:
            hanging, failing = (stack.enter_context(Upstream()) for _ in range(2))
            hanging.answer("fast", hang())
            failing.answer("fast", _HalfTheTime())
            settings = self._settings([hanging.url, failing.url])
            key = asyncio.run(make_key(settings))
            mended = stack.enter_context(ExitStack())  # ends after the portal, as the others do
            portal = stack.enter_context(PortalProcess(settings, key=key, has_pages=False))
            return asyncio.run(self._measure(portal, mended, [hanging, failing]))

    def _settings(self, urls: Sequence[str]) -> Settings:
        bases = [f"http://127.0.0.1:{self._refusing_port}/v1", *urls]
        config = write_model_config(
            self._folder / "model_config",
            bases[0],
            models=("fast",),
            config=CONFIG,
            model={"deployments": [{"apiBase": base} for base in bases]},
        )
        return Settings(
            data_dir=self._folder / "data",
            model_config_dir=config,
            local_model="off",
            log_level="warning",
        )

    async def _measure(
        self, portal: PortalProcess, mended: ExitStack, broken: Sequence[Upstream]
    ) -> list[Finding]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            portal.url, headers=portal.headers, connector=connector
        ) as session:
            under_faults = await self._load(session, self._seconds)
            told = await self._states(session)
            await asyncio.to_thread(mended.enter_context, Upstream(self._refusing_port))
            for upstream in broken:
                upstream.answer("fast", text())
            mended_at = time.monotonic()
            after = await self._load(session, COOLDOWN_S + FIRST_BYTE_S + GRACE_S)
            told_after = await self._states(session)
        return [
            *_judged(under_faults),
            *_told("with the faults", told),
            *_recovery(after, mended_at),
            *_told("mended", told_after),
        ]

    async def _load(self, session: aiohttp.ClientSession, seconds: float) -> _Calls:
        """Calls at an even rate, whether or not those before have ended."""
        calls = _Calls()
        start = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(int(seconds * self._rate)):
                await asyncio.sleep(max(0.0, start + number / self._rate - time.monotonic()))
                group.create_task(_call(session, calls))
        return calls

    async def _states(self, session: aiohttp.ClientSession) -> dict[str, str]:
        async with session.get("/v1/routerbox/status") as answer:
            rows = (await answer.json())["data"]
        return {
            row["deployment"]: f"{row['state']}, {row['failures']} of {row['calls']} calls failed"
            for row in rows
        }


async def _call(session: aiohttp.ClientSession, calls: _Calls) -> None:
    started = time.monotonic()
    try:
        async with session.post("/v1/chat/completions", json=BODY) as answer:
            body = await answer.read()
    except aiohttp.ClientError as problem:
        calls.failures.append(repr(problem))
        return
    finally:
        calls.durations_s.append(time.monotonic() - started)
    if answer.status == 200:
        calls.served.append((time.monotonic(), answer.headers["x-aiportal-deployment"]))
    else:
        calls.failures.append(body.decode()[:200])


def _judged(calls: _Calls) -> list[Finding]:
    count = len(calls.durations_s)
    success = 100 * len(calls.served) / count
    detail = f"{count} calls, {len(calls.failures)} failed {' | '.join(calls.failures[:3])}"
    bound_ms = 1000 * FIRST_BYTE_S * len(NAMES)
    return [
        Finding("calls that succeed", success, "%", 99.9, "least", detail.strip()),
        Finding("p50", calls.percentile_ms(50), "ms"),
        Finding("p95", calls.percentile_ms(95), "ms", bound_ms, "most", "the time-outs' sum"),
        Finding("p99", calls.percentile_ms(99), "ms"),
    ]


def _told(when: str, states: dict[str, str]) -> list[Finding]:
    """What the status page says: that a deployment is up must mean that it has answered of late."""
    findings = []
    for name, words in NAMES.items():
        is_up = states[name].startswith("up")
        is_true = is_up if when == "mended" else not is_up or name == FLAKY
        findings.append(
            Finding(f"status of what {words}, {when}", float(is_true), "", 1, "least", states[name])
        )
    return findings


def _recovery(calls: _Calls, mended_at: float) -> list[Finding]:
    bound_s = COOLDOWN_S + FIRST_BYTE_S  # a trial may have begun just before
    return [
        Finding(
            f"mended: what {words} serves again after",
            calls.first_served_after(mended_at, name),
            "s",
            bound_s,
        )
        for name, words in NAMES.items()
    ]


def run_faults(folder: Path, *, seconds: float, rate: float) -> list[Finding]:
    """Everything that was seen, with its targets."""
    return _Faults(folder, seconds=seconds, rate=rate).run()


@click.command()
@click.option("--seconds", default=60.0, help="How long with the faults.")
@click.option("--rate", default=100.0, help="Calls a second.")
def main(seconds: float, rate: float) -> None:
    """Call a model of which all deployments misbehave."""
    with tempfile.TemporaryDirectory(prefix="aiportal-faults-") as folder:
        findings = run_faults(Path(folder), seconds=seconds, rate=rate)
    click.echo(as_table(findings))
    misses = missed(findings)
    click.echo(f"\n{len(findings) - len(misses)} of {len(findings)} as wanted")
    sys.exit(1 if misses else 0)


if __name__ == "__main__":
    main()
