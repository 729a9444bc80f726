"""A result as JSON: finite, shallow, and with what numpy and pandas made of it translated.

Runs within the program's own process, so it may be fooled; the portal checks what arrives.
"""

import base64
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import json
import math
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any

__all__ = ["MAX_DEPTH", "encode", "plain"]

MAX_DEPTH = 32
_MAX_REPR = 10_000
_DOUBLE_BYTES = 8
_MAX_WHOLE_NUMBER_DIGITS = 4000  # Python refuses to read longer ones


def encode(value: Any) -> tuple[bytes, bool]:
    """The value as JSON, else its `repr`, and whether that is all of it."""
    try:
        return json.dumps(plain(value), allow_nan=False).encode(), True
    except (TypeError, ValueError, RecursionError, OverflowError):
        words, is_whole = _words(value)
        return json.dumps(words).encode(), is_whole


def plain(value: Any, depth: int = 0) -> Any:
    """The same in terms of JSON. Raises TypeError, also where it is deeper than MAX_DEPTH."""
    if depth > MAX_DEPTH:
        raise TypeError(f"deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return _whole(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Mapping):
        return {_name(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    return _other(value, depth)


def _other(value: Any, depth: int) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, dt.date | dt.time):
        is_missing = type(value).__name__ == "NaTType"  # of pandas
        return None if is_missing else value.isoformat()
    if isinstance(value, complex | decimal.Decimal | fractions.Fraction | uuid.UUID):
        return str(value)
    if isinstance(value, pathlib.PurePath):
        return str(value)
    if isinstance(value, enum.Enum):
        return plain(value.value, depth + 1)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        return plain(fields, depth)
    return _scientific(value, depth)


def _scientific(value: Any, depth: int) -> Any:
    """What numpy and pandas have, told by their names: neither is imported here."""
    package = type(value).__module__.partition(".")[0]
    kind = type(value).__name__
    if package == "pandas":
        return _of_pandas(value, kind, depth)
    if package == "numpy" and hasattr(value, "tolist"):
        if kind in {"datetime64", "timedelta64"}:
            return str(value)
        return plain(
            _in_python(value).tolist(), depth + (0 if not getattr(value, "ndim", 0) else 1)
        )
    raise TypeError(f"{kind} is not JSON")


def _in_python(value: Any) -> Any:
    """numpy's value with a type that Python has too: `tolist` leaves longer floats as they are, and
    makes bare numbers of moments that are finer than Python's.
    """
    letter, size = value.dtype.kind, value.dtype.itemsize
    if letter == "f" and size > _DOUBLE_BYTES:
        return value.astype("f8")
    if letter == "c" and size > 2 * _DOUBLE_BYTES:
        return value.astype("c16")
    if letter in "mM" and value.dtype.str.endswith(("[ns]", "[ps]", "[fs]", "[as]")):
        return value.astype(f"{letter}8[us]")
    return value


def _of_pandas(value: Any, kind: str, depth: int) -> Any:
    if kind in {"NaTType", "NAType"}:
        return None
    if kind == "DataFrame":
        frame = value if _is_plain_index(value.index) else value.reset_index()
        names = [_name(column) for column in frame.columns]
        rows = frame.itertuples(index=False, name=None)
        return [dict(zip(names, (_cell(item, depth) for item in row), strict=True)) for row in rows]
    if kind == "Series":
        if _is_plain_index(value.index):
            return [_cell(item, depth) for item in value.tolist()]
        return {_name(key): _cell(item, depth) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return [_cell(item, depth) for item in value.tolist()]
    return str(value)


def _is_plain_index(index: Any) -> bool:
    return type(index).__name__ == "RangeIndex" and index.name is None


def _cell(value: Any, depth: int) -> Any:
    """A missing value of a table is null, as in a file of JSON records."""
    if isinstance(value, float) and math.isnan(value):
        return None
    return plain(value, depth + 2)


def _name(key: Any) -> str:
    if isinstance(key, str):
        return str(key)
    if isinstance(key, tuple):
        return ", ".join(map(_name, key))
    translated = plain(key)
    return translated if isinstance(translated, str) else json.dumps(translated)


def _whole(value: int) -> int | str:
    if value.bit_length() > 3 * _MAX_WHOLE_NUMBER_DIGITS:
        raise OverflowError("a whole number too long for JSON")
    return value


def _words(value: Any) -> tuple[str, bool]:
    """The `repr`, and whether it is whole."""
    try:
        words = repr(value)
    except Exception as error:  # the program's own `__repr__` may do anything
        return f"<{type(value).__name__}: its repr raised {type(error).__name__}>", False
    return (words, True) if len(words) <= _MAX_REPR else (f"{words[:_MAX_REPR]}…", False)
