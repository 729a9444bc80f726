"""What came of a tool's call, as the chat shows it: a table, JSON, text, pictures, files."""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from aiportal.events import ToolArtifact, ToolReturned
from pages.footers import escaped
from pages.markdown import MarkdownRenderer
from pages.reader import figure, worded

__all__ = ["SHOWN_PICTURES", "ToolResults", "labelled"]

MAX_CHARS: Final = 6_000  # of each text: a page holds many calls
MAX_ROWS: Final = 50
MAX_COLUMNS: Final = 12
MAX_CELL_CHARS: Final = 200
MAX_FILES: Final = 20
MAX_DATA_CHARS: Final = 400_000  # of a picture that is in the page itself, in base64
SHOWN_PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
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
            parts.append(labelled(worded("Result"), self.value_html(returned.result)))
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
        """A JSON value: records as a table, text as text, the rest as JSON."""
        if isinstance(value, str):
            return _plain(value)
        if (columns := _columns(value)) is not None:
            return _table(value, columns)
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


def _columns(value: object) -> list[str] | None:
    """The names of the columns, where it is a list of flat records."""
    if not isinstance(value, list) or not value:
        return None
    names: dict[str, None] = {}
    for row in value[:MAX_ROWS]:
        if not isinstance(row, Mapping) or any(isinstance(x, dict | list) for x in row.values()):
            return None
        names |= dict.fromkeys(str(name) for name in row)
    return list(names) or None


def _table(rows: list[Any], columns: list[str]) -> str:
    shown = columns[:MAX_COLUMNS]
    rows_shown = rows[:MAX_ROWS]
    numbers = {one for one in shown if all(_is_number(row.get(one)) for row in rows_shown)}
    head = "".join(
        f"<th{_RIGHT if name in numbers else ''}>{escaped(name[:MAX_CELL_CHARS])}</th>"
        for name in shown
    )
    body = "".join(
        f"<tr>{''.join(_cell(row.get(name)) for name in shown)}</tr>" for row in rows_shown
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    button = (
        f'<button type="button" class="lnk i-copy act-copy-csv">{worded("Copy as CSV")}</button>'
    )
    note = ""
    if len(rows) > MAX_ROWS or len(columns) > MAX_COLUMNS:
        words = worded(
            "{rows} rows and {columns} columns, of which the first are shown.",
            rows=figure(len(rows)),
            columns=figure(len(columns)),
        )
        note = _note(words)
    return f'<div class="tblock"><div class="tscroll">{table}</div>{button}</div>{note}'


def _cell(value: object) -> str:
    if value is None:
        return "<td></td>"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"<td{_RIGHT if _is_number(value) else ''}>{escaped(text[:MAX_CELL_CHARS])}</td>"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _files(returned: ToolReturned, files_at: str) -> str:
    """Pictures as such, below them all other files to be had."""
    pictures, others = [], []
    for place, one in enumerate(returned.artifacts[:MAX_FILES]):
        address = _address(one, returned.call_id, place, files_at)
        name = escaped(one.name)
        if address and one.mime in SHOWN_PICTURES:
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
    return f"data:{one.mime};base64,{one.data}" if is_small and one.mime in SHOWN_PICTURES else ""


def _size(size_bytes: int) -> str:
    if size_bytes < _KIB:
        return worded("{count} bytes", count=figure(size_bytes))
    if size_bytes < _KIB**2:
        return f"{figure(size_bytes / _KIB, 1)} kB"
    return f"{figure(size_bytes / _KIB**2, 1)} MB"
