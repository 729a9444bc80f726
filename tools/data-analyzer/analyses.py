"""What can be found out about a table. Each analysis gives a part of `results`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from reading import DataError
from tables import cell, columns_named, mapping, numeric, records

__all__ = ["AGGREGATIONS", "ANALYSES", "filtered"]

MAX_SHOWN_ROWS = 200
MAX_SHOWN_COLUMNS = 60
MAX_CORRELATED = 40
MAX_TRENDS = 8
PREVIEW_ROWS = 5
TOP_VALUES = 10
AGGREGATIONS = ("sum", "mean", "median", "min", "max", "count", "std", "nunique", "first", "last")
Results = dict[str, Any]
Options = dict[str, Any]
COMPARISONS: dict[str, Callable[["pd.Series[Any]", Any], "pd.Series[bool]"]] = {
    "==": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
}


def filtered(frame: pd.DataFrame, filters: Any) -> pd.DataFrame:
    """The rows that all filters hold for: each has `column`, `op` and `value`."""
    if not isinstance(filters, list):
        raise DataError("`filters` is a list of objects with `column`, `op` and `value`.")
    for one in filters:
        if not isinstance(one, dict) or "column" not in one:
            raise DataError("Each filter is an object with `column`, `op` and `value`.")
        (name,) = columns_named(frame, [one["column"]])
        frame = frame[_holds(frame[name], str(one.get("op", "==")), one.get("value"))]
    return frame


def _holds(column: "pd.Series[Any]", sign: str, value: Any) -> "pd.Series[bool]":
    if sign in COMPARISONS:
        try:
            return COMPARISONS[sign](column, _alike(column, value))
        except TypeError as exc:
            raise DataError(
                f"{column.name!r} ({column.dtype}) cannot be compared with {value!r}."
            ) from exc
    match sign:
        case "in" | "not in":
            values = [
                _alike(column, one) for one in (value if isinstance(value, list) else [value])
            ]
            found = column.isin(values)
            return found if sign == "in" else ~found
        case "contains":
            text = column.astype("string").str.contains(str(value), case=False, regex=False)
            return text.fillna(value=False).astype(bool)
        case "is missing":
            return column.isna()
        case "is not missing":
            return column.notna()
    known = [*COMPARISONS, "in", "not in", "contains", "is missing", "is not missing"]
    raise DataError(f"There is no filter {sign!r}. There are: {', '.join(known)}.")


def _alike(column: "pd.Series[Any]", value: Any) -> Any:
    """The value in the column's own kind: a date as text, a number as text."""
    try:
        if pd.api.types.is_datetime64_any_dtype(column):
            return pd.Timestamp(value)
        if pd.api.types.is_numeric_dtype(column) and isinstance(value, str):
            return float(value)
    except (ValueError, TypeError) as exc:
        raise DataError(f"{value!r} cannot be compared with {column.name!r}.") from exc
    return value


def _summary(frame: pd.DataFrame, _: Options, notes: list[str]) -> Results:
    shown = _fewer_columns(frame, notes)
    summary: Results = {
        "shape": list(frame.shape),
        "columns": list(shown.columns),
        "dtypes": {name: str(kind) for name, kind in shown.dtypes.items()},
        "missing_values": {name: int(count) for name, count in shown.isna().sum().items()},
        "duplicate_rows": _duplicates(frame),
        "description": {},
        "preview": records(shown.head(PREVIEW_ROWS)),
    }
    numbers = shown.select_dtypes(include="number")
    if not numbers.empty:
        summary["description"] = mapping(numbers.describe())
    return {"summary": summary}


def _duplicates(frame: pd.DataFrame) -> int | None:
    try:
        return int(frame.duplicated().sum())
    except TypeError:  # lists or objects in cells
        return None


