"""Servers that tests start in processes of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["ServerProcess", "free_port"]

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 90  # on a busy machine; usually 5
STOP_TIMEOUT_S = 15


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class ServerProcess:
    """`with ServerProcess("package.module", folder=tmp_path) as server:` serves until the end.

    Runs `python -m MODULE serve --port N ARGUMENTS`. folder: its working folder, and of its log.
    environment: variables beside the ones of this process. health: a path that answers 200 when
    the server is up; any answer will do where it is empty. launcher: an interpreter, or
    what starts one.
    """

    def __init__(
        self,
        module: str,
        *,
        folder: Path,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        health: str = "",
        launcher: Sequence[str] = (),
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        python = () if launcher else (sys.executable,)
        self._command = [*launcher, *python, "-m", module, "serve", "--port", str(self.port)]
        self._command += arguments
        self._environment = _clean_environment() | dict(environment or {})
        self._folder = folder
        self._health = health
        self._log = folder / f"{module.split('.')[-1]}-{self.port}.log"
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

    def start(self) -> float:
        """Start, wait until healthy; the seconds that took. Raises RuntimeError with the log."""
        self._folder.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )
        while not self.is_healthy():
            is_late = time.monotonic() > started + START_TIMEOUT_S
            if self._process.poll() is not None or is_late:
                self.kill()
                raise RuntimeError(f"the server did not start:\n{self.log[-4000:]}")
            time.sleep(0.02)
        return time.monotonic() - started

    def is_healthy(self) -> bool:
        """True if the health path answers 200 now."""
        try:
            with urllib.request.urlopen(f"{self.url}{self._health}", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return not self._health
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, then wait. Raises TimeoutExpired, after a SIGKILL, where no end comes."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

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


def _clean_environment() -> dict[str, str]:
    """This process's environment without settings of a portal; our packages can be imported."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AIPORTAL_")}
    return own | {"PYTHONPATH": str(ROOT)}
