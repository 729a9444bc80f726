"""LiteLLM's proxy beside the portal: `python -m tests.performance.litellm_proxy`, a minute or two.

The proxy goes into an environment of its own, kept in the user's cache, at the version whose
translators the portal uses; one worker, no database, in front of the same fast provider.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median

import click
import platformdirs
import uvloop

from tests.performance.load import Target, run_load
from tests.performance.report import Finding, as_table, missed
from tests.performance.rig import MESSAGES, PATH, Rig, rig
from tests.processes import free_port

__all__ = ["main"]

START_S = 180
TIMES = 30  # as quick as the proxy at least
ROUNDS = 5
KEY = "sk-bench"


def _environment() -> Path:
    """The proxy's command, installed if it is not there yet. Raises CalledProcessError."""
    wanted = f"litellm[proxy]=={version('litellm')}"
    folder = Path(platformdirs.user_cache_dir("aiportal")) / "bench" / wanted
    command = folder / "bin" / "litellm"
    if not command.exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        python = folder / "bin" / "python"
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, wanted], check=True)
    return command


@contextmanager
def _proxy(command: Path, upstream: str, folder: Path) -> Iterator[str]:
    """The proxy's base address while it runs. Raises RuntimeError with its log."""
    parameters = {"model": "openai/fast", "api_base": upstream, "api_key": "none"}
    config = {
        "model_list": [{"model_name": "fast", "litellm_params": parameters}],
        "general_settings": {"master_key": KEY},
    }
    file, log, port = folder / "litellm.json", folder / "litellm.log", free_port()
    file.write_text(json.dumps(config))
    arguments = ["--config", str(file), "--host", "127.0.0.1", "--port", str(port)]
    offline = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [command, *arguments],
            cwd=folder,
            env=os.environ | offline,
            stdout=output,
            stderr=output,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_S
        while not _answers(f"{url}/health/liveliness"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"LiteLLM's proxy did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


async def _compared(servers: Rig, proxy_url: str) -> list[Finding]:
    """In turns, so that a noisy machine hits both."""
    findings = []
    for name, is_stream in (("tiny answers", False), ("100-chunk streams", True)):
        body = {"model": "fast", "messages": MESSAGES} | ({"stream": True} if is_stream else {})
        headers = {"Authorization": f"Bearer {KEY}"}
        proxy = Target.post(proxy_url + PATH, body, headers)
        portal = servers.portal.target(is_stream=is_stream)
        rates: dict[Target, list[float]] = {portal: [], proxy: []}
        for target in rates:
            await run_load(target, connections=16, duration_s=1)
        for _ in range(ROUNDS):
            for target, of_this in rates.items():
                load = await run_load(target, connections=16, duration_s=2)
                of_this.append(load.per_second)
        ours, theirs = median(rates[portal]), median(rates[proxy])
        detail = f"{ours:,.0f} and {theirs:,.0f} a second"
        bound = None if is_stream else TIMES
        findings.append(
            Finding(f"{name}, portal / proxy", ours / theirs, "", bound, "least", detail)
        )
    return findings


@click.command()
@click.option("--check", is_flag=True, help="Exit 1 where the portal is not 30 times as quick.")
def main(check: bool) -> None:
    """How many times the throughput of LiteLLM's proxy the portal has."""
    command = _environment()
    with tempfile.TemporaryDirectory(prefix="aiportal-bench-") as name:
        folder = Path(name)
        with (
            rig(folder) as servers,
            _proxy(command, f"{servers.upstream.process.url}/v1", folder) as url,
        ):
            findings = uvloop.run(_compared(servers, url))
    click.echo(as_table(findings))
    if check and missed(findings):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
