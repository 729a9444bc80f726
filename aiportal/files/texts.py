"""Texts from bytes: decoded strictly where they say how, and never from what is no text."""

import codecs
from pathlib import Path
from typing import Final

from aiportal.files.facts import TEXT, FileFacts, FileRefused
from aiportal.files.kinds import FORMATS, text_type

__all__ = ["MAX_TEXT_CHARS", "keep_text", "read_text"]

MAX_TEXT_CHARS: Final = 10_000_000
"""Of one file; a model's window is the narrower bound by far."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAX_CONTROLS: Final = 0.01  # of all characters: more make it something else than a text


def read_text(source: Path, folder: Path, name: str) -> FileFacts:
    """Decode a text and keep it. Raises FileRefused for what is none."""
    text = _decoded(source.read_bytes())
    controls = sum(text.count(chr(code)) for code in (*range(1, 9), *range(14, 27), 127))
    if "\0" in text or controls > len(text) * _MAX_CONTROLS:
        raise FileRefused(f"is no text, and no format that is known here: {FORMATS}.")
    return keep_text(text, folder, media_type=text_type(name))


def keep_text(text: str, folder: Path, *, media_type: str) -> FileFacts:
    """Write the text of a file into the folder. Raises FileRefused for none, or too much."""
    if not text.strip():
        raise FileRefused("holds no text.")
    if len(text) > MAX_TEXT_CHARS:
        raise FileRefused(
            f"holds {len(text):,} characters; at most {MAX_TEXT_CHARS:,} are taken. "
            "Attach the part that matters."
        )
    clean = text.replace("\r\n", "\n").replace("\0", "")
    clean = clean.encode("utf-8", "replace").decode()  # halves of surrogate pairs
    (folder / TEXT).write_text(clean, encoding="utf-8", newline="")
    return FileFacts("text", media_type, characters=len(clean))


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # what older programs write
