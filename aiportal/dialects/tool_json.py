"""JSON of what tools take and give: numbers of any size are what a calculator is for."""

import json
import math
from typing import Any, NoReturn

import orjson

__all__ = ["dumps", "loads"]


def dumps(value: object) -> bytes:
    """Compact JSON, by the fast library where that can write the value.

    Raises TypeError and ValueError for what is no JSON, RecursionError for some 1,000 levels.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def loads(text: str | bytes) -> Any:
    """The value with all digits of its whole numbers. Raises ValueError."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number
