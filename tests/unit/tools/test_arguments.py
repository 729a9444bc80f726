"""Arguments are bounded and held against the schema; each mistake is named."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aiportal.errors import InvalidRequest, RequestTooLarge
from aiportal.tools import Tool, checking
from aiportal.tools.arguments import checked_arguments, checked_files
from aiportal.tools.checking import Checks
from tests.unit.tools.tool_folders import made

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 9_000_000},
        "days": {"type": "integer", "minimum": 1},
        "options": {"type": "object", "properties": {"unit": {"enum": ["C", "F"]}}},
    },
    "required": ["city"],
    "additionalProperties": False,
}
DEEP: Any = "end"
for _ in range(2_000):
    DEEP = [DEEP]


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return made(tmp_path, parameters=SCHEMA)


async def checked(tool: Tool, arguments: object) -> Mapping[str, Any]:
    return await checked_arguments(tool, arguments, owner="ann", checks=Checks())


async def test_what_fits_is_passed_on(tool: Tool) -> None:
    arguments = {"city": "Rome", "days": 10**30, "options": {"unit": "C", "more": [None]}}
    assert await checked(tool, arguments) == arguments


@pytest.mark.parametrize(
    ("arguments", "param", "words"),
    [
        ({}, "parameters", "'city' is a required property"),
        ({"city": 1}, "parameters.city", "`city`: 1 is not of type 'string'"),
        ({"city": "a", "days": 0}, "parameters.days", "less than the minimum"),
        ({"city": "a", "days": True}, "parameters.days", "is not of type 'integer'"),
        ({"city": "a", "days": "2"}, "parameters.days", "is not of type 'integer'"),
        ({"city": "a", "options": {"unit": "K"}}, "parameters.options.unit", "['C', 'F']"),
        ({"city": "a", "town": "b"}, "parameters", "'town' was unexpected"),
        ({"city": float("nan")}, "parameters", "nan is no JSON number"),
        ({"city": "a", "options": {"x": float("inf")}}, "parameters", "inf is no JSON number"),
        ({"city": "a", "options": {"x": DEEP}}, "parameters", "more than 64 levels deep"),
        ({"city": "a", "options": {"x": [0] * 600_000}}, "parameters", "more than 500000 values"),
        ({"city": "a", "options": {"x": {1}}}, "parameters", "no JSON"),
        ({"city": "\ud800"}, "parameters", "no JSON"),
        ([], "parameters", "not an object"),
        ("city", "parameters", "not an object"),
        (None, "parameters", "not an object"),
    ],
)
async def test_each_mistake_names_its_field(
    tool: Tool, arguments: object, param: str, words: str
) -> None:
    with pytest.raises(InvalidRequest) as error:
        await checked(tool, arguments)
    assert (error.value.status, error.value.code) == (400, "invalid_arguments")
    assert error.value.param == param
    assert words in error.value.message
    assert "GET /v1/tools/echo" in error.value.message


async def test_a_long_value_is_not_said_back(tool: Tool) -> None:
    with pytest.raises(InvalidRequest) as error:
        await checked(tool, {"city": ["x" * 100_000]})
    assert len(error.value.message) < 500
    assert "is not of type 'string'" in error.value.message


async def test_ten_megabytes_are_too_much(tool: Tool) -> None:
    with pytest.raises(RequestTooLarge, match="a tool takes 8388608"):
        await checked(tool, {"city": "x" * 10_000_000})


WALKED = {
    "type": "array",
    "maxItems": 20,
    "items": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
}


async def test_what_is_too_long_is_not_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MAX_CPU_S", 0.3)
    schema = {"type": "object", "properties": {"filters": WALKED, "word": {"type": "string"}}}
    tool = await asyncio.to_thread(made, tmp_path, parameters=schema)
    for arguments in ({"filters": [{"a": "b"}] * 60_000}, {"word": [{"a": "b"}] * 60_000}):
        with pytest.raises(InvalidRequest) as error:
            await checked(tool, arguments)
        assert "too long to check" not in error.value.message
        assert error.value.param in ("parameters.filters", "parameters.word")


async def test_a_check_comes_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MAX_CPU_S", 0.05)
    walked = {**WALKED, "maxItems": 1_000_000}
    schema = {"type": "object", "properties": {"filters": walked}}
    tool = await asyncio.to_thread(made, tmp_path, parameters=schema)
    with pytest.raises(InvalidRequest, match="take too long to check"):
        await checked(tool, {"filters": [{"a": "b"}] * 100_000})


@pytest.mark.parametrize("name", ["", "../a", "a/b", "a\\b", ".hidden", "a\0b", "a\nb", "x" * 201])
def test_a_files_name_is_a_plain_one(name: str) -> None:
    with pytest.raises(InvalidRequest, match="is no plain name of a file"):
        checked_files({name: b""})


def test_files_are_bounded() -> None:
    assert checked_files({"a b.csv": b"1"}) == {"a b.csv": b"1"}
    with pytest.raises(InvalidRequest, match="There are 21 files"):
        checked_files({str(number): b"" for number in range(21)})
    with pytest.raises(RequestTooLarge, match="bytes; a call takes"):
        checked_files({"a": bytes(20 * 1024**2 + 1)})
