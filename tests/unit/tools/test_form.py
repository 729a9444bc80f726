"""Forms made from JSON Schema: fields, what stands in them as parameters, and back."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.tools.form import Field, form_of
from aiportal.tools.form_values import parameters_of, start_values, values_of

SHIPPED = Path(__file__).parents[3] / "tools"


def fields_of(**properties: Any) -> tuple[Field, ...]:
    required = [name for name, one in properties.items() if one.pop("needed", False)]
    found = form_of({"type": "object", "properties": properties, "required": required})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "format": "textarea"}, "long"),
        ({"type": "string", "maxLength": 10_000}, "long"),
        ({"type": "string", "format": "python"}, "code"),
        ({"type": "number"}, "number"),
        ({"type": ["integer", "null"]}, "integer"),
        ({"type": "boolean"}, "boolean"),
        ({"enum": ["a", 1, None]}, "choice"),
        ({"const": "a"}, "choice"),
        ({"type": "array", "items": {"type": "string"}}, "list"),
        ({"type": "array", "items": {"type": "object"}}, "json"),
        ({"type": "object", "properties": {"a": {}}}, "group"),
        ({"type": "object"}, "json"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, "json"),
        ({}, "json"),
        (True, "json"),
        ({"$ref": "#/$defs/size"}, "integer"),
    ],
)
def test_each_kind_of_schema_has_a_field(schema: Any, kind: str) -> None:
    found = form_of(
        {"type": "object", "properties": {"x": schema}, "$defs": {"size": {"type": "integer"}}}
    )
    assert found is not None
    assert found[0].kind == kind


def test_a_field_says_what_the_schema_says() -> None:
    (found,) = fields_of(
        n={
            "type": ["integer", "null"],
            "title": "Digits",
            "description": "How many.",
            "default": 20,
            "minimum": 1,
            "maximum": 100,
            "examples": [5],
            "needed": True,
        }
    )
    assert found == Field(
        name="n",
        kind="integer",
        title="Digits",
        description="How many.",
        is_required=True,
        takes_null=True,
        default="20",
        example="5",
        bounds=(("minimum", 1), ("maximum", 100)),
    )


def test_groups_are_one_level_deep_and_what_is_deeper_is_json() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "string"}}}
    (found,) = fields_of(outer={"type": "object", "properties": {"inner": inner}})
    assert (found.kind, found.fields[0].kind) == ("group", "json")


@pytest.mark.parametrize(
    "schema", [{"allOf": []}, {"anyOf": [{}]}, {"properties": {str(n): {} for n in range(99)}}]
)
def test_what_is_no_form_is_written_as_json(schema: dict[str, Any]) -> None:
    assert form_of({"type": "object", **schema}) is None


@pytest.mark.parametrize(
    ("schema", "typed", "words"),
    [
        ({"type": "integer"}, "1.5", "whole number"),
        ({"type": "integer"}, "true", "whole number"),
        ({"type": "number"}, "NaN", "a number"),
        ({"type": "number"}, "1e999", "a number"),
        ({"type": "number"}, "9" * 5_000, "a number"),
        ({"enum": ["a"]}, '"b"', "none of the choices"),
        ({"type": "object"}, "{", "no JSON"),
        ({"type": "object"}, "Infinity", "no JSON"),
        ({"type": "object"}, "[" * 100_000, "nested too deeply"),
        ({"type": "array", "items": {"type": "number"}}, "1\nx", "a number"),
    ],
)
def test_what_is_no_value_of_its_kind_is_told_at_the_field(
    schema: dict[str, Any], typed: str, words: str
) -> None:
    found, faults = parameters_of(fields_of(x=schema), {"x": typed})
    assert (found, [fault.path for fault in faults]) == ({}, ["x"])
    assert words in faults[0].message


def test_what_is_empty_is_not_given_and_null_is() -> None:
    fields = fields_of(
        a={"type": "string"},
        b={"type": ["string", "null"]},
        g={"type": "object", "properties": {"c": {}}},
    )
    assert parameters_of(fields, {"a": "", "b": None, "g": {"c": ""}})[0] == {"b": None}
    assert parameters_of(fields, {"a": None, "g": "no group", "other": "x"})[0] == {}


def test_a_text_or_something_else_is_read_as_a_person_means_it() -> None:
    fields = fields_of(x={"anyOf": [{"type": "string"}, {"type": "array"}]})
    for typed, meant in [("team", "team"), ('["a"]', ["a"]), ('"5"', "5"), ("5", 5)]:
        assert parameters_of(fields, {"x": typed})[0] == {"x": meant}
        assert values_of(fields, {"x": meant}) is not None


@pytest.mark.parametrize("tool_id", sorted(one.name for one in SHIPPED.iterdir() if one.is_dir()))
def test_the_forms_of_the_shipped_tools_show_their_examples(tool_id: str) -> None:
    config = json.loads((SHIPPED / tool_id / "config.json").read_text())
    fields = form_of(config["parameters"])
    assert fields
    assert values_of(fields, parameters_of(fields, start_values(fields))[0]) is not None
    for example in config["examples"]:
        values = values_of(fields, example["parameters"])
        assert values is not None
        found, faults = parameters_of(fields, values)
        assert faults == ()
        assert example["parameters"].items() <= found.items() or "data_config" in found


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
KINDS: dict[str, tuple[dict[str, Any], st.SearchStrategy[Any]]] = {
    "text": ({"type": "string"}, st.text(min_size=1)),
    "nullable": ({"type": ["string", "null"]}, st.none() | st.text(min_size=1)),
    "number": (
        {"type": "number"},
        st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    ),
    "integer": ({"type": "integer"}, st.integers()),
    "boolean": ({"type": "boolean"}, st.booleans()),
    "choice": ({"enum": ["a", 1, True, [2]]}, st.sampled_from(["a", 1, True, [2]])),
    "list": (
        {"type": "array", "items": {"type": "string"}},
        st.lists(st.text(min_size=1).filter(lambda text: "\n" not in text), min_size=1),
    ),
    "any": ({}, ANY.filter(lambda value: value is not None)),
    "object": ({"type": "object"}, st.dictionaries(st.text(), st.integers())),
}
NAMES = st.sampled_from(sorted(KINDS))


@given(data=st.data(), names=st.sets(NAMES), inside=st.sets(NAMES, min_size=1))
def test_parameters_come_back_from_the_form(
    data: st.DataObject, names: set[str], inside: set[str]
) -> None:
    properties = {name: schema for name, (schema, _) in KINDS.items()}
    fields = fields_of(**properties, group={"type": "object", "properties": properties})
    given_ones = {name: data.draw(KINDS[name][1]) for name in names}
    given_ones["group"] = {name: data.draw(KINDS[name][1]) for name in inside}
    values = values_of(fields, given_ones)
    assert values is not None
    assert parameters_of(fields, json.loads(json.dumps(values))) == (given_ones, ())


@given(st.dictionaries(st.sampled_from([*KINDS, "other"]), ANY))
def test_whatever_is_sent_either_comes_back_or_is_not_shown(parameters: dict[str, Any]) -> None:
    fields = fields_of(**{name: schema for name, (schema, _) in KINDS.items()})
    values = values_of(fields, parameters)
    if values is not None:
        assert parameters_of(fields, values) == (parameters, ())
