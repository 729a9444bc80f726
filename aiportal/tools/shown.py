"""A result for people: as text, and what of it is a table or a picture. It comes from a stranger."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from aiportal.picture_types import picture_mime
from aiportal.tools.result_table import Table, is_records, table_of

__all__ = ["Picture", "ShownResult", "shown_result", "tables_of"]

MAX_TEXT_CHARS: Final = 200_000
MAX_STRING_CHARS: Final = 2_000  # of one text within a result
MAX_TABLES, MAX_PICTURES = 5, 8
MAX_PICTURE_CHARS: Final = 8 * 1024**2
MAX_LEVELS: Final = 4  # below the result, where tables and pictures are looked for
MAX_LOOKS: Final = 2_000
_DATA_URL: Final = "data:image/"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, JPEG, GIF or WebP that stood in the result as a data URL; looked at by its first bytes.

    data: base64.
    """

    path: str
    mime: str
    data: str


@dataclass(frozen=True, slots=True)
class ShownResult:
    """text: the text that the result is, else JSON. is_cut: something of it is left out."""

    text: str
    is_json: bool
    is_cut: bool
    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...]


def shown_result(result: Any) -> ShownResult:
    """Bounded in every way; what is left out is in the result itself."""
    pictures: list[Picture] = []
    for path, value in _parts(result):
        if len(pictures) < MAX_PICTURES and (picture := _picture(path, value)) is not None:
            pictures.append(picture)
    is_json = not isinstance(result, str)
    short = result if isinstance(result, str) else _shortened(result)
    text = short if isinstance(short, str) else _as_json(short)
    is_cut = len(text) > MAX_TEXT_CHARS or short != result
    tables = tables_of(result)
    return ShownResult(text[:MAX_TEXT_CHARS], is_json, is_cut, tables, tuple(pictures))


def tables_of(result: Any, most: int = MAX_TABLES) -> tuple[Table, ...]:
    """The tables in a result, the outermost first."""
    found = (table_of(value, path) for path, value in _parts(result))
    return tuple(islice((table for table in found if table is not None), most))


def _as_json(value: Any) -> str:
    """As much of it as is shown and, where that is not all, a little more."""
    pieces: list[str] = []
    room = MAX_TEXT_CHARS
    for piece in json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(value):
        pieces.append(piece)
        room -= len(piece)
        if room < 0:
            break
    return "".join(pieces)


def _parts(result: Any) -> Iterator[tuple[str, Any]]:
    """The result and what is in it, the outermost first; not what is in a table."""
    waiting: list[tuple[str, Any, int]] = [("", result, 0)]
    for _ in range(MAX_LOOKS):
        if not waiting:
            return
        path, value, level = waiting.pop(0)
        yield path, value
        if level == MAX_LEVELS or is_records(value):
            continue
        inside: Sequence[tuple[Any, Any]] = ()
        if isinstance(value, Mapping):
            inside = list(value.items())
        elif isinstance(value, list):
            inside = list(enumerate(value))
        room = MAX_LOOKS - len(waiting)
        waiting += [
            (f"{path}.{name}" if path else str(name), one, level + 1) for name, one in inside[:room]
        ]


def _picture(path: str, value: Any) -> Picture | None:
    if not isinstance(value, str) or not value.startswith(_DATA_URL):
        return None
    head, comma, data = value.partition(",")
    if not comma or not head.endswith(";base64") or len(data) > MAX_PICTURE_CHARS:
        return None
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    mime = picture_mime(content)
    return None if mime is None else Picture(path[:200], mime, data)


def _shortened(value: Any) -> Any:
    """With the long texts in it cut; results are shallow, so this ends."""
    if isinstance(value, str):
        if len(value) <= MAX_STRING_CHARS:
            return value
        most = 60 if value.startswith("data:") else MAX_STRING_CHARS
        return f"{value[:most]}… ({len(value)} characters)"
    if isinstance(value, Mapping):
        return {name: _shortened(one) for name, one in value.items()}
    return [_shortened(one) for one in value] if isinstance(value, list) else value
