"""Environments of tools that bring a requirements.txt, with a wheel that the test makes."""

import asyncio
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from aiportal.errors import ToolUnavailable
from aiportal.tools import Tool
from aiportal.tools.environments import FOLDER, Environments
from tests.unit.tools.tool_folders import config, load, write_tool
from tests.waiting import until


def wheel(folder: Path) -> Path:
    """Of a distribution that has one module, `greeting`."""
    folder.mkdir(exist_ok=True)
    path = folder / "greeting-1.0-py3-none-any.whl"
    about = "greeting-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("greeting.py", "WORDS = 'hello'\n")
        archive.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


def needing(tmp_path: Path, requirements: str) -> Tool:
    """As no folder could: one names packages of the index, which a test does not ask."""
    write_tool(tmp_path / "tools", config())
    return replace(load(tmp_path).tools["echo"], requirements=requirements)


def greeting(python: Path) -> str:
    """What the module says in that environment."""
    command = [str(python), "-I", "-c", "import greeting; print(greeting.WORDS)"]
    return subprocess.check_output(command, text=True)


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return needing(tmp_path, f"{wheel(tmp_path / 'wheels')}\n")


async def test_what_is_wanted_is_built_in_the_background(tmp_path: Path, tool: Tool) -> None:
    environments = Environments(tmp_path)
    await environments.open([tool])
    assert "are being installed" in environments.missing(tool)
    environments.want([tool])
    await until(lambda: environments.missing(tool) == "")
    python = environments.python_of(tool)
    assert python is not None
    said = await asyncio.to_thread(greeting, python)
    assert said == "hello\n"
    await environments.close()
    after_restart = Environments(tmp_path)
    await after_restart.open([tool])
    assert after_restart.missing(tool) == ""
    await after_restart.open([])
    assert not (await asyncio.to_thread(python.exists))


async def test_what_cannot_be_installed_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tool = await asyncio.to_thread(needing, tmp_path, "./no-such-file.whl\n")
    environments = Environments(tmp_path)
    await environments.open([tool])
    with pytest.raises(ToolUnavailable, match="could not be installed"):
        await environments.build(tool)
    environments.want([tool])
    await until(lambda: "could not be installed" in environments.missing(tool))
    assert "cannot be built" in caplog.text
    await environments.close()


async def test_a_tool_without_requirements_has_no_environment(tmp_path: Path) -> None:
    write_tool(tmp_path / "tools", config())
    tool = (await asyncio.to_thread(load, tmp_path)).tools["echo"]
    assert Environments(tmp_path).python_of(tool) is None


async def test_what_another_process_builds_keeps_nobody_from_ending(
    tmp_path: Path, tool: Tool
) -> None:
    environments, loop = Environments(tmp_path), asyncio.get_running_loop()
    python = environments.python_of(tool)
    assert python is not None
    held = FileLock(tmp_path / FOLDER / f".{python.parent.parent.name}.lock", thread_local=False)
    (tmp_path / FOLDER).mkdir()
    await asyncio.to_thread(held.acquire)
    try:
        environments.want([tool])
        await asyncio.sleep(0)
        await asyncio.to_thread(int)  # threads take up work in its order
        await environments.close()
        ending = asyncio.create_task(loop.shutdown_default_executor())
        ended, _ = await asyncio.wait({ending}, timeout=5)
        assert ended
    finally:
        held.release()
