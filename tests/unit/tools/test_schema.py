"""`config.json` of a tool."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aiportal.sandbox import CallLimits
from tests.unit.tools.tool_folders import ADMIN, ANN, BOB, config, load, made, write_tool

GUIDE = {
    "id": "data-analyzer",
    "name": "Data Analyzer",
    "description": "Analyzes CSV and JSON data",
    "enabled": True,
    "maxExecutionTime": 30000,
    "allowedModels": ["*"],
    "requiresApproval": False,
    "parameters": {
        "data_config": {
            "type": "object",
            "description": "Configuration for data analysis",
            "properties": {
                "type": {"type": "string", "enum": ["csv", "json"]},
                "source": {"type": "string"},
            },
            "required": ["type", "source"],
        }
    },
    "security": {
        "sandbox": True,
        "allowNetworkAccess": False,
        "allowFileSystem": False,
        "memoryLimit": "256MB",
        "timeLimit": 30,
    },
    "dependencies": ["pandas", "numpy", "matplotlib"],
}


def test_the_guides_own_example_is_a_tool(tmp_path: Path) -> None:
    write_tool(tmp_path / "tools", GUIDE)
    registry = load(tmp_path)
    assert registry.problems == ()
    tool = registry.tools["data-analyzer"]
    assert tool.limits == CallLimits(30.0, 256 * 1024**2, 64 * 1024**2)
    assert tool.parameters["required"] == ["data_config"]
    assert (tool.hosts, tool.is_enabled, tool.needs_approval) == ((), True, False)
    assert registry.missing(tool) == ""


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "a b"}, "id"),
        ({"id": "approvals"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"parametres": {}}, "parametres"),
        ({"parameters": []}, "parameters"),
        ({"parameters": {"a": {"$ref": "#/properties/a"}}}, "parameters"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"maxExecutionTime": 0}, "maxExecutionTime"),
        ({"maxExecutionTime": 600_001}, "maxExecutionTime"),
        ({"allowedRoles": ["god"]}, "allowedRoles.0"),
        ({"rateLimit": {"rpm": 0}}, "rateLimit.rpm"),
        ({"security": {"sandbox": False}}, "security.sandbox"),
        ({"security": {"memoryLimit": "lots"}}, "security.memoryLimit"),
        ({"security": {"memoryLimit": "1KB"}}, "security.memoryLimit"),
        ({"security": {"timeLimit": 0}}, "security.timeLimit"),
        ({"security": {"hosts": ["example.org"]}}, "security"),
        (
            {"security": {"allowNetworkAccess": True, "hosts": ["https://example.org"]}},
            "security.hosts.0",
        ),
        (
            {"security": {"allowNetworkAccess": True, "secrets": {"KEY": {"query": "k"}}}},
            "security",
        ),
        ({"security": {"secrets": {"KEY": {}}}}, "security.secrets.KEY"),
        ({"security": {"secrets": {"key": {"query": "k"}}}}, "security.secrets.key.[key]"),
    ],
)
def test_each_mistake_names_file_field_value_and_what_is_allowed(
    tmp_path: Path, change: dict[str, Any], field: str
) -> None:
    write_tool(tmp_path / "tools", config() | change, name="mine")
    registry = load(tmp_path)
    assert not registry.tools
    (problem,) = registry.problems
    assert (problem.file, problem.field) == ("mine/config.json", field)
    assert problem.allowed
    assert problem.value


@pytest.mark.parametrize(
    ("fields", "wall_s"),
    [
        ({}, 30),
        ({"maxExecutionTime": 500}, 0.5),
        ({"security": {"timeLimit": 2}}, 2),
        ({"maxExecutionTime": 5_000, "security": {"timeLimit": 2}}, 2),
        ({"maxExecutionTime": 1_000, "security": {"timeLimit": 2}}, 1),
    ],
)
def test_the_shorter_time_holds(tmp_path: Path, fields: dict[str, Any], wall_s: float) -> None:
    assert made(tmp_path, **fields).limits.wall_s == wall_s


def test_what_is_said_for_all_tools_bounds_each(tmp_path: Path) -> None:
    write_tool(tmp_path / "tools", config(maxExecutionTime=60_000, profile="data"))
    common = {
        "maxExecutionTime": 4_000,
        "requiresApproval": True,
        "profiles": {"data": {"preload": ["numpy"]}},
    }
    tool = load(tmp_path, common=common).tools["echo"]
    assert (tool.limits.wall_s, tool.needs_approval, tool.preload) == (4, True, ("numpy",))
    registry = load(tmp_path, common={"enabled": False})
    assert "disabled" in registry.missing(registry.tools["echo"])


def test_a_profile_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    write_tool(tmp_path / "tools", config(profile="data"))
    (problem,) = load(tmp_path).problems
    assert (problem.field, problem.value) == ("profile", "'data'")


@pytest.mark.parametrize(
    ("fields", "admitted"),
    [
        ({}, {"ann", "bob", "admin"}),
        ({"allowedRoles": ["admin"]}, {"admin"}),
        ({"access": {"users": ["Ann"]}}, {"ann", "admin"}),
        ({"allowedGroups": ["Staff"]}, {"bob", "admin"}),
        ({"allowedGroups": ["others"], "access": {"groups": ["staff"]}}, {"bob", "admin"}),
        ({"allowedGroups": ["staff"], "access": {"users": ["ann"]}}, {"ann", "bob", "admin"}),
        ({"allowedGroups": ["others"]}, {"admin"}),
    ],
)
def test_who_may_use_it(tmp_path: Path, fields: dict[str, Any], admitted: set[str]) -> None:
    tool = made(tmp_path, **fields)
    bob = replace(BOB, groups=frozenset({"staff"}))
    assert {one.username for one in (ANN, bob, ADMIN) if tool.admits(one)} == admitted


def test_which_models_may_call_it(tmp_path: Path) -> None:
    tool = made(tmp_path, allowedModels=["acme/fast", "custom/*"])
    assert tool.admits(ANN)
    assert tool.admits(ANN, "acme/fast")
    assert tool.admits(ANN, "custom/poet")
    assert not tool.admits(ANN, "acme/slow")


def test_the_common_file_says_what_is_wrong_in_it(tmp_path: Path) -> None:
    write_tool(tmp_path / "tools", config())
    registry = load(tmp_path, common={"hotreload": True})
    assert [str(problem) for problem in registry.problems] == [
        "config.json: `hotreload` is True: Extra inputs are not permitted"
    ]
    assert "echo" in registry.tools


def test_the_schema_that_is_shown_is_json(tmp_path: Path) -> None:
    assert json.dumps(made(tmp_path, parameters={"a": {"type": "number"}}).parameters)
