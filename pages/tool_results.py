"""What came of a tool's call, as the chat shows it: a table, JSON, text, pictures, files."""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from aiportal.events import ToolArtifact, ToolReturned
from aiportal.picture_types import PICTURE_MIMES
from aiportal.tools.result_table import Table, table_of
from aiportal.tools.shown import tables_of
from pages.footers import escaped
from pages.markdown import MarkdownRenderer
from pages.reader import figure, worded

__all__ = ["ToolResults", "labelled"]

MAX_CHARS: Final = 6_000  # of each text: a page holds many calls
MAX_ROWS: Final = 50
MAX_COLUMNS: Final = 12
MAX_TABLES: Final = 3
MAX_CELL_CHARS: Final = 200
MAX_FILES: Final = 20
MAX_DATA_CHARS: Final = 400_000  # of a picture that is in the page itself, in base64
_BACKTICKS: Final = re.compile(r"`{3,}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_KIB: Final = 1024
_RIGHT: Final = ' class="right"'


class ToolResults:
    """All text in what it makes is safe HTML, in one line."""

    def __init__(self, markdown: MarkdownRenderer) -> None:
        self._markdown = markdown

    def html(self, returned: ToolReturned, files_at: str = "") -> str:
        """All of it. files_at: the address that a file's place is added to, for those that are not
        stored; "" where there is none."""
        parts = []
        if returned.error is not None:
            parts.append(f'<div class="terr">{escaped(_cut(returned.error))}</div>')
        elif returned.result is not None:
            parts.append(labelled(worded("Result"), self._result(returned.result)))
        elif not returned.stdout and not returned.artifacts:
            parts.append(_note(worded("It gave no result.")))
        for name, text in (
            (worded("Printed"), returned.stdout),
            (worded("Printed as errors"), returned.stderr),
        ):
            if text:
                parts.append(labelled(name, _plain(text)))
        parts.append(_files(returned, files_at))
        if returned.is_truncated:
            parts.append(_note(worded("A part was too long and was left out.")))
        return "".join(parts)

    def whole_html(self, text: str, language: str) -> str:
        """A block of code to its last letter, what nobody sees in it as `\\u202e`."""
        seen = "".join(_shown(letter) for letter in text)
        return self._block(seen, language)

    def value_html(self, value: Any) -> str:
        """A JSON value: as a table where it is one, text as text, the rest as JSON."""
        if isinstance(value, str):
            return _plain(value)
        if (table := table_of(value)) is not None:
            return _table(table)
        return self._json(value)

    def _result(self, value: Any) -> str:
        """As `value_html`; of what is no table itself, the tables in it as well."""
        if isinstance(value, str) or table_of(value) is not None:
            return self.value_html(value)
        tables = [
            f'<p class="tnote">{escaped(table.path)}</p>{_table(table)}'
            for table in tables_of(value, MAX_TABLES)
        ]
        return "".join([*tables, self._json(value)])

    def _json(self, value: Any) -> str:
        text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
        return self.code_html(text, "json")

    def code_html(self, text: str, language: str) -> str:
        """A block of code in colours, with its buttons; letter by letter, whatever it holds."""
        return self._block(_cut(text), language)

    def _block(self, text: str, language: str) -> str:
        longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
        fence = "`" * max(longest + 1, 3)
        return self._markdown.finished(f"{fence}{language}\n{text}\n{fence}")


def labelled(name: str, content: str) -> str:
    """Content below its name."""
    return f'<p class="tlabel">{name}</p>{content}'


def _note(words: str) -> str:
    return f'<p class="tnote">{words}</p>'


def _shown(letter: str) -> str:
    """Letters of control and of form (Unicode's Cc and Cf) turn text around, or hide in it."""
    if letter in "\n\t" or not unicodedata.category(letter).startswith("C"):
        return letter
    return json.dumps(letter).strip('"')


def _plain(text: str) -> str:
    return f'<div class="tplain">{escaped(_cut(text))}</div>'


def _cut(text: str) -> str:
    if len(text) <= MAX_CHARS:
        return text
    left = worded("{count} more characters", count=figure(len(text) - MAX_CHARS))
    return f"{text[:MAX_CHARS]}… ({left})"


def _table(table: Table) -> str:
    rights = [_RIGHT if numeric else "" for numeric in table.numeric[:MAX_COLUMNS]]
    names = zip(table.columns, rights, strict=False)
    head = "".join(f"<th{right}>{escaped(name[:MAX_CELL_CHARS])}</th>" for name, right in names)
    body = "".join(f"<tr>{_row(row, rights)}</tr>" for row in table.rows[:MAX_ROWS])
    made = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    button = (
        f'<button type="button" class="lnk i-copy act-copy-csv">{worded("Copy as CSV")}</button>'
    )
    note = ""
    if table.row_count > MAX_ROWS or table.column_count > MAX_COLUMNS:
        words = worded(
            "{rows} rows and {columns} columns, of which the first are shown.",
            rows=figure(table.row_count),
            columns=figure(table.column_count),
        )
        note = _note(words)
    return f'<div class="tblock"><div class="tscroll">{made}</div>{button}</div>{note}'


def _row(cells: Sequence[str], rights: Sequence[str]) -> str:
    shown = zip(cells, rights, strict=False)
    return "".join(f"<td{right}>{escaped(cell[:MAX_CELL_CHARS])}</td>" for cell, right in shown)


def _files(returned: ToolReturned, files_at: str) -> str:
    """Pictures as such, below them all other files to be had."""
    pictures, others = [], []
    for place, one in enumerate(returned.artifacts[:MAX_FILES]):
        address = _address(one, returned.call_id, place, files_at)
        name = escaped(one.name)
        if address and one.mime in PICTURE_MIMES:
            pictures.append(f'<img class="shot" src="{address}" alt="{name}" title="{name}">')
        else:
            others.append(_file(one, address))
    shown = f'<div class="tpics">{"".join(pictures)}</div>' if pictures else ""
    listed = f'<div class="qfiles">{"".join(others)}</div>' if others else ""
    return shown + listed


def _file(one: ToolArtifact, address: str) -> str:
    name, size = escaped(one.name), _size(one.size_bytes)
    if not address or address.startswith("data:"):
        why = worded("The file was not kept.")
        return f'<span class="qfile i-file" title="{why}"><b>{name}</b><span>{size}</span></span>'
    return (
        f'<a class="qfile i-file" href="{address}" target="_blank" title="{name}">'
        f"<b>{name}</b><span>{size}</span></a>"
    )


def _address(one: ToolArtifact, call_id: str, place: int, files_at: str) -> str:
    """ "" for a file that is nowhere to be had. Only the portal's own addresses, and pictures whole."""
    if one.id is not None:
        return f"/api/v1/tool-artifacts/{quote(one.id, safe='')}"
    if one.data is None:
        return ""
    if files_at:
        return f"{files_at}/{quote(call_id, safe='')}/{place}"
    is_small = len(one.data) <= MAX_DATA_CHARS and _BASE64.fullmatch(one.data) is not None
    return f"data:{one.mime};base64,{one.data}" if is_small and one.mime in PICTURE_MIMES else ""


def _size(size_bytes: int) -> str:
    if size_bytes < _KIB:
        return worded("{count} bytes", count=figure(size_bytes))
    if size_bytes < _KIB**2:
        return f"{figure(size_bytes / _KIB, 1)} kB"
    return f"{figure(size_bytes / _KIB**2, 1)} MB"
