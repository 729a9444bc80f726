"""Lists of records that show themselves as tables and become data frames."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from aiportal.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Record", "Table", "table_html"]

MAX_SHOWN_ROWS = 200


class Record(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


R = TypeVar("R", bound=Record)


class Table(list[R]):
    """A list of dataclasses of one kind. A notebook shows at most its first 200 as a table."""

    def __init__(self, kind: type[R], records: Iterable[R] = ()) -> None:
        super().__init__(records)
        self._columns: Sequence[str] = [field.name for field in fields(kind)]

    def df(self) -> "pd.DataFrame":
        """The records as a pandas DataFrame. Raises ConfigError where pandas is not installed."""
        try:
            import pandas as pd
        except ImportError as error:
            raise ConfigError(
                "`.df()` needs pandas, which is not installed. Run: pip install pandas"
            ) from error
        return pd.DataFrame([asdict(record) for record in self], columns=list(self._columns))

    def _repr_html_(self) -> str:
        rows = [
            [_cell(getattr(record, name)) for name in self._columns]
            for record in self[:MAX_SHOWN_ROWS]
        ]
        more = len(self) - MAX_SHOWN_ROWS
        rest = f"<p>… and {more} more: <code>.df()</code> has all of them.</p>" if more > 0 else ""
        return table_html(self._columns, rows) + rest


def table_html(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{_line(row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _line(cells: Iterable[str]) -> str:
    return "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
