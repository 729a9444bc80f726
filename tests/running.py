"""Portals that tests talk to over sockets: in this event loop, or in a process of their own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from aiportal.api.app import create_app
from aiportal.portal import Portal
from aiportal.settings import Settings

__all__ = ["AppServer", "PortalProcess", "free_port", "make_key", "serving"]

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 30


@dataclass(frozen=True)
class AppServer:
    """url: without a trailing slash. key: of the admin. portal: the one behind it."""

    url: str
    key: str
    portal: Portal

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[AppServer]:
    """The API without pages on a real socket, in the running event loop."""
    async with Portal.open(settings) as portal:
        _, key = await portal.keys.create(await portal.users.operator(), name="test")
        app = create_app(portal, with_pages=False)
        config = uvicorn.Config(
            app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1
        )
        with _listener() as listener:
            server = _QuietServer(config)
            task = asyncio.create_task(server.serve([listener]))
            try:
                await _started(server, task)
                yield AppServer(f"http://127.0.0.1:{listener.getsockname()[1]}", key, portal)
            finally:
                server.should_exit = True
                await task


class _QuietServer(uvicorn.Server):
    """Leaves the signal handlers to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(START_TIMEOUT_S):
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the server ended while it started")
            await asyncio.sleep(0.005)


@contextmanager
def _listener() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with _listener() as listener:
        return int(listener.getsockname()[1])


async def make_key(settings: Settings, *, username: str | None = None) -> str:
    """Make the data folder ready and a key of `username` (default: the admin) in it; the key."""
    async with Portal.open(settings) as portal:
        principal = await portal.users.operator()
        _, key = await portal.keys.create(principal, name="test", username=username)
        return key


class PortalProcess:
    """`with PortalProcess(settings, key=key) as server:` runs until the block ends.

    settings: what counts of them travels as environment. key: kept for `headers`.
    module: `aiportal` for the real command, or a module of tests that takes `serve --port N`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        key: str = "",
        module: str = "aiportal",
        arguments: Sequence[str] = (),
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = key
        self.headers = {"Authorization": f"Bearer {key}"}
        self._command = [sys.executable, "-m", module, "serve", "--port", str(self.port)]
        self._command += arguments
        self._environment = _environment(settings)
        self._folder = settings.data_dir.parent
        self._log = self._folder / f"server-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.pid

    @property
    def log(self) -> str:
        """What the process has written to both its outputs."""
        return self._log.read_text(errors="replace")

    def start(self) -> None:
        """Start the process and wait until it is healthy. Raises RuntimeError with its log."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.is_healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server did not start:\n{self.log[-4000:]}")
            time.sleep(0.02)

    def is_healthy(self) -> bool:
        """True if `/health` answers 200 now."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, then wait for the end."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _environment(settings: Settings) -> dict[str, str]:
    """The environment that gives another process these settings, and nothing else of ours."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AIPORTAL_")}
    if settings.model_config_dir is not None:
        own["AIPORTAL_MODEL_CONFIG_DIR"] = str(settings.model_config_dir)
    return own | {
        "PYTHONPATH": str(ROOT),
        "AIPORTAL_DATA_DIR": str(settings.data_dir),
        "AIPORTAL_CACHE_DIR": str(settings.cache_dir),
        "AIPORTAL_LOCAL_MODEL": settings.local_model,
        "AIPORTAL_LOG_LEVEL": settings.log_level,
    }
