"""Entries without their secrets, and what comes back of them."""

from typing import Any

import pytest

from aiportal.errors import InvalidRequest
from aiportal.tools.servers.entry import McpServerEntry
from aiportal.tools.servers.masking import check_variables, told_entry, with_kept_values

SECRET = "sk-secret"
HTTP: dict[str, Any] = {"url": "https://a.example/mcp", "headers": {"X-Key": SECRET}}
PROGRAM: dict[str, Any] = {"command": "notes", "args": ["--ro"], "env": {"KEY": SECRET}}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (SECRET, None),
        (f"Bearer {SECRET}", None),
        ("env:", None),
        ("env:A secret", None),
        ("secret env:A", "secret env:A"),
        ("env:CRM_KEY", "env:CRM_KEY"),
        ("Bearer env:CRM_KEY", "Bearer env:CRM_KEY"),
        ("", ""),
    ],
)
def test_only_references_are_told(value: str, told: str | None) -> None:
    http = McpServerEntry.model_validate({**HTTP, "headers": {"X-Key": value}})
    assert told_entry(http) == {**HTTP, "headers": {"X-Key": told}}
    program = McpServerEntry.model_validate({**PROGRAM, "env": {"KEY": value}})
    assert told_entry(program) == {**PROGRAM, "env": {"KEY": told}}


@pytest.mark.parametrize("entry", [HTTP, PROGRAM])
def test_what_is_not_touched_survives(entry: dict[str, Any]) -> None:
    draft = {**told_entry(McpServerEntry.model_validate(entry)), "timeout": 500}
    assert with_kept_values(draft, entry) == {**entry, "timeout": 500}


def test_it_survives_another_path_and_a_new_value_counts() -> None:
    draft = {"url": "https://a.example/other", "headers": {"X-Key": None, "X-New": "1"}}
    kept = with_kept_values(draft, HTTP)
    assert kept["headers"] == {"X-Key": SECRET, "X-New": "1"}
    draft = {**HTTP, "headers": {"X-Key": "2"}}
    assert with_kept_values(draft, HTTP) == draft


@pytest.mark.parametrize(
    ("draft", "before", "param"),
    [
        ({**HTTP, "headers": {"X-Key": None}, "url": "https://b.example/mcp"}, HTTP, "X-Key"),
        ({**HTTP, "headers": {"X-Key": None}, "url": "http://a.example/mcp"}, HTTP, "X-Key"),
        ({**HTTP, "headers": {"X-Key": None}, "url": "https://a.example:1/"}, HTTP, "X-Key"),
        ({**HTTP, "headers": {"X-Other": None}}, HTTP, "X-Other"),
        ({**HTTP, "headers": {"X-Key": None}}, None, "X-Key"),
        ({**HTTP, "headers": {"X-Key": None}}, {"headers": [1]}, "X-Key"),
        ({**HTTP, "headers": {"X-Key": None}}, {**HTTP, "headers": {"X-Key": 1}}, "X-Key"),
        ({**PROGRAM, "env": {"KEY": None}, "command": "env"}, PROGRAM, "KEY"),
        ({**PROGRAM, "env": {"KEY": None}, "args": ["-c", "env"]}, PROGRAM, "KEY"),
    ],
)
def test_a_secret_goes_nowhere_else(draft: dict[str, Any], before: object, param: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        with_kept_values(draft, before)
    assert str(raised.value.param).endswith(f".{param}")
    assert SECRET not in raised.value.message


def test_a_reference_goes_along() -> None:
    before = {**HTTP, "headers": {"X-Key": "env:CRM_KEY"}}
    draft = {"url": "https://b.example/mcp", "headers": {"X-Key": None}}
    assert with_kept_values(draft, before)["headers"] == {"X-Key": "env:CRM_KEY"}


@pytest.mark.parametrize(
    ("content", "before"),
    [
        ({**HTTP, "headers": {"X-Key": "Bearer env:MCP_CRM_KEY"}}, None),
        ({**PROGRAM, "env": {"KEY": "env:MCP_KEY"}}, HTTP),
        (
            {**HTTP, "headers": {"X-Key": "env:CRM_KEY"}},
            {**HTTP, "headers": {"X-Key": "env:CRM_KEY"}},
        ),
        ({**HTTP, "headers": {"X-Key": "no variable"}}, None),
    ],
)
def test_what_may_be_named(content: dict[str, Any], before: object) -> None:
    check_variables(content, before)


HAD = {**HTTP, "headers": {"X-Key": "env:CRM_KEY"}}


@pytest.mark.parametrize(
    ("content", "before", "param"),
    [
        ({**HTTP, "headers": {"X-Key": "env:OPENAI_API_KEY"}}, None, "headers.X-Key"),
        ({**HTTP, "headers": {"X-Key": "Bearer env:OPENAI_API_KEY"}}, HAD, "headers.X-Key"),
        ({**HTTP, "headers": {"X-Other": "env:CRM_KEY"}}, HAD, "headers.X-Other"),
        ({**HAD, "url": "https://b.example/mcp"}, HAD, "headers.X-Key"),
        ({**PROGRAM, "env": {"KEY": "env:OPENAI_API_KEY"}}, PROGRAM, "env.KEY"),
        ({**PROGRAM, "env": {"KEY": "env:mcp_key"}}, None, "env.KEY"),
    ],
)
def test_no_other_variable_is_handed_out(
    content: dict[str, Any], before: object, param: str
) -> None:
    with pytest.raises(InvalidRequest, match="begin with MCP_") as raised:
        check_variables(content, before)
    assert raised.value.param == param
