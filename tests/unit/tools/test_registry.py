"""The tools follow their files."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from aiportal.errors import PermissionDenied, ToolNotFound, ToolUnavailable
from aiportal.settings import Settings
from aiportal.tools import Tool, ToolRegistry
from tests.unit.tools.tool_folders import ADMIN, ANN, config, load, write_tool
from tests.waiting import until


@asynccontextmanager
async def following(tmp_path: Path) -> AsyncIterator[ToolRegistry]:
    (tmp_path / "tools").mkdir(exist_ok=True)
    settings = Settings(data_dir=tmp_path, tools_dir=tmp_path / "tools")
    async with await ToolRegistry.load(settings) as registry:
        yield registry


def version(registry: ToolRegistry) -> str | None:
    tool = registry.tools.get("echo")
    return None if tool is None else tool.version


async def test_a_new_folder_is_a_new_tool_and_a_removed_one_none(tmp_path: Path) -> None:
    async with following(tmp_path) as registry:
        path = write_tool(tmp_path / "tools", config())
        await until(lambda: version(registry) == "1.0.0")
        shutil.rmtree(path)
        await until(lambda: version(registry) is None)
        assert registry.problems == ()


async def test_a_bad_folder_keeps_its_last_good_version_until_it_is_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "tools"
    write_tool(folder, config(version="1"))
    async with following(tmp_path) as registry:
        write_tool(folder, config(version="2"), controller="def run(:")
        await until(lambda: registry.problems != ())
        assert version(registry) == "1"
        assert b"return parameters" in registry.tools["echo"].files["controller.py"]
        assert str(registry.problems[0]) in caplog.text
        write_tool(folder, config(version="3"))
        await until(lambda: version(registry) == "3")
        assert registry.problems == ()


async def test_a_changed_controller_is_in_service(tmp_path: Path) -> None:
    path = write_tool(tmp_path / "tools", config())
    async with following(tmp_path) as registry:
        in_flight = registry.tools["echo"]
        (path / "controller.py").write_text("new = 1")
        await until(lambda: registry.tools["echo"].files["controller.py"] == b"new = 1")
        assert in_flight.files["controller.py"] != b"new = 1"


async def test_a_folder_of_tools_that_goes_away_leaves_its_tools(tmp_path: Path) -> None:
    write_tool(tmp_path / "tools", config())
    async with following(tmp_path) as registry:
        (tmp_path / "tools").rename(tmp_path / "moved")
        await until(lambda: registry.problems != ())
        assert version(registry) == "1.0.0"


async def test_nothing_runs_on_after_the_context(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with following(tmp_path):
        assert asyncio.all_tasks() != before
    assert asyncio.all_tasks() == before


async def test_only_administrators_reload_and_see_problems(tmp_path: Path) -> None:
    write_tool(tmp_path / "tools", config())
    async with following(tmp_path) as registry:
        with pytest.raises(PermissionDenied):
            await registry.reload(ANN)
        with pytest.raises(PermissionDenied):
            registry.problems_for(ANN)
        assert [tool.id for tool in await registry.reload(ADMIN)] == ["echo"]


def test_what_is_not_for_a_caller_is_not_there(tmp_path: Path) -> None:
    write_tool(tmp_path / "tools", config(allowedRoles=["admin"], allowedModels=["acme/fast"]))
    registry = load(tmp_path)
    assert registry.statuses(ANN) == []
    for tool_id in ("echo", "none"):
        with pytest.raises(ToolNotFound, match=f"There is no tool '{tool_id}'"):
            registry.resolve(ANN, tool_id)
    with pytest.raises(ToolNotFound):
        registry.resolve(ADMIN, "echo", model_id="acme/slow")
    assert registry.resolve(ADMIN, "echo", model_id="acme/fast").id == "echo"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"enabled": False}, "disabled"),
        ({"dependencies": ["no-such-distribution>=3"]}, "lacks no-such-distribution"),
        (
            {
                "security": {
                    "allowNetworkAccess": True,
                    "hosts": ["example.org"],
                    "secrets": {"NO_SUCH_APP_ID": {"query": "appid"}},
                }
            },
            "needs NO_SUCH_APP_ID",
        ),
    ],
)
def test_what_cannot_run_says_what_it_lacks(
    tmp_path: Path, fields: dict[str, Any], words: str
) -> None:
    write_tool(tmp_path / "tools", config(**fields))
    registry = load(tmp_path)
    (status,) = registry.statuses(ANN)
    assert not status.is_usable
    with pytest.raises(ToolUnavailable, match=words):
        registry.resolve(ANN, "echo")


def test_values_of_secrets_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WOLFRAM_APP_ID", "XYZ-123")
    reach = {"allowNetworkAccess": True, "hosts": ["example.org"]}
    secret = {"secrets": {"WOLFRAM_APP_ID": {"query": "appid"}}}
    write_tool(tmp_path / "tools", config(security=reach | secret))
    registry = load(tmp_path)
    tool: Tool = registry.resolve(ANN, "echo")
    assert registry.secrets_of(tool) == {"WOLFRAM_APP_ID": "XYZ-123"}
    assert "XYZ-123" not in repr(tool)
