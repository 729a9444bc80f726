"""`aiportal serve` as a person meets it: what it prints, its link, its end."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from urllib.parse import urlencode

import pytest

from aiportal.settings import Settings

STARTED = re.compile(r"^AI Portal is at (http://127\.0\.0\.1:\d+)$", re.MULTILINE)
LINK = re.compile(r"^Sign in .*: (http://\S+/login/link\?token=([\w-]+))$", re.MULTILINE)
DEADLINE_S = 60


@dataclass
class Serve:
    """A running `aiportal serve`, its standard output read line by line."""

    process: "subprocess.Popen[str]"
    printed: str = ""

    def read_until(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Read on until a line matches. Raises EOFError with all that was printed."""
        if self.process.stdout is None:
            raise EOFError("no output")
        while (match := pattern.search(self.printed)) is None:
            line = self.process.stdout.readline()
            if not line:
                raise EOFError(self.printed)
            self.printed += line
        return match

    def end(self, number: signal.Signals) -> int:
        """Send a signal and read to the end; the exit status."""
        self.process.send_signal(number)
        if self.process.stdout is not None:
            self.printed += self.process.stdout.read()
        return self.process.wait(DEADLINE_S)


@contextmanager
def serving(settings: Settings, *arguments: str, **variables: str) -> Iterator[Serve]:
    command = [sys.executable, "-m", "aiportal", "serve", *arguments]
    with subprocess.Popen(
        command,
        env=environment(settings) | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield Serve(process)
        finally:
            process.kill()


def environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "AIPORTAL_PORT": "0",
        "AIPORTAL_DATA_DIR": str(settings.data_dir),
        "AIPORTAL_CACHE_DIR": str(settings.cache_dir),
        "AIPORTAL_MODEL_CONFIG_DIR": str(settings.model_config_dir),
        "AIPORTAL_LOCAL_MODEL": "off",
    }


def test_the_first_start_prints_an_address_and_a_link_that_signs_in(settings: Settings) -> None:
    with serving(settings) as server:
        base = server.read_until(STARTED)[1]
        link, token = server.read_until(LINK).groups()
        assert link.startswith(f"{base}/login/link?token=")
        assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700
        browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(jar := CookieJar())
        )
        form = urllib.request.Request(
            f"{base}/login/link", urlencode({"token": token}).encode(), {"Origin": base}
        )
        assert browser.open(form, timeout=DEADLINE_S).status == 200
        assert "aiportal_session" in [cookie.name for cookie in jar]
        assert server.end(signal.SIGTERM) == 0
    with serving(settings) as server:
        server.read_until(STARTED)
        assert server.end(signal.SIGINT) == 0
        assert "Sign in" not in server.printed


def test_a_password_from_the_environment_needs_no_link(settings: Settings) -> None:
    with serving(settings, AIPORTAL_ADMIN_PASSWORD="Correct-horse-9") as server:
        server.read_until(STARTED)
        server.end(signal.SIGTERM)
        assert "Sign in" not in server.printed
        assert "Correct-horse-9" not in server.printed


@pytest.mark.parametrize("option", ["--port", "AIPORTAL_PORT"])
def test_a_port_that_is_taken_is_one_sentence(settings: Settings, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments = ["--port", port] if option == "--port" else []
        result = subprocess.run(
            [sys.executable, "-m", "aiportal", "serve", *arguments],
            env=environment(settings) | ({} if arguments else {"AIPORTAL_PORT": port}),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: Port {port} ")
    assert len(result.stderr.splitlines()) == 1
