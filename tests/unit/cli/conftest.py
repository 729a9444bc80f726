"""The command line, called in this process on a data folder of the test's own."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from click.testing import CliRunner, Result

from aiportal.cli import main
from aiportal.settings import Settings

__all__ = ["Cli"]


@dataclass(frozen=True)
class Cli:
    """`cli("user", "list", stdin=…, NAME=…)`: the result, with `exit_code`, `stdout`, `stderr`."""

    settings: Settings

    def __call__(self, *arguments: str, stdin: str | None = None, **variables: str) -> Result:
        environment = {
            "AIPORTAL_DATA_DIR": str(self.settings.data_dir),
            "AIPORTAL_CACHE_DIR": str(self.settings.cache_dir),
            "AIPORTAL_MODEL_CONFIG_DIR": str(self.settings.model_config_dir),
            "AIPORTAL_LOCAL_MODEL": self.settings.local_model,
        }
        runner = CliRunner(env=environment | variables)
        return runner.invoke(main, list(arguments), input=stdin, prog_name="aiportal")


@pytest.fixture(autouse=True)
def _log_of_the_process() -> Iterator[None]:
    """A command sets up the log of its process, which here is pytest's: put that back."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers.clear()
    yield
    root.handlers, root.level = before


@pytest.fixture
def cli(settings: Settings) -> Cli:
    """The command line with the shipped models."""
    return Cli(settings)


@pytest.fixture
def wired_cli(wired_settings: Settings) -> Cli:
    """The command line whose models are the fake provider's."""
    return Cli(wired_settings)
