"""The JSON Schema of parameters, in both forms of the file."""

import re
from typing import Any

import pytest

from aiportal.tools.parameter_schema import checked_schema

CITY = {"type": "string"}
DEEP: dict[str, Any] = {}
for _ in range(40):
    DEEP = {"items": DEEP}
DOUBLING: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"$ref": "#/$defs/30"}},
    "$defs": {
        str(n): {"allOf": [{"$ref": f"#/$defs/{n - 1}"}] * 2} if n else {"type": "string"}
        for n in range(31)
    },
}


def test_a_map_of_names_is_an_object_that_needs_them_all() -> None:
    """The guide's form."""
    assert checked_schema({"city": CITY, "data_config": {"type": "object"}}) == {
        "type": "object",
        "properties": {"city": CITY, "data_config": {"type": "object"}},
        "required": ["city", "data_config"],
        "additionalProperties": False,
    }


def test_of_a_map_what_has_a_default_or_says_so_may_be_left_out() -> None:
    found = checked_schema(
        {
            "city": CITY | {"required": True, "default": "Rome"},
            "days": {"type": "integer", "default": 0},
            "unit": CITY | {"required": False},
        }
    )
    assert found["required"] == ["city"]
    assert found["properties"]["city"] == CITY | {"default": "Rome"}
    assert found["properties"]["unit"] == CITY


@pytest.mark.parametrize("name", ["type", "properties", "required"])
def test_a_parameter_may_have_the_name_of_a_word_of_json_schema(name: str) -> None:
    found = checked_schema({name: CITY})
    assert found["properties"] == {name: CITY}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"city": CITY}, "required": ["city"]},
        {"properties": {"city": CITY}},
        {"type": "object"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"city": CITY}},
    ],
)
def test_a_schema_of_an_object_stays_as_it_is(schema: dict[str, Any]) -> None:
    assert checked_schema(schema) == {"type": "object", **schema}


def test_references_within_the_schema_are_taken() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/c~1d"}, "b": {"$ref": "#/$defs/c~1d"}},
        "$defs": {"c/d": CITY},
    }
    assert checked_schema(schema) == schema


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array"}, "a schema of an object"),
        ({"city": "string"}, '`city` is "string": a schema (an object) for each name'),
        ({"type": "object", "properties": {"a": {"type": "text"}}}, "at `properties.a.type`"),
        ({"type": "object", "properties": {"a": {"minimum": "1"}}}, "at `properties.a.minimum`"),
        ({"type": "object", "required": "city"}, "at `required`"),
        ({"a": {"$ref": "https://example.org/s.json"}}, "nothing is loaded"),
        ({"a": {"$ref": "file:///etc/passwd"}}, "nothing is loaded"),
        ({"a": {"$ref": "other.json#/a"}}, "nothing is loaded"),
        ({"a": {"$ref": "#/$defs/none"}}, "there is no such part"),
        ({"a": {"$ref": "#/properties/%62"}, "%62": {}, "b": {}}, "without `%`"),
        ({"a": {"$ref": "#/properties/a"}}, "goes round in a circle"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}}, "goes round in a circle (# → #)"),
        ({"a": {"items": {"$ref": "#/properties/a"}}}, "goes round in a circle"),
        (
            {"a": {"$ref": "#/properties/b"}, "b": {"not": {"$ref": "#/properties/a"}}},
            "#/properties/b → #/properties/a → #/properties/b",
        ),
        ({"a": {"$dynamicRef": "#x"}}, "`$dynamicRef` is not taken"),
        ({"a": {"$id": "https://example.org/"}}, "`$id` is not taken"),
        ({"a": DEEP}, "nested more than 32 levels deep"),
        ({"a": {"description": "x" * 300_000}}, "at most 200000 are taken"),
        (DOUBLING, "more than 20000 parts"),
    ],
)
def test_what_cannot_be_says_why(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        checked_schema(schema)
