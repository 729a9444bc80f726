"""The text of PDF and DOCX files."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aiportal.files.facts import FileFacts, FileRefused
from aiportal.files.texts import MAX_TEXT_CHARS, keep_text

__all__ = ["read_docx", "read_pdf"]

MAX_PAGES: Final = 1_000
MAX_ENTRIES: Final = 5_000
MAX_UNPACKED_BYTES: Final = 200 * 1024 * 1024
MAX_XML_BYTES: Final = 50 * 1024 * 1024  # of the text alone; as a tree it takes many times that
MAIN_PART: Final = "word/document.xml"
PIECE_BYTES: Final = 1024 * 1024
PDF_TYPE: Final = "application/pdf"
DOCX_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def read_pdf(source: Path, folder: Path) -> FileFacts:
    """Keep the text of a PDF, page by page. Raises FileRefused."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    try:
        reader = PdfReader(source)
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileRefused("is locked with a password. Save it without one, then attach it.")
        count = len(reader.pages)
        if count > MAX_PAGES:
            raise FileRefused(
                f"has {count:,} pages; at most {MAX_PAGES:,} are taken. Attach those that matter."
            )
        text = "\n\n".join(_bounded(page.extract_text() for page in reader.pages))
    except DependencyError as error:
        raise FileRefused("is encrypted. Save it without a password, then attach it.") from error
    except (PyPdfError, *_DAMAGE) as error:
        raise FileRefused("is damaged: it is no PDF that can be read.") from error
    if not text.strip():
        raise FileRefused(
            "holds no text, only pictures of pages. Attach the pages as images, to a model that "
            "can see."
        )
    return keep_text(text, folder, media_type=PDF_TYPE)


def read_docx(source: Path, folder: Path) -> FileFacts:
    """Keep the text of a DOCX, its tables row by row. Raises FileRefused."""
    try:
        _check_archive(source)
        text = "\n".join(_bounded(_lines(source)))
    except (zipfile.BadZipFile, zlib.error, *_DAMAGE) as error:
        raise FileRefused("is damaged: it is no DOCX that can be read.") from error
    return keep_text(text, folder, media_type=DOCX_TYPE)


# What the libraries raise for files that are no such files, beside errors of their own.
_DAMAGE: Final = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    NotImplementedError,
    SyntaxError,
    RuntimeError,
)


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    """Raises FileRefused as soon as there is too much."""
    chars = 0
    for piece in pieces:
        chars += len(piece)
        if chars > MAX_TEXT_CHARS:
            raise FileRefused(
                f"holds more than {MAX_TEXT_CHARS:,} characters. Attach the part that matters."
            )
        yield piece


def _lines(source: Path) -> Iterator[str]:
    from docx import Document
    from docx.table import Table
    from docx.text.paragraph import Paragraph

    for block in Document(str(source)).iter_inner_content():
        if isinstance(block, Paragraph):
            yield block.text
        elif isinstance(block, Table):
            for row in block.rows:
                yield " | ".join(cell.text.replace("\n", " ") for cell in row.cells)


def _check_archive(source: Path) -> None:
    """What an entry says of its own size is not believed: what comes out of it is counted."""
    with zipfile.ZipFile(source) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise FileRefused(f"has more than {MAX_ENTRIES:,} parts.")
        if MAIN_PART not in archive.namelist():
            raise FileRefused("is an archive, but no document that can be read.")
        left = MAX_UNPACKED_BYTES
        for entry in entries:
            is_xml = entry.filename.endswith((".xml", ".rels"))
            left -= _unpacked(archive, entry, min(left, MAX_XML_BYTES) if is_xml else left)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> int:
    """The bytes that come out of an entry. Raises FileRefused for more than `limit`."""
    count = 0
    with archive.open(entry) as file:
        while piece := file.read(PIECE_BYTES):
            count += len(piece)
            if count > limit:
                raise FileRefused("unpacks to far more than a document: it is not read.")
    return count
