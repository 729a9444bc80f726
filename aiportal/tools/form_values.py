"""What stands in the fields of a form, as parameters, and back.

The value of a field is what a person types: a text. `False` and `True` are those of a `boolean`,
a `group` has a mapping, and None stands for null. A field that is left out, or is empty, is not given.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiportal.tools.form import Field

__all__ = ["FormFault", "Values", "parameters_of", "start_values", "values_of"]

Values = Mapping[str, Any]
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class FormFault:
    """path: names of the field and those around it, joined by dots; empty for the whole."""

    path: str
    message: str


def start_values(fields: Sequence[Field]) -> dict[str, Any]:
    """What a fresh form holds: the defaults."""
    return _shown(fields, {}) or {}


def parameters_of(
    fields: Sequence[Field], values: Values
) -> tuple[dict[str, Any], tuple[FormFault, ...]]:
    """The parameters, and what of the values is no value of its field's kind."""
    faults: list[FormFault] = []
    return _object(fields, values, (), faults), tuple(faults)


def values_of(fields: Sequence[Field], parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the fields show for these parameters; None where the form could not give them back.

    A default that is left out counts as given.
    """
    values = _shown(fields, parameters)
    if values is None:
        return None
    again, faults = parameters_of(fields, values)
    is_same = not faults and _filled(fields, again) == _filled(fields, parameters)
    return values if is_same else None


def _object(
    fields: Sequence[Field], values: object, path: tuple[str, ...], faults: list[FormFault]
) -> dict[str, Any]:
    given = values if isinstance(values, Mapping) else {}
    found: dict[str, Any] = {}
    for field in fields:
        value = _value(field, given.get(field.name, ""), (*path, field.name), faults)
        if value is not _ABSENT:
            found[field.name] = value
    return found


def _value(field: Field, typed: object, path: tuple[str, ...], faults: list[FormFault]) -> Any:
    """`_ABSENT` for one that is not given."""
    if typed is None and field.takes_null:
        return None
    if field.kind == "group":
        inside = _object(field.fields, typed, path, faults)
        return inside if inside or field.is_required else _ABSENT
    if isinstance(typed, bool):
        return typed if field.kind == "boolean" else _ABSENT
    if not isinstance(typed, str) or not typed:
        return _ABSENT
    try:
        return _read(field, typed)
    except ValueError as error:
        faults.append(FormFault(".".join(path), str(error)))
        return _ABSENT


def _read(field: Field, typed: str) -> Any:
    """Raises ValueError with words."""
    match field.kind:
        case "text" | "long" | "code":
            return typed
        case "number" | "integer":
            return _number(typed.strip(), is_whole=field.kind == "integer")
        case "list" if field.item is not None:
            return [_read(field.item, line) for line in typed.split("\n") if line]
        case "boolean":
            return _choice(("true", "false"), typed)
        case "choice":
            return _choice(field.choices, typed)
    return _json(typed, takes_text=field.takes_text)


def _number(text: str, *, is_whole: bool) -> int | float:
    wanted = "a whole number, such as 12" if is_whole else "a number, such as 12 or 0.5"
    try:
        value = json.loads(text, parse_constant=_refuse)
    except ValueError:
        value = None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, float) or not math.isfinite(value):
        raise ValueError(f"This is not {wanted}.")
    if is_whole and not value.is_integer():
        raise ValueError(f"This is not {wanted}.")
    return value


def _choice(choices: Sequence[str], typed: str) -> Any:
    if typed not in choices:
        raise ValueError("This is none of the choices.")
    return json.loads(typed)


def _json(text: str, *, takes_text: bool) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("This is nested too deeply.") from error
    except json.JSONDecodeError as error:
        if takes_text:
            return text
        words = f"This is no JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        raise ValueError(words) from error


def _refuse(word: str) -> Any:
    raise ValueError(f"This is no JSON: {word}.")


def _shown(fields: Sequence[Field], parameters: object) -> dict[str, Any] | None:
    """What each field shows; None for what is no object."""
    if not isinstance(parameters, Mapping):
        return None
    values: dict[str, Any] = {}
    for field in fields:
        value = parameters.get(field.name, _ABSENT)
        if value is _ABSENT and field.default is not None:
            value = json.loads(field.default)
        if value is None and field.takes_null:
            values[field.name] = None
        elif field.kind == "group":
            values[field.name] = _shown(field.fields, {} if value is _ABSENT else value) or {}
        elif value is not _ABSENT:
            values[field.name] = _typed(field, value)
    return values


def _typed(field: Field, value: Any) -> Any:
    """What a person would type for the value; something that reads otherwise where nothing fits."""
    match field.kind:
        case "text" | "long" | "code" if isinstance(value, str):
            return value
        case "boolean" if isinstance(value, bool):
            return value
        case "list" if isinstance(value, list) and field.item is not None:
            return "\n".join(str(_typed(field.item, one)) for one in value)
        case "json" if field.takes_text and isinstance(value, str):
            return json.dumps(value, ensure_ascii=False) if _is_json(value) or not value else value
        case "json":
            return json.dumps(value, ensure_ascii=False, indent=2)
    return json.dumps(value)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _filled(fields: Sequence[Field], parameters: Mapping[str, Any]) -> str:
    """As JSON, with the defaults of what is left out: 1, 1.0 and true differ."""
    return json.dumps(_with_defaults(fields, parameters), sort_keys=True)


def _with_defaults(fields: Sequence[Field], parameters: Mapping[str, Any]) -> dict[str, Any]:
    filled = dict(parameters)
    for field in fields:
        if field.kind == "group":
            inside = filled.get(field.name, {})
            if isinstance(inside, Mapping):
                filled[field.name] = _with_defaults(field.fields, inside)
        elif field.default is not None:
            filled.setdefault(field.name, json.loads(field.default))
    return filled
