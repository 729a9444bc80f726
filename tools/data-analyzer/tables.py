"""Cells, rows and columns as JSON: what is missing is null, dates are ISO."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from reading import DataError

__all__ = ["cell", "columns_named", "mapping", "numeric", "records"]

MAX_CELL_CHARS = 500
MAX_DIGITS = 12


def cell(value: Any) -> Any:
    """One value in terms of JSON; floats to twelve significant digits."""
    if isinstance(value, list | dict | tuple):
        return cell(str(value))
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.{MAX_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, pd.Timestamp):
        day = value == value.normalize() and value.tzinfo is None
        return value.strftime("%Y-%m-%d") if day else value.isoformat()
    text = str(value)
    return text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as objects."""
    names = [str(name) for name in frame.columns]
    rows = frame.itertuples(index=False, name=None)
    return [dict(zip(names, map(cell, row), strict=True)) for row in rows]


def mapping(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Column to row name to value."""
    return {
        str(name): {str(key): cell(value) for key, value in frame[name].items()}
        for name in frame.columns
    }


def columns_named(frame: pd.DataFrame, names: Iterable[Any]) -> list[str]:
    """The names as the table writes them (case aside). Raises DataError for one that it has not."""
    found = []
    for name in names:
        alike = [one for one in frame.columns if one == name] or [
            one for one in frame.columns if one.lower() == str(name).strip().lower()
        ]
        if not alike:
            there = ", ".join(map(str, frame.columns[:30]))
            raise DataError(f"There is no column {name!r}. The columns are: {there}.")
        found.append(str(alike[0]))
    return found


def numeric(frame: pd.DataFrame, names: list[str] | None = None) -> pd.DataFrame:
    """The columns of numbers, of those that are named. Raises DataError where there is none."""
    chosen = frame[names] if names else frame
    numbers = chosen.select_dtypes(include="number").dropna(axis="columns", how="all")
    if numbers.empty:
        which = f"None of {', '.join(names)} is" if names else "No column is"
        raise DataError(f"{which} a column of numbers, which this analysis needs.")
    return numbers
