"""What importing costs, and what it leaves alone."""

import subprocess
import sys
from pathlib import Path

import pytest

import aiportal

ROOT = Path(__file__).parents[3]
HEAVY = ("IPython", "aiohttp", "fastapi", "gradio", "litellm", "pandas", "pydantic", "sqlite_utils")


def _python(script: str, folder: Path) -> str:
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(folder), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_import_aiportal_brings_nothing_heavy(tmp_path: Path) -> None:
    script = f"import sys, aiportal; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert _python(script, tmp_path) == "[]\n"


def test_the_notebooks_portal_brings_no_web_app(tmp_path: Path) -> None:
    unwanted = ("IPython", "fastapi", "gradio", "litellm", "uvicorn")
    script = (
        "import sys; from aiportal import Portal, connect; "
        f"print([name for name in {unwanted!r} if name in sys.modules])"
    )
    assert _python(script, tmp_path) == "[]\n"


def test_making_a_portal_does_nothing_yet(tmp_path: Path) -> None:
    _python("from aiportal import Portal; Portal('data')", tmp_path)
    assert not (tmp_path / "data").exists()


def test_a_portal_that_nobody_closed_ends_with_the_process(tmp_path: Path) -> None:
    script = "from aiportal import Portal; print(len(Portal('data').conversations()))"
    assert _python(script, tmp_path) == "0\n"
    assert not list((tmp_path / "data").glob("*.db-wal"))  # SQLite takes it away when it is closed


@pytest.mark.parametrize("name", aiportal.__all__)
def test_everything_that_is_offered_is_there(name: str) -> None:
    assert getattr(aiportal, name) is not None
    assert name in dir(aiportal)


def test_other_names_are_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = aiportal.nothing
