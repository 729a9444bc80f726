"""What of a result is a table: records, columns with rows, or figures by two names."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

__all__ = ["MAX_COLUMNS", "MAX_ROWS", "Table", "is_records", "table_of"]

MAX_ROWS: Final = 200
MAX_COLUMNS: Final = 40
MAX_COUNTED_COLUMNS: Final = 1_000
MAX_CELL_CHARS: Final = 300
_LOOKED_AT: Final = 20  # rows that tell what the others are


@dataclass(frozen=True, slots=True)
class Table:
    """path: where it stands in the result. rows: texts, of the first rows and columns.

    row_count, column_count: how many there are in all; more columns than `MAX_COUNTED_COLUMNS` are
    not counted. numeric: which columns hold numbers alone. A first column without a name has the
    names of the rows.
    """

    path: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_count: int
    column_count: int
    numeric: tuple[bool, ...]


def table_of(value: Any, path: str = "") -> Table | None:
    """The value as a table, None where it is none.

    A list of flat objects, `columns` with `rows` (or `data`), or a mapping of mappings, whose keys
    name the rows and whose inner keys name the columns.
    """
    if is_records(value):
        keys = _first_keys(value[:MAX_ROWS])
        cells = [[one.get(name) for name in keys[:MAX_COLUMNS]] for one in value[:MAX_ROWS]]
        return _made(path, keys, cells, len(value))
    if not isinstance(value, Mapping):
        return None
    if _is_grid(value):
        named = list(islice(value.items(), MAX_ROWS))
        keys = _first_keys([inner for _, inner in named])
        shown = keys[: MAX_COLUMNS - 1]
        cells = [[str(name), *(inner.get(key) for key in shown)] for name, inner in named]
        return _made(path, ["", *keys], cells, len(value))
    names: Any = value.get("columns")
    lines: Any = value.get("rows", value.get("data"))
    if not (isinstance(names, list) and names and isinstance(lines, list) and lines):
        return None
    if not all(isinstance(line, list) and len(line) == len(names) for line in lines):
        return None
    return _made(path, names, lines[:MAX_ROWS], len(lines))


def is_records(value: Any) -> bool:
    """Objects that are all flat enough to be rows."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, Mapping) and one for one in value)
        and not any(_is_nested(cell) for one in value[:_LOOKED_AT] for cell in one.values())
    )


def _is_grid(value: Mapping[str, Any]) -> bool:
    """Two mappings or more that share a name, and are flat for the most part."""
    if len(value) < 2 or not all(isinstance(one, Mapping) and one for one in value.values()):
        return False
    looked_at = list(islice(value.values(), _LOOKED_AT))
    nested = sum(_is_nested(cell) for one in looked_at for cell in one.values())
    is_flat = 2 * nested < sum(map(len, looked_at))
    return is_flat and any(all(name in one for one in looked_at) for name in looked_at[0])


def _is_nested(cell: Any) -> bool:
    return isinstance(cell, Mapping | list) and bool(cell)


def _first_keys(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """As many as are counted: others are not collected first."""
    found: dict[str, None] = {}
    for one in records:
        found.update(dict.fromkeys(islice(one, MAX_COUNTED_COLUMNS + len(found))))
        if len(found) >= MAX_COUNTED_COLUMNS:
            break
    return list(found)[:MAX_COUNTED_COLUMNS]


def _made(path: str, names: Sequence[Any], lines: Sequence[Sequence[Any]], count: int) -> Table:
    shown = [list(line[:MAX_COLUMNS]) for line in lines]
    columns = tuple(_cell(name) for name in names[:MAX_COLUMNS])
    numeric = tuple(
        all(line[place] is None or _is_number(line[place]) for line in shown)
        for place in range(len(columns))
    )
    rows = tuple(tuple(_cell(cell) for cell in line) for line in shown)
    return Table(path[:200], columns, rows, count, len(names), numeric)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…"
