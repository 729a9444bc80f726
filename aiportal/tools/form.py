"""A form for a tool: the fields that its JSON Schema asks for, as far as they are fields."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

__all__ = ["Field", "FieldKind", "form_of"]

FieldKind = Literal[
    "text", "long", "code", "number", "integer", "boolean", "choice", "list", "group", "json"
]
MAX_FIELDS: Final = 60  # of an object; one with more is written as JSON
MAX_CHOICES: Final = 200
LONG_CHARS: Final = 2_000  # a text that may have more is written in a large box
_SIMPLE: Final[Mapping[str, FieldKind]] = {
    "string": "text",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
}
_TEXT_KINDS: Final[Mapping[str, FieldKind]] = {
    "textarea": "long",
    "multiline": "long",
    "python": "code",
    "code": "code",
}
_NEXT = "$ref"
_MAX_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class Field:
    """One field. name: of the property. takes_null: it can be null besides.

    kind: `long` is a text of several lines, `code` a program; `list` has an `item` a line; `group`
    has `fields`; `json` is whatever has no field of its own, `takes_text` if that may be plain text.
    default: JSON, None where there is none. choices: JSON texts. bounds: by the schema's own words.
    """

    name: str
    kind: FieldKind
    title: str
    description: str = ""
    is_required: bool = False
    takes_null: bool = False
    default: str | None = None
    example: str = ""
    choices: tuple[str, ...] = ()
    bounds: tuple[tuple[str, float], ...] = ()
    item: "Field | None" = None
    fields: "tuple[Field, ...]" = ()
    takes_text: bool = False


def form_of(schema: Mapping[str, Any]) -> tuple[Field, ...] | None:
    """The fields of an object, with groups one level deep; None where it has to be written as JSON."""
    return _Schema(schema).fields(schema, levels=1)


class _Schema:
    """Reads parts of one schema, whose references stay within it."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def fields(self, schema: Mapping[str, Any], *, levels: int) -> tuple[Field, ...] | None:
        """levels: how deep groups may stand in each other from here."""
        properties = schema.get("properties", {})
        mixed = any(
            word in schema for word in ("allOf", "anyOf", "oneOf", "if", "patternProperties")
        )
        if mixed or not isinstance(properties, dict) or len(properties) > MAX_FIELDS:
            return None
        required = set(schema.get("required", ()))
        return tuple(
            self._field(name, part, is_required=name in required, levels=levels)
            for name, part in properties.items()
        )

    def _field(self, name: str, part: object, *, is_required: bool, levels: int) -> Field:
        schema = self._resolved(part)
        title = schema.get("title")
        about: dict[str, Any] = {
            "name": name,
            "title": title if isinstance(title, str) and title else name,
            "description": _text(schema.get("description")),
            "is_required": is_required,
            "default": json.dumps(schema["default"]) if "default" in schema else None,
            "example": _example(schema),
        }
        core, takes_null = self._without_null(schema)
        return Field(**about, takes_null=takes_null, **self._shape(core, levels=levels))

    def _shape(self, schema: Mapping[str, Any], *, levels: int) -> dict[str, Any]:
        """The kind and what belongs to it."""
        choices = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if isinstance(choices, list) and 0 < len(choices) <= MAX_CHOICES:
            texts = tuple(json.dumps(one) for one in choices if one is not None)
            return {"kind": "choice", "choices": texts}
        kind = schema.get("type")
        if any(word in schema for word in ("anyOf", "oneOf", "allOf")) or not isinstance(kind, str):
            return {"kind": "json", "takes_text": self._takes_text(schema)}
        if kind == "string":
            return {"kind": _text_kind(schema), "bounds": _bounds(schema)}
        if kind in _SIMPLE:
            return {"kind": _SIMPLE[kind], "bounds": _bounds(schema)}
        if kind == "array" and (item := self._item(schema)) is not None:
            return {"kind": "list", "item": item, "bounds": _bounds(schema)}
        if kind == "object" and levels > 0 and schema.get("properties"):
            fields = self.fields(schema, levels=levels - 1)
            if fields is not None:
                return {"kind": "group", "fields": fields}
        return {"kind": "json"}

    def _item(self, schema: Mapping[str, Any]) -> Field | None:
        if "items" not in schema or "prefixItems" in schema:
            return None
        item = self._field("", schema["items"], is_required=True, levels=0)
        is_plain = item.kind in ("text", "number", "integer") and not item.takes_null
        return item if is_plain else None

    def _without_null(self, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
        """The schema without `null` in it, and whether it was there."""
        kind = schema.get("type")
        if isinstance(kind, list):
            others = [one for one in kind if one != "null"]
            if len(others) == 1:
                return {**schema, "type": others[0]}, "null" in kind
            return {**schema, "anyOf": [{"type": one} for one in others]}, "null" in kind
        for word in ("anyOf", "oneOf"):
            options = schema.get(word)
            if not isinstance(options, list):
                continue
            others = [one for one in options if one != {"type": "null"}]
            takes_null = len(others) < len(options)
            if len(others) == 1:
                outside = {key: value for key, value in schema.items() if key != word}
                return {**outside, **self._resolved(others[0])}, takes_null
            return schema, takes_null
        choices = schema.get("enum")
        return schema, isinstance(choices, list) and None in choices

    def _takes_text(self, schema: Mapping[str, Any]) -> bool:
        """Whether a plain text could be meant; where nothing is said, anything could."""
        options = schema.get("anyOf", schema.get("oneOf"))
        if isinstance(options, list):
            return any(self._resolved(one).get("type", "string") == "string" for one in options)
        return "type" not in schema and "allOf" not in schema

    def _resolved(self, part: object) -> Mapping[str, Any]:
        """An object, with a reference followed; what stands beside it counts as well."""
        schema: Mapping[str, Any] = part if isinstance(part, dict) else {}
        for _ in range(_MAX_REFERENCES):
            pointer = schema.get(_NEXT)
            if not isinstance(pointer, str):
                break
            beside = {key: value for key, value in schema.items() if key != _NEXT}
            schema = {**self._at(pointer), **beside}
        return schema

    def _at(self, pointer: str) -> Mapping[str, Any]:
        node: Any = self._root
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, dict) else None
        return node if isinstance(node, dict) else {}


def _text_kind(schema: Mapping[str, Any]) -> FieldKind:
    most = schema.get("maxLength", 0)
    is_long = isinstance(most, int) and most > LONG_CHARS
    return _TEXT_KINDS.get(str(schema.get("format")), "long" if is_long else "text")


def _bounds(schema: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    words = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
    found = [(word, schema.get(word)) for word in words]
    return tuple(
        (word, value)
        for word, value in found
        if isinstance(value, int | float) and not isinstance(value, bool)
    )


def _example(schema: Mapping[str, Any]) -> str:
    examples: object = schema.get("examples")
    if not isinstance(examples, Sequence) or isinstance(examples, str) or not examples:
        return ""
    first = examples[0]
    return first if isinstance(first, str) else json.dumps(first)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
