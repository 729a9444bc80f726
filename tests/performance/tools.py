"""`python -m tests.performance.tools [--calls 60]`: what a call in the sandbox takes.

Each kind of call is made one after another in both tiers, then by two workers at once. Exits with 1
where a target is missed; on a machine with other work only the ratios mean something.
"""

import asyncio
import os
import sys
import time
from statistics import median, quantiles
from typing import Literal

import click
import psutil

from aiportal.sandbox import BARE, DATA, Profile, Program, Sandbox, SandboxCall, SandboxMode
from tests.performance.report import Finding, as_table, missed

__all__ = ["main"]

AT_ONCE = 2
PRINTS = b"def run(parameters): print(6 * 7)"
GROUPS = b"""
import numpy
import pandas
def run(parameters):
    frame = pandas.DataFrame({"kind": numpy.arange(10_000) % 7, "value": numpy.arange(10_000.0)})
    return frame.groupby("kind")["value"].agg(["mean", "sum"])
"""
PLOTS = b"""
import matplotlib.pyplot as plt
def run(parameters):
    plt.plot([1, 4, 9, 16])
    plt.savefig("plot.png")
"""
KINDS: tuple[tuple[str, Profile, bytes, float], ...] = (
    ("print(6 * 7), bare", BARE, PRINTS, 40),
    ("print(6 * 7), with pandas loaded", DATA, PRINTS, 40),
    ("pandas groupby", DATA, GROUPS, 50),
    ("plot to PNG", DATA, PLOTS, 250),
)
MAX_P95_MS = 80
MIN_PER_SECOND = 40
MAX_ZYGOTE_MB = 120


class _Bench:
    """The measurements in one tier."""

    def __init__(self, sandbox: Sandbox, tier: str, calls: int) -> None:
        self._sandbox, self._tier, self._calls = sandbox, tier, calls
        self.findings: list[Finding] = []

    async def run(self) -> None:
        for what, profile, source, bound in KINDS:
            await self._one_after_another(what, profile, source, bound)
        await self._at_once()
        self._memory()

    async def _one_after_another(
        self, what: str, profile: Profile, source: bytes, bound: float
    ) -> None:
        await self._call(profile, source)
        durations = [await self._call(profile, source) for _ in range(self._calls)]
        p50, p95 = median(durations), quantiles(durations, n=20, method="inclusive")[18]
        self._note(f"{what}, p50", p50, "ms", bound)
        self._note(f"{what}, p95", p95, "ms", MAX_P95_MS if source == PRINTS else None)

    async def _at_once(self) -> None:
        started = time.perf_counter()
        await asyncio.gather(*(self._series() for _ in range(AT_ONCE)))
        rate = AT_ONCE * self._calls / (time.perf_counter() - started)
        what = f"{AT_ONCE} workers, with pandas loaded"
        self._note(what, rate, "calls/s", MIN_PER_SECOND, "least")

    async def _series(self) -> None:
        for _ in range(self._calls):
            await self._call(DATA, PRINTS)

    def _memory(self) -> None:
        children = psutil.Process(os.getpid()).children()
        largest = max(child.memory_full_info().pss for child in children) / 1e6
        self._note("memory of the largest zygote", largest, "MB", MAX_ZYGOTE_MB)

    async def _call(self, profile: Profile, source: bytes) -> float:
        """Milliseconds of one call, there and back."""
        program = Program("bench", {"controller.py": source}, profile)
        started = time.perf_counter()
        outcome = await self._sandbox.run(SandboxCall(program, None, "bench"))
        if outcome.failure is not None:
            raise RuntimeError(outcome.failure.message)
        return (time.perf_counter() - started) * 1000

    def _note(
        self,
        what: str,
        value: float,
        unit: str,
        bound: float | None,
        kind: Literal["least", "most"] = "most",
    ) -> None:
        self.findings.append(Finding(f"{self._tier}: {what}", value, unit, bound, kind))


async def _measure(tier: SandboxMode, calls: int) -> list[Finding]:
    async with Sandbox.open(tier, workers=AT_ONCE) as sandbox:
        await sandbox.ready()
        bench = _Bench(sandbox, str(tier), calls)
        await bench.run()
        return bench.findings


@click.command()
@click.option("--calls", default=60, show_default=True, help="Of each kind.")
def main(calls: int) -> None:
    """Measure both tiers and say which targets are missed."""
    findings: list[Finding] = []
    tiers: tuple[SandboxMode, ...] = ("namespaces", "landlock")
    for tier in tiers:
        findings += asyncio.run(_measure(tier, calls))
    click.echo(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    click.echo(as_table(findings))
    sys.exit(1 if missed(findings) else 0)


if __name__ == "__main__":
    main()