def _fewer_columns(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    if frame.shape[1] > MAX_SHOWN_COLUMNS:
        notes.append(f"The first {MAX_SHOWN_COLUMNS} of {frame.shape[1]} columns are shown.")
    return frame.iloc[:, :MAX_SHOWN_COLUMNS]


def _describe(frame: pd.DataFrame, options: Options, notes: list[str]) -> Results:
    names = columns_named(frame, options.get("columns") or frame.columns)
    described: dict[str, Any] = {}
    for name in list(_fewer_columns(frame[names], notes).columns):
        column = frame[name]
        told: dict[str, Any] = {
            "dtype": str(column.dtype),
            "count": int(column.count()),
            "missing": int(column.isna().sum()),
        }
        told["unique"] = int(column.astype("string").nunique())
        if pd.api.types.is_bool_dtype(column) or not _is_measured(column):
            counts = column.astype("string").value_counts().head(TOP_VALUES)
            told["top"] = {str(value): int(count) for value, count in counts.items()}
        else:
            statistics = column.describe()
            told |= {str(key): cell(value) for key, value in statistics.items() if key != "count"}
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            told |= {"sum": cell(column.sum()), "skew": cell(column.skew())}
        described[name] = told
    return {"describe": described}


def _is_measured(column: "pd.Series[Any]") -> bool:
    types = pd.api.types
    return bool(types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column))


def _correlation(frame: pd.DataFrame, options: Options, notes: list[str]) -> Results:
    from plots import heatmap

    method = options.get("method", "pearson")
    if method not in ("pearson", "spearman", "kendall"):
        raise DataError("`method` of a correlation is pearson, spearman or kendall.")
    numbers = numeric(frame, columns_named(frame, options.get("columns") or []) or None)
    if numbers.shape[1] < 2:
        raise DataError("A correlation needs two columns of numbers; there is one.")
    if numbers.shape[1] > MAX_CORRELATED:
        notes.append(f"The first {MAX_CORRELATED} of {numbers.shape[1]} columns are compared.")
    matrix = numbers.iloc[:, :MAX_CORRELATED].corr(method)
    return {
        "correlation": mapping(matrix),
        "strongest": _strongest(matrix),
        "heatmap": heatmap(matrix),
    }


def _strongest(matrix: pd.DataFrame) -> list[dict[str, Any]]:
    names = list(matrix.columns)
    pairs = [
        {"columns": [one, other], "correlation": cell(matrix.at[one, other])}
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        if not pd.isna(matrix.at[one, other])
    ]
    return sorted(pairs, key=lambda pair: -abs(pair["correlation"]))[:10]


def _trends(frame: pd.DataFrame, options: Options, notes: list[str]) -> Results:
    from plots import trend_lines

    name = _along(frame, options)
    ordered = frame.sort_values(name, kind="stable").reset_index(drop=True) if name else frame
    along = (
        ordered[name]
        if name
        else pd.Series(range(1, len(frame) + 1), index=frame.index, name="row")
    )
    if name is None:
        notes.append("No column of dates was found: the order of the rows is taken for time.")
    wanted = columns_named(frame, options.get("columns") or [])
    numbers = numeric(ordered, [one for one in wanted if one != name] or None)
    numbers = numbers.drop(columns=[name], errors="ignore").iloc[:, :MAX_TRENDS]
    if numbers.empty:
        raise DataError("There is no column of numbers beside the one that orders the rows.")
    fits = {one: _fit(along, numbers[one]) for one in numbers.columns}
    lines = {one: fit["line"] for one, fit in fits.items() if fit["line"] is not None}
    told = {
        one: {key: value for key, value in fit.items() if key != "line"}
        for one, fit in fits.items()
    }
    return {
        "trends": {"along": str(along.name), "columns": told},
        "trends_plot": trend_lines(along, numbers, lines),
    }


