"""Small tools for tests: folders that are written, and tools as the registry would make them."""

import json
from pathlib import Path
from typing import Any

from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.tools import Tool, ToolRegistry

__all__ = ["ADMIN", "ANN", "BOB", "ECHO", "config", "load", "made", "write_tool"]

ANN = Principal(user_id="ann", username="ann", role="user")
BOB = Principal(user_id="bob", username="bob", role="user")
ADMIN = Principal(user_id="root", username="admin", role="admin")
ECHO = "def run(parameters):\n    return parameters\n"


def config(tool_id: str = "echo", **fields: Any) -> dict[str, Any]:
    """The content of a `config.json`."""
    return {"id": tool_id, "description": "Gives back what it gets.", **fields}


def write_tool(
    folder: Path, content: object, *, controller: str | None = ECHO, name: str | None = None
) -> Path:
    """A tool's folder below `folder`; text is written as it stands. name: else its id."""
    tool_id = content.get("id", "tool") if isinstance(content, dict) else "tool"
    path = folder / (name or str(tool_id))
    path.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (path / "config.json").write_text(text)
    if controller is not None:
        (path / "controller.py").write_text(controller)
    return path


def load(tmp_path: Path, *, common: object = None) -> ToolRegistry:
    """What a portal makes of `tmp_path / "tools"`. common: the content of its config.json."""
    folder = tmp_path / "tools"
    folder.mkdir(exist_ok=True)
    if common is not None:
        text = common if isinstance(common, str) else json.dumps(common)
        (folder / "config.json").write_text(text)
    return ToolRegistry.load_now(Settings(data_dir=tmp_path, tools_dir=folder))


def made(tmp_path: Path, **fields: Any) -> Tool:
    """One tool of these fields."""
    write_tool(tmp_path / "tools", config(**fields))
    registry = load(tmp_path)
    assert registry.problems == ()
    return registry.tools["echo"]
