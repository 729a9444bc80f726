"""Results as JSON, translated in the program's own process."""

import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import json
import pathlib
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aiportal.sandbox.box.values import MAX_DEPTH, encode


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


EXACT: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (0.1, 0.1),
    (2**70, 2**70),
    ("é\ud800", "é\ud800"),
    (float("nan"), "nan"),
    (float("-inf"), "-inf"),
    ((1, {2}), [1, [2]]),
    ({1: "a", None: "b", (1, "x"): "c"}, {"1": "a", "null": "b", "1, x": "c"}),
    (b"\x00\xff", "AP8="),
    (dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC), "2026-01-02T03:00:00+00:00"),
    (dt.date(2026, 1, 2), "2026-01-02"),
    (dt.timedelta(minutes=1), 60.0),
    (decimal.Decimal("0.10"), "0.10"),
    (fractions.Fraction(1, 3), "1/3"),
    (1 + 2j, "(1+2j)"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (pathlib.PurePosixPath("a/b"), "a/b"),
    (Colour.RED, "red"),
    (Point(1, 2.0), {"x": 1, "y": 2.0}),
    (np.int64(3), 3),
    (np.float64("nan"), "nan"),
    (np.bool_(True), True),
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (np.datetime64("2026-01-02"), "2026-01-02"),
    (np.array([1, "x", np.nan, np.array([-np.inf])], dtype=object), [1, "x", "nan", ["-inf"]]),
    ({"a": np.array([1.0, np.nan]), "b": [np.float32("inf")]}, {"a": [1.0, "nan"], "b": ["inf"]}),
    (np.longdouble("nan"), "nan"),
    (np.array([1.5, np.nan], dtype=np.longdouble), [1.5, "nan"]),
    (np.array([np.clongdouble(1 + 2j)]), ["(1+2j)"]),
    (np.ma.masked_array([1.0, 2.0], [True, False]), [None, 2.0]),
    (np.array(["2026-01-02", "NaT"], "datetime64[ns]"), ["2026-01-02T00:00:00", None]),
    (np.array([1_500_000_000], "timedelta64[ns]"), [1.5]),
    ({"a": np.float32(0.5)}, {"a": 0.5}),
    (pd.Timestamp("2026-01-02"), "2026-01-02T00:00:00"),
    (pd.NaT, None),
    (pd.NA, None),
    (pd.Series([1.5, None]), [1.5, None]),
    (pd.Series([1, 2], index=["a", "b"]), {"a": 1, "b": 2}),
    (
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
        [{"a": 1, "b": "x"}, {"a": 2, "b": None}],
    ),
    (
        pd.DataFrame({"a": [1]}, index=pd.Index(["r"], name="row")),
        [{"row": "r", "a": 1}],
    ),
    (pd.Index([1, 2]), [1, 2]),
]


@pytest.mark.parametrize(("value", "expected"), EXACT, ids=lambda value: type(value).__name__)
def test_a_value_is_translated(value: Any, expected: Any) -> None:
    text, is_whole = encode(value)
    assert (json.loads(text), is_whole) == (expected, True)


def test_a_value_may_be_nested_only_so_deep() -> None:
    assert json.loads(encode(nested(MAX_DEPTH))[0]) == nested(MAX_DEPTH)
    assert json.loads(encode(nested(MAX_DEPTH + 1))[0]) == repr(nested(MAX_DEPTH + 1))


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "words", "whole"),
    [
        (len, "<built-in function len>", True),
        (endless(), "[[...]]", True),
        (Rude(), "<Rude: its repr raised RuntimeError>", False),
        (10**20_000, "<int: its repr raised ValueError>", False),
        (range(3), "range(0, 3)", True),
    ],
    ids=["function", "endless", "rude", "long", "range"],
)
def test_what_is_no_json_is_told_in_words(value: Any, words: str, *, whole: bool) -> None:
    text, is_whole = encode(value)
    assert (json.loads(text), is_whole) == (words, whole)


def test_words_are_bounded() -> None:
    text, is_whole = encode([object()] * 10_000)
    assert len(text) < 11_000
    assert not is_whole
