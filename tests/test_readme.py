"""The README's first hour, done as it is written: its blocks run against a real portal.

`bash` and `python` blocks are executed, `sh` ones are not (`make run`: CI does that itself).
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aiportal.settings import Settings
from tests.running import PortalProcess

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
ADDRESS = "http://127.0.0.1:7860"
ACTIVATION = "source .venv/bin/activate\n"


def blocks(language: str) -> list[str]:
    """The code blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Terminal:
    """Somebody at a terminal beside the running portal."""

    environment: dict[str, str]
    folder: Path
    url: str

    def run(self, *command: str) -> str:
        """What the command prints. Fails where it fails."""
        result = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def typed(self, text: str) -> str:
        """A block as it is run here: with the address of this test's portal."""
        return text.replace(ADDRESS, self.url).replace(ACTIVATION, "set -euo pipefail\n")


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory, weights_cache: Path) -> Iterator[Terminal]:
    folder = tmp_path_factory.mktemp("readme")
    settings = Settings(
        data_dir=folder / "data", cache_dir=weights_cache, model_config_dir=ROOT / "model_config"
    )
    with PortalProcess(settings, has_pages=False) as server:
        environment = os.environ | {
            "AIPORTAL_DATA_DIR": str(settings.data_dir),
            "AIPORTAL_CACHE_DIR": str(settings.cache_dir),
            "AIPORTAL_MODEL_CONFIG_DIR": str(settings.model_config_dir),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        yield Terminal(environment, folder, server.url)


def test_curl_gets_an_answer(terminal: Terminal) -> None:
    [curl, _, _] = blocks("bash")
    assert "Paris" in terminal.run("bash", "-c", terminal.typed(curl))


def _with_key(terminal: Terminal) -> Terminal:
    """As after the first block of shell commands."""
    key = terminal.run("aiportal", "key", "create", "--name", "first-hour").strip()
    return Terminal(terminal.environment | {"AIPORTAL_KEY": key}, terminal.folder, terminal.url)


def test_tools_are_run_by_a_person_and_by_the_model(terminal: Terminal) -> None:
    [_, tools, _] = blocks("bash")
    with_key = _with_key(terminal)
    printed = with_key.run("bash", "-euo", "pipefail", "-c", with_key.typed(tools))
    for result in ("calculator", "5/6", "5050", "121932631112635269"):
        assert result in printed, result


def test_the_openai_client_gets_an_answer_and_its_usage(terminal: Terminal) -> None:
    [openai, _] = blocks("python")
    printed = _with_key(terminal).run(sys.executable, "-c", terminal.typed(openai))
    assert "Paris" in printed
    assert re.search(r"^\d+ tokens$", printed, re.MULTILINE)


def test_the_terminal_gets_an_answer_and_a_link(terminal: Terminal) -> None:
    [_, _, commands] = blocks("bash")
    printed = terminal.run("bash", "-euo", "pipefail", "-c", commands)
    assert "Paris" in printed
    assert "/login/link?token=" in printed


def test_the_notebook_gets_an_answer(terminal: Terminal) -> None:
    [_, notebook] = blocks("python")
    assert "Paris" in terminal.run(sys.executable, "-c", notebook)


def test_make_run_is_the_one_command() -> None:
    assert blocks("sh") == ["make run\n"]