def _along(frame: pd.DataFrame, options: Options) -> str | None:
    """The column that orders the rows: the one that is named, else the first of dates or years."""
    if options.get("x"):
        return columns_named(frame, [options["x"]])[0]
    dates = frame.select_dtypes(include=["datetime", "datetimetz"])
    if len(dates.columns):
        return str(dates.columns[0])
    words = ("date", "time", "year", "month", "day", "week", "quarter", "period")
    for name in frame.select_dtypes(include="number").columns:
        if str(name).lower() in words:
            return str(name)
    return None


def _fit(along: "pd.Series[Any]", column: "pd.Series[Any]") -> dict[str, Any]:
    """First, last, change, and the straight line through the values: a day is 1 along dates."""
    known = column.notna() & along.notna()
    values, places = column[known].astype(float), along[known]
    if len(values) < 2:
        return {"count": len(values), "direction": "unknown", "line": None}
    is_dated = pd.api.types.is_datetime64_any_dtype(places)
    is_number = pd.api.types.is_numeric_dtype(places)
    if is_dated:
        x = ((places - places.iloc[0]) / pd.Timedelta(days=1)).to_numpy(dtype=float)
    else:
        x = places.to_numpy(dtype=float) if is_number else np.arange(len(values), dtype=float)
    first, last = float(values.iloc[0]), float(values.iloc[-1])
    told: dict[str, Any] = {"count": len(values), "first": cell(first), "last": cell(last)}
    told |= {"change": cell(last - first)}
    told["change_percent"] = cell((last - first) / abs(first) * 100) if first else None
    if np.ptp(x) == 0:
        return told | {"direction": "unknown", "line": None}
    slope, start = np.polyfit(x, values, 1)
    spread = float(((values - values.mean()) ** 2).sum())
    rest = float(((values - (slope * x + start)) ** 2).sum())
    r_squared = 1 - rest / spread if spread else 0.0
    moved = abs(slope) * np.ptp(x) > 0.01 * max(abs(float(values.mean())), 1e-12)
    direction = ("rising" if slope > 0 else "falling") if moved and spread else "flat"
    told |= {"slope_per_day" if is_dated else "slope": cell(slope), "r_squared": cell(r_squared)}
    return told | {"direction": direction, "line": (places, slope * x + start)}


def _group(frame: pd.DataFrame, options: Options, notes: list[str]) -> Results:
    grouped, keys = _grouped(frame, options)
    count = len(grouped)
    if count > MAX_SHOWN_ROWS:
        grouped.to_csv("grouped.csv", index=False)
        notes.append(f"{MAX_SHOWN_ROWS} of {count:,} groups are shown; all are in grouped.csv.")
    rows = records(grouped.head(MAX_SHOWN_ROWS))
    return {"group": {"by": keys, "groups": count, "rows": rows}}


def _grouped(frame: pd.DataFrame, options: Options) -> tuple[pd.DataFrame, list[str]]:
    by = options.get("group_by")
    if not by:
        raise DataError("Grouping needs `group_by`: the column, or a list of columns.")
    keys = columns_named(frame, by if isinstance(by, list) else [by])
    asked = options.get("aggregate") or "mean"
    if isinstance(asked, dict):
        chosen = {columns_named(frame, [name])[0]: how for name, how in asked.items()}
    else:
        names = columns_named(frame, options.get("columns") or []) or [
            str(one) for one in frame.select_dtypes(include="number").columns if one not in keys
        ]
        chosen = dict.fromkeys(names, asked)
    for how in chosen.values():
        if how not in AGGREGATIONS:
            raise DataError(f"There is no aggregate {how!r}. There are: {', '.join(AGGREGATIONS)}.")
    groups = frame.groupby(keys, dropna=False)
    sizes = groups.size().rename("rows")
    if not chosen:
        return sizes.reset_index(), keys
    try:
        return groups.agg(chosen).join(sizes).reset_index(), keys
    except (TypeError, ValueError) as exc:
        raise DataError(f"That cannot be aggregated: {exc}") from exc


