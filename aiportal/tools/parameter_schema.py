"""The JSON Schema of a tool's parameters: from either form of the file, checked, bounded, finite."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry

from aiportal.tools.checking import bounded_kind

__all__ = ["checked_schema", "validator_of"]

MAX_CHARS = 200_000
MAX_LEVELS = 32
MAX_NODES = 20_000  # with every reference followed
KEPT_CHECKS = 100  # of schemas of at most MAX_CHARS
REFERENCE = "$ref"
UNSUPPORTED = ("$dynamicRef", "$recursiveRef", "$id")


def checked_schema(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON Schema of an object, of a file's `parameters`: such a schema, or a map of name to schema.

    In a map all are required but those with a `default`, or with `required` false; names that are
    not in it are refused. Raises ValueError with what is wrong.
    """
    if not _is_shallow(parameters, MAX_LEVELS):
        raise ValueError(f"nested more than {MAX_LEVELS} levels deep")
    if (size := len(json.dumps(parameters))) > MAX_CHARS:
        raise ValueError(f"has {size} characters; at most {MAX_CHARS} are taken")
    schema = dict(parameters) if _is_schema(parameters) else _of_map(parameters)
    if schema.get("type", "object") != "object":
        raise ValueError("a schema of an object (`type`: `object`), or a map of name to schema")
    schema.pop("$id", None)  # references count from the top
    schema = {"type": "object", **schema}
    _check(json.dumps(schema))
    return schema


@lru_cache(maxsize=KEPT_CHECKS)
def _check(text: str) -> None:
    """Raises ValueError where it is no valid schema, or not a finite one.

    Remembers the good ones: a change of one tool has the files of all read again.
    """
    schema = json.loads(text)
    try:
        validator_of(schema).check_schema(schema)
    except SchemaError as error:
        at = ".".join(map(str, error.absolute_path)) or "the schema"
        raise ValueError(f"not a valid JSON Schema: at `{at}`: {error.message[:300]}") from error
    _References(schema).check()


def validator_of(schema: Mapping[str, Any]) -> Validator:
    """What checks arguments. It loads nothing: its registry of other documents is empty."""
    kind = bounded_kind(validator_for(schema, default=Draft202012Validator))
    validator: Validator = kind(dict(schema), registry=Registry())
    return validator


def _is_schema(parameters: Mapping[str, Any]) -> bool:
    properties = parameters.get("properties")
    has_properties = isinstance(properties, dict) and all(
        isinstance(one, dict | bool) for one in properties.values()
    )
    return isinstance(parameters.get("type"), str) or has_properties or "$schema" in parameters


def _of_map(parameters: Mapping[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, found in parameters.items():
        if not isinstance(found, dict):
            raise ValueError(f"`{name}` is {_shown(found)}: a schema (an object) for each name")
        said = found.get("required")
        properties[name] = (
            {key: value for key, value in found.items() if key != "required"}
            if isinstance(said, bool)
            else found
        )
        if said is True or (said is not False and "default" not in found):
            required.append(name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _is_shallow(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(each, levels - 1) for each in inside)


def _shown(value: object) -> str:
    return json.dumps(value)[:80]


class _References:
    """Follows each `$ref` of a schema once: they stay within it, exist, and come to an end."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._sizes: dict[str, int] = {}
        self._open: list[str] = []

    def check(self) -> None:
        """Raises ValueError for another document, a dead end, a circle, or too much in all."""
        if self._size_at("#") > MAX_NODES:
            raise ValueError(
                f"more than {MAX_NODES} parts with each `$ref` followed; make it simpler"
            )

    def _size_at(self, pointer: str) -> int:
        if pointer in self._open:
            circle = " → ".join([*self._open[self._open.index(pointer) :], pointer])
            raise ValueError(f"goes round in a circle ({circle}); a tool's schema has to end")
        if pointer not in self._sizes:
            self._open.append(pointer)
            self._sizes[pointer] = self._size(self._resolve(pointer))
            self._open.pop()
        return self._sizes[pointer]

    def _size(self, node: object) -> int:
        size = 1
        for key, value in _pairs(node):
            if key in UNSUPPORTED:
                raise ValueError(f"`{key}` is not taken; use `$ref` to a part of this schema")
            if key == REFERENCE and isinstance(value, str):
                size += self._size_at(value)
            else:
                size += self._size(value)
        return size

    def _resolve(self, pointer: str) -> object:
        if not (pointer == "#" or pointer.startswith("#/")):
            raise ValueError(
                f"`$ref` is {_shown(pointer)}: `#/…`, a part of this schema; nothing is loaded"
            )
        if "%" in pointer:
            raise ValueError(f"`$ref` is {_shown(pointer)}: names are written without `%`")
        node: Any = self._schema
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and name in node:
                node = node[name]
            elif isinstance(node, list) and name.isdecimal() and int(name) < len(node):
                node = node[int(name)]
            else:
                raise ValueError(f"`$ref` is {_shown(pointer)}: there is no such part")
        return node


def _pairs(node: object) -> Iterator[tuple[str, object]]:
    if isinstance(node, dict):
        yield from node.items()
    elif isinstance(node, list):
        yield from (("", each) for each in node)
