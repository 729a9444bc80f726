"""What a call of a tool takes over HTTP, on a connection that is kept, and what of it the portal adds.

What the portal adds is told as the time of its own process on the processor, which other work on
the machine does not change much: the key, the validation, the line to the sandbox, the log and the
encoding.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median, quantiles

import aiohttp
import psutil

from aiportal.sandbox import SandboxMode
from aiportal.settings import Settings
from tests.performance.report import Finding
from tests.running import PortalProcess, make_key

__all__ = ["measure_over_http"]

PATH = "/api/v1/tools/{}/execute"
# Tool, parameters, bounds of the median and of the 95th of 100, in milliseconds.
KINDS: tuple[tuple[str, dict[str, str], float, float | None], ...] = (
    ("code-execution", {"code": "print(6*7)"}, 40, 80),
    ("calculator", {"expression": "3 km + 200 m to mile"}, 50, None),
)
MAX_ADDED_MS = 5
PAUSE_S = 0.1  # the calls come one after another, as from one person, not as fast as may be


async def measure_over_http(tier: SandboxMode, calls: int) -> list[Finding]:
    """So many calls of each kind against a portal of its own. Raises RuntimeError where one fails."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder) / "data",
            cache_dir=Path(folder) / "cache",
            local_model="off",
            log_level="warning",
            sandbox=tier,
        )
        key = await make_key(settings)
        portal = PortalProcess(settings, key=key, has_pages=False)
        await asyncio.to_thread(portal.__enter__)
        try:
            async with aiohttp.ClientSession(portal.url, headers=portal.headers) as session:
                return await _measure(session, portal.pid, str(tier), calls)
        finally:
            await asyncio.to_thread(portal.__exit__, None, None, None)


async def _measure(
    session: aiohttp.ClientSession, portal: int, tier: str, calls: int
) -> list[Finding]:
    findings = []
    for tool, parameters, max_p50, max_p95 in KINDS:
        url, body = PATH.format(tool), {"parameters": parameters}
        await _call(session, url, body)
        used_ms, took = _processor_ms(portal), []
        for _ in range(calls):
            await asyncio.sleep(PAUSE_S)
            took.append(await _call(session, url, body))
        added = (_processor_ms(portal) - used_ms) / calls
        p95 = quantiles(took, n=20, method="inclusive")[18]
        findings += [
            Finding(f"{tier}: {tool} over HTTP, least", min(took), "ms"),
            Finding(f"{tier}: {tool} over HTTP, p50", median(took), "ms", max_p50),
            Finding(f"{tier}: {tool} over HTTP, p95", p95, "ms", max_p95),
            Finding(f"{tier}: {tool} over HTTP, portal's share", added, "ms", MAX_ADDED_MS),
        ]
    return findings


def _processor_ms(process: int) -> float:
    """What a process has used itself, its children left out."""
    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system) * 1000


async def _call(
    session: aiohttp.ClientSession, url: str, body: Mapping[str, Mapping[str, str]]
) -> float:
    """Milliseconds. Raises RuntimeError where the tool has failed."""
    started = time.perf_counter()
    async with session.post(url, json=body) as response:
        answer = await response.json()
    took = (time.perf_counter() - started) * 1000
    if response.status != 200 or not answer["success"]:
        raise RuntimeError(f"{response.status}: {answer}")
    return took
