"""The folders of the shipped tools are valid, and each tool's own examples pass its own schema."""

import ast
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aiportal.tools.folders import read_tools
from tests.unit.tools.shipped.controllers import TOOLS, ids

NAMES = [
    "calculator",
    "code-execution",
    "current-time",
    "data-analyzer",
    "test-tool",
    "web-scraper",
    "web-search",
    "wolfram-alpha",
]


def _config(tool_id: str) -> dict[str, Any]:
    return dict(json.loads((TOOLS / tool_id / "config.json").read_text()))


def _objects(schema: Any) -> list[dict[str, Any]]:
    """Every schema within that has a type, `properties` themselves left out."""
    if not isinstance(schema, dict):
        return []
    return [
        one for field in schema.get("properties", {}).values() for one in [field, *_objects(field)]
    ]


def test_all_are_there_and_have_no_problem() -> None:
    found = read_tools(TOOLS)
    assert found.problems == ()
    assert sorted(tool.entry.id for tool in found.tools.values()) == NAMES == ids()


def test_every_profile_that_a_tool_names_is_declared() -> None:
    profiles = json.loads((TOOLS / "config.json").read_text())["profiles"]
    assert {_config(name)["profile"] for name in NAMES} == set(profiles)


@pytest.mark.parametrize("tool_id", NAMES)
def test_the_examples_pass_the_schema(tool_id: str) -> None:
    config = _config(tool_id)
    validator = Draft202012Validator(config["parameters"])
    assert config["examples"]
    for example in config["examples"]:
        assert list(validator.iter_errors(example["parameters"])) == []


@pytest.mark.parametrize("tool_id", NAMES)
def test_a_form_and_a_model_find_words_for_every_field(tool_id: str) -> None:
    parameters = _config(tool_id)["parameters"]
    assert parameters["type"] == "object"
    nameless = [one for one in _objects(parameters) if not one.get("title")]
    undescribed = [
        name for name, one in parameters["properties"].items() if not one.get("description")
    ]
    assert (nameless, undescribed) == ([], [])


def test_what_a_controller_reports_in_words_needs_no_traceback() -> None:
    """`is_told` on an exception's class keeps the sandbox from showing where it was raised."""
    silent = []
    for file in TOOLS.glob("*/*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                silent += [] if "is_told = True" in ast.unparse(node) else [f"{file}: {node.name}"]
    assert silent == []
