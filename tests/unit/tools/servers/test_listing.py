"""What a server lists, as tools that can be offered."""

from typing import Any

from aiportal.tools import Tool
from aiportal.tools.servers.entry import McpServerEntry
from aiportal.tools.servers.listing import tools_of
from aiportal.tools.servers.state import ListedTool

ENTRY = McpServerEntry.model_validate({"command": "none"})


def listed(schema: dict[str, Any], description: str = "") -> tuple[Tool | None, list[str]]:
    """The tool of that schema, if it can be used, and the problems."""
    told = [ListedTool("tool", "", description, schema)]
    tools, problems = tools_of("server", ENTRY, told, access=None, max_time_ms=1_000)
    return tools.get("server__tool"), problems


def test_half_of_a_pair_is_no_text() -> None:
    tool, _ = listed({"properties": {"\ud800": {"enum": ["\ud800"]}}}, "a\ud800")
    assert tool is not None
    assert tool.description == "a"
    assert tool.parameters["properties"] == {"?": {"enum": ["?"]}}
