"""What a server lists, as tools that can be offered."""

from typing import Any

import pytest

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


PATTERN = {"pattern": "^(a+)+$"}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/default"}}, "default": PATTERN},
        {"properties": {"a": {"$ref": "#/properties/b/const"}, "b": {"const": PATTERN}}},
        {"properties": {"a": {"$ref": "#/x/0/0"}}, "x": [[PATTERN]]},
        {"properties": {"a": {"$ref": "#/$defs"}}, "$defs": {"const": PATTERN}},
        {"properties": {"a": {"$ref": "#/%64efault"}}, "default": PATTERN},
    ],
)
def test_a_reference_leads_to_a_schema_that_was_looked_at(schema: dict[str, Any]) -> None:
    tool, (problem,) = listed(schema)
    assert tool is None
    assert "`$ref` is" in problem


@pytest.mark.parametrize("place", ["$defs/b", "properties/b/items", "properties/c/anyOf/1"])
def test_a_reference_may_lead_to_any_schema(place: str) -> None:
    kept = {"b": {"type": "array", "items": {"type": "null"}}, "c": {"anyOf": [True, {}]}}
    properties = {"a": {"$ref": f"#/{place}"}, **kept}
    tool, _ = listed({"properties": properties, "$defs": kept})
    assert tool is not None
    assert tool.parameters["properties"] == properties


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"type": "string", **PATTERN}}},
        {"properties": {"a": {"anyOf": [PATTERN, [[PATTERN]]]}}},
        {"unevaluatedProperties": False, "properties": {"a": {"uniqueItems": True}}},
        {"properties": {"a": {"unevaluatedItems": False, "items": {"format": "date"}}}},
    ],
)
def test_what_could_keep_the_portal_busy_is_left_out(schema: dict[str, Any]) -> None:
    tool, problems = listed(schema)
    told = str(problems if tool is None else tool.parameters)
    assert not any(word in told for word in ("a+", "unevaluated", "unique", "format"))


def test_half_of_a_pair_is_no_text() -> None:
    tool, _ = listed({"properties": {"\ud800": {"enum": ["\ud800"]}}}, "a\ud800")
    assert tool is not None
    assert tool.description == "a"
    assert tool.parameters["properties"] == {"?": {"enum": ["?"]}}
