"""`python -m tests.clients [--no-install] [CLIENT…]`: each client's script against one portal.

The clients are installed anew, newest releases, by uv and npm, into the user's cache. Prints one
line a client and what failed; exits with 1 where anything did.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from aiportal.settings import Settings
from tests.clients.environments import NodeFolder, PythonEnvironment, cache_folder
from tests.clients.provider import MODELS, native, script
from tests.running import PortalProcess, make_key
from tests.upstreams import Upstream, write_model_config

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCRIPT_S = 180
PYTHON = {
    "openai": "openai_python",
    "anthropic": "anthropic_python",
    "langchain-openai": "langchain_openai_python",
    "pydantic-ai": "pydantic_ai_python",
    "litellm": "litellm_python",
    "llm": "llm_python",
    "instructor": "instructor_python",
}
NODE = {"openai": "openai.mjs", "ai": "ai.mjs"}
NODE_PACKAGES = ("openai", "ai", "@ai-sdk/openai-compatible")
NEEDS = {"anthropic": "/v1/messages"}  # a route without which a client has nothing to talk to


@dataclass(frozen=True)
class Outcome:
    """What came of one client. failures: each in a line."""

    client: str
    version: str
    passed: int
    failures: Sequence[str]
    skipped: str = ""
    seconds: float = 0.0


class _Clients:
    """Runs the scripts against one portal."""

    def __init__(self, folder: Path, wanted: Sequence[str]) -> None:
        self._folder = folder
        self._wanted = wanted
        self._python = PythonEnvironment(cache_folder() / "python", tuple(PYTHON))
        self._node = NodeFolder(cache_folder() / "node", NODE_PACKAGES)

    def install(self) -> None:
        for environment in (self._python, self._node):
            started = time.monotonic()
            environment.install()
            seconds = time.monotonic() - started
            click.echo(f"installed into {environment.folder.name}: {seconds:.0f} s")

    def run(self) -> list[Outcome]:
        with Upstream() as upstream, native() as of_anthropic:
            script(upstream)
            folder = self._folder / "model_config"
            write_model_config(folder, upstream.url, models=MODELS)
            base = {"dialect": "anthropic", "apiBase": of_anthropic.base}
            write_model_config(folder, upstream.url, models=("native",), model=base)
            settings = Settings(
                data_dir=self._folder / "data",
                model_config_dir=folder,
                local_model="off",
                log_level="warning",
            )
            key = asyncio.run(make_key(settings))
            with PortalProcess(settings, key=key, has_pages=False) as portal:
                return [*self._of_python(portal), *self._of_node(portal)]

    def _of_python(self, portal: PortalProcess) -> list[Outcome]:
        versions = self._python.versions()
        return [
            self._outcome(name, versions[name], [str(self._python.python), "-m", module], portal)
            for name, module in ((name, f"tests.clients.{PYTHON[name]}") for name in PYTHON)
            if not self._wanted or name in self._wanted
        ]

    def _of_node(self, portal: PortalProcess) -> list[Outcome]:
        for file in (HERE / "node").glob("*.mjs"):
            shutil.copy(file, self._node.folder)
        versions = self._node.versions()
        return [
            self._outcome(
                f"{name} (node)", versions[name], ["node", str(self._node.folder / file)], portal
            )
            for name, file in NODE.items()
            if not self._wanted or f"{name} (node)" in self._wanted
        ]

    def _outcome(
        self, name: str, version: str, command: Sequence[str], portal: PortalProcess
    ) -> Outcome:
        if (path := NEEDS.get(name)) and not _is_served(portal, path):
            return Outcome(name, version, 0, (), skipped=f"{path} is not served yet")
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=_environment(portal),
            capture_output=True,
            text=True,
            timeout=SCRIPT_S,
            check=False,
        )
        results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        failures = [f"{one['name']}: {one['detail']}" for one in results if not one["passed"]]
        if done.returncode or not results:
            failures.append(f"the script ended with {done.returncode}: {done.stderr[-1500:]}")
        passed = sum(one["passed"] for one in results)
        seconds = time.monotonic() - started
        return Outcome(name, version, passed, failures, seconds=seconds)


def _is_served(portal: PortalProcess, path: str) -> bool:
    request = urllib.request.Request(f"{portal.url}{path}", b"{}", portal.headers)
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        return error.code != 404
    return True


def _environment(portal: PortalProcess) -> Mapping[str, str]:
    """Nothing of the developer's own, and no client that phones home."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "PORTAL_URL": portal.url,
        "PORTAL_KEY": portal.key,
        "PYTHONPATH": str(ROOT),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "AI_SDK_LOG_WARNINGS": "false",
    }


@click.command()
@click.option("--no-install", is_flag=True, help="Use what an earlier run has installed.")
@click.argument("clients", nargs=-1)
def main(no_install: bool, clients: Sequence[str]) -> None:
    """Try the newest SDKs of others, all or those named."""
    with tempfile.TemporaryDirectory(prefix="aiportal-clients-") as folder:
        trial = _Clients(Path(folder), clients)
        if not no_install:
            trial.install()
        outcomes = trial.run()
    for one in outcomes:
        words = one.skipped or f"{one.passed} passed, {len(one.failures)} failed"
        click.echo(f"{one.client:<20} {one.version:<10} {words:<28} {one.seconds:5.1f} s")
        for failure in one.failures:
            click.echo(f"    {failure}")
    passed = sum(one.passed for one in outcomes)
    failed = sum(len(one.failures) for one in outcomes)
    skipped = sum(bool(one.skipped) for one in outcomes)
    click.echo(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
