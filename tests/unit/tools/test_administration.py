"""What administrators do to tools."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from aiportal.errors import ConfigError, InvalidRequest, PermissionDenied, ToolNotFound
from aiportal.settings import Settings
from aiportal.tools import ToolChange, ToolRegistry, ToolSource
from aiportal.tools.administration import Administration
from aiportal.tools.authoring import Authoring
from tests.unit.tools.tool_folders import ADMIN, ANN, ECHO, config, write_tool


@pytest.fixture
async def administration(tmp_path: Path) -> Administration:
    write_tool(tmp_path / "tools", config(version="7", category="tests"), name="mine")
    settings = Settings(data_dir=tmp_path, tools_dir=tmp_path / "tools")
    return Administration(await ToolRegistry.load(settings))


def written(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "tools" / "mine" / "config.json").read_bytes())
    return found


async def test_a_change_is_written_into_the_file_and_in_service(
    tmp_path: Path, administration: Administration
) -> None:
    change = ToolChange.model_validate(
        {"enabled": False, "requiresApproval": True, "rateLimit": {"rpm": 3}}
    )
    status = await administration.change(ADMIN, "echo", change)
    assert not status.tool.is_enabled
    assert (status.tool.needs_approval, status.tool.rate.rpm) == (True, 3)
    assert written(tmp_path) == config(
        version="7",
        category="tests",
        enabled=False,
        requiresApproval=True,
        rateLimit={"rpm": 3},
    )
    await administration.change(ADMIN, "echo", ToolChange(enabled=True))
    assert written(tmp_path)["rateLimit"] == {"rpm": 3}


async def test_a_change_and_a_new_version_never_write_at_once(
    tmp_path: Path, administration: Administration
) -> None:
    settings = Settings(data_dir=tmp_path, tools_dir=tmp_path / "tools")
    authoring = Authoring(await ToolRegistry.load(settings), administration)
    source = await authoring.source(ADMIN, "echo")
    draft = ToolSource({**source.config, "version": "9"}, source.controller, source.files)
    async with administration.writing:
        replacing = asyncio.create_task(authoring.replace(ADMIN, "echo", draft))
        done, _ = await asyncio.wait([replacing], timeout=0.5)
        assert not done
        assert written(tmp_path)["version"] == "7"
    await replacing
    assert written(tmp_path)["version"] == "9"


async def test_only_administrators_change_and_validate(administration: Administration) -> None:
    with pytest.raises(PermissionDenied):
        await administration.change(ANN, "echo", ToolChange(enabled=False))
    with pytest.raises(PermissionDenied):
        await administration.validate(ANN, config(), files=None)


async def test_what_is_not_there_cannot_be_changed(
    tmp_path: Path, administration: Administration
) -> None:
    with pytest.raises(ToolNotFound):
        await administration.change(ADMIN, "none", ToolChange(enabled=False))
    with pytest.raises(InvalidRequest, match="nothing to change"):
        await administration.change(ADMIN, "echo", ToolChange())
    write_tool(tmp_path / "tools", "{", name="mine")
    with pytest.raises(ConfigError, match="cannot be read"):
        await administration.change(ADMIN, "echo", ToolChange(enabled=False))


@pytest.mark.parametrize(
    ("draft", "files", "field"),
    [
        (config(), None, None),
        (config(), {"controller.py": ECHO.encode(), "lib/a.txt": b""}, None),
        (config(), {}, ""),
        (config(), {"controller.py": b"def"}, "line 1"),
        (config(paramters={}), None, "paramters"),
        (config(parameters={"a": {"$ref": "#/properties/a"}}), None, "parameters"),
        (config(profile="none"), None, "profile"),
    ],
)
async def test_a_draft_is_looked_at_and_not_kept(
    tmp_path: Path,
    administration: Administration,
    draft: dict[str, Any],
    files: dict[str, bytes] | None,
    field: str | None,
) -> None:
    problems = await administration.validate(ADMIN, draft, files=files)
    assert [problem.field for problem in problems] == ([] if field is None else [field])
    assert [path.name for path in (tmp_path / "tools").iterdir()] == ["mine"]


async def test_a_drafts_controller_is_bounded_and_compiled_elsewhere(
    administration: Administration,
) -> None:
    files = {"controller.py": b"#" * 300_000}
    (problem,) = await administration.validate(ADMIN, config(), files=files)
    assert (problem.file, problem.field) == ("tool/controller.py", "")
    assert "at most 262144 are taken" in problem.allowed


@pytest.mark.parametrize("name", ["../a.py", "/tmp/a.py", "a\0b", "x" * 300, "", "config.json"])
async def test_a_drafts_files_stay_within_its_folder(
    administration: Administration, name: str
) -> None:
    with pytest.raises(InvalidRequest, match="A file's name is"):
        await administration.validate(ADMIN, config(), files={name: b""})
