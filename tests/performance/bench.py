"""`python -m tests.performance.bench [--check] [--json FILE] [--quick]`: about two minutes.

Compares the portal (key check, validation, committed usage rows) to a bare Starlette and aiohttp
relay in front of the same fast provider, all on loopback, and its way to other dialects than OpenAI's
to LiteLLM's. Only the ratios mean anything on a shared machine; `--check` exits 1 where a target is
missed.
"""

import json
import platform
import tempfile
from dataclasses import replace
from pathlib import Path

import click
import psutil
import uvloop

from aiportal.settings import Settings
from tests.performance.dialects import DialectBench
from tests.performance.measures import Bench
from tests.performance.report import Finding, as_json, as_table, missed
from tests.performance.rig import rig
from tests.running import PortalProcess

__all__ = ["main", "run_bench"]


def run_bench(folder: Path, *, is_quick: bool = False) -> list[Finding]:
    """Measure everything with data in `folder`. is_quick: only to see that the bench works."""
    with rig(folder) as servers:
        bench, dialects = Bench(servers), DialectBench(servers.upstream.process.url)
        if is_quick:
            bench = Bench(servers, rounds=1, duration_s=0.2, pairs=20, streams=20, many_streams=40)
            dialects = replace(dialects, rounds=1, duration_s=0.2)
        findings = uvloop.run(bench.run()) + uvloop.run(dialects.run())
        settings = servers.settings
    return findings + ([] if is_quick else _whole_server(settings))


def _whole_server(settings: Settings) -> list[Finding]:
    """`aiportal serve` with its pages, a fresh data folder: seconds to healthy, idle memory."""
    fresh = settings.model_copy(update={"data_dir": settings.data_dir.with_name("fresh")})
    server = PortalProcess(fresh)
    seconds = server.start()
    try:
        memory = psutil.Process(server.pid).memory_info().rss / 2**20
    finally:
        server.stop()
    return [
        Finding("`aiportal serve` to healthy", seconds, "s", 8),
        Finding("idle memory with pages", memory, "MiB", 300),
    ]


@click.command()
@click.option("--check", is_flag=True, help="Exit 1 where a target is missed.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write findings there.")
@click.option("--quick", is_flag=True, help="Seconds instead of minutes; figures mean nothing.")
def main(check: bool, json_file: Path | None, quick: bool) -> None:
    """Measure what the portal costs over a bare relay."""
    with tempfile.TemporaryDirectory(prefix="aiportal-bench-") as folder:
        findings = run_bench(Path(folder), is_quick=quick)
    click.echo(f"Python {platform.python_version()}, {psutil.cpu_count()} cores\n")
    click.echo(as_table(findings))
    misses = missed(findings)
    click.echo(f"\n{len(findings) - len(misses)} of {len(findings)} as wanted")
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(findings), indent=2) + "\n")
    if check and misses:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