def _filter(frame: pd.DataFrame, options: Options, notes: list[str]) -> Results:
    if not options.get("filters"):
        raise DataError(
            'Filtering needs `filters`, such as [{"column": "age", "op": ">", "value": 30}].'
        )
    if len(frame) > MAX_SHOWN_ROWS:
        frame.to_csv("filtered.csv", index=False)
        notes.append(f"{MAX_SHOWN_ROWS} of {len(frame):,} rows are shown; all are in filtered.csv.")
    shown = _fewer_columns(frame.head(MAX_SHOWN_ROWS), notes)
    return {"filter": {"matching_rows": len(frame), "rows": records(shown)}}


def _outliers(frame: pd.DataFrame, options: Options, notes: list[str]) -> Results:
    method = options.get("method", "iqr")
    if method not in ("iqr", "zscore"):
        raise DataError("`method` of outliers is iqr or zscore.")
    numbers = numeric(frame, columns_named(frame, options.get("columns") or []) or None)
    told, rows = {}, pd.Series(data=False, index=frame.index)
    for name in _fewer_columns(numbers, notes).columns:
        low, high = _usual(numbers[name], method)
        outside = (numbers[name] < low) | (numbers[name] > high)
        rows |= outside
        told[str(name)] = {
            "count": int(outside.sum()),
            "lower_bound": cell(low),
            "upper_bound": cell(high),
            "values": [cell(value) for value in numbers.loc[outside, name].head(20)],
        }
    strange = _fewer_columns(frame[rows].head(50), [])
    found = {"method": method, "columns": told, "rows": records(strange)}
    return {"outliers": found | {"row_count": int(rows.sum())}}


def _usual(column: "pd.Series[Any]", method: str) -> tuple[float, float]:
    if method == "zscore":
        mean, spread = float(column.mean()), float(column.std())
        return mean - 3 * spread, mean + 3 * spread
    low, high = (float(column.quantile(share)) for share in (0.25, 0.75))
    return low - 1.5 * (high - low), high + 1.5 * (high - low)


def _plot(frame: pd.DataFrame, options: Options, notes: list[str]) -> Results:
    from plots import KINDS, draw

    kind = options.get("kind", "line")
    if kind not in KINDS:
        raise DataError(f"There is no plot {kind!r}. There are: {', '.join(KINDS)}.")
    if options.get("group_by"):
        frame, keys = _grouped(frame, options)
        options = options | {"x": options.get("x") or keys[0]}
        frame = frame.drop(columns="rows") if frame.shape[1] > len(keys) + 1 else frame
    x = columns_named(frame, [options["x"]])[0] if options.get("x") else None
    if x is None and kind == "bar":
        text = frame.select_dtypes(exclude="number").columns
        x = str(text[0]) if len(text) else None
    if x is None and kind == "line":
        x = _along(frame, options)
    asked = options.get("y") or []
    names = columns_named(frame, asked if isinstance(asked, list) else [asked])
    columns = numeric(frame, names or None).drop(
        columns=[] if names or x is None else [x], errors="ignore"
    )
    y = [str(one) for one in columns.columns]
    if kind == "scatter" and x is None:
        if len(y) < 2:
            raise DataError("A scatter plot needs two columns of numbers: name `x` and `y`.")
        x, y = y[0], y[1:2]
    if not y:
        raise DataError("There is no column of numbers to draw: name one in `y`.")
    chosen = {"kind": kind, "x": x, "y": y, "title": options.get("title")}
    picture = draw(frame, chosen, notes)
    return {"plot": picture, "drawn": {key: chosen[key] for key in ("kind", "x", "y")}}


ANALYSES: dict[str, Callable[[pd.DataFrame, Options, list[str]], Results]] = {
    "summary": _summary,
    "describe": _describe,
    "correlation": _correlation,
    "trends": _trends,
    "group": _group,
    "filter": _filter,
    "outliers": _outliers,
    "plot": _plot,
}
