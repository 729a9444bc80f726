"""Fixtures that all tests share: a clean environment, a data folder, a migrated database."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType

import hypothesis
import platformdirs
import pytest
from blockbuster import blockbuster_ctx

from aiportal.settings import Settings
from aiportal.store import Database, migrate

pytest_plugins = ["tests.fixtures_portal", "tests.fixtures_upstream"]

ROOT = Path(__file__).parents[1]
FOREIGN_VARIABLES = ("AIPORTAL_", "GRADIO_")

hypothesis.settings.register_profile("suite", deadline=None)  # the machine may be busy
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session")
def weights_cache() -> Path:
    """Where `make test` has put the embedded model: the cache folder of the user."""
    default = platformdirs.user_cache_dir("aiportal")
    return Path(os.environ.get("AIPORTAL_CACHE_DIR", default))


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(weights_cache: Path) -> Iterator[None]:
    """Nothing of the developer's own reaches a test: no settings, provider keys or model servers."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(FOREIGN_VARIABLES) or name.endswith("_API_KEY"):
                patch.delenv(name)
        patch.setenv("AIPORTAL_DISCOVER_LOCAL", "false")
        yield


@pytest.fixture(autouse=True)
def _empty_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` and no `model_config/` of the developer's own either."""
    folder = tmp_path / "working-folder"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    """A blocking call under `aiportal` or `pages` on the event loop fails the test."""
    with blockbuster_ctx(scanned_modules=[_package("aiportal"), _package("pages")]):
        yield


def _package(name: str) -> ModuleType:
    """A stand-in with the package's folder: importing `pages` itself takes seconds."""
    module = ModuleType(name)
    module.__path__ = [str(ROOT / name)]
    return module


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A portal of its own: fresh folders, a free port, the shipped models, no embedded model."""
    return Settings(
        port=0,
        data_dir=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        model_config_dir=ROOT / "model_config",
        tools_dir=ROOT / "tools",
        local_model="off",
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The migrated, empty database of `settings`."""
    await asyncio.to_thread(migrate, settings.database_path)
    async with Database(settings.database_path) as database:
        yield database
