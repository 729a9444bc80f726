"""ZIP archives that hold conversations, as ChatGPT's export and our own do.

Nothing is written to a disk, and no name of the archive is used as a path. What an entry says of
its own size is not believed: what comes out of it is counted.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final

from aiportal.chat.imports.foreign import quoted
from aiportal.chat.imports.items import Item, ItemCutter
from aiportal.errors import InvalidRequest

__all__ = ["archive_items", "is_archive"]

MAX_ENTRIES: Final = 30_000
MAX_UNPACKED_BYTES: Final = 256 * 1024 * 1024
PIECE_BYTES: Final = 1024 * 1024
PEEK_BYTES: Final = 64

_MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ENTRY: Final = b"PK\x01\x02"  # stands before each entry of the table of contents
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_IS_ENCRYPTED: Final = 0x1
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


def is_archive(data: bytes) -> bool:
    """Whether a file is a ZIP archive, whatever its name."""
    return data.startswith(_MAGIC)


def archive_items(data: bytes) -> Iterator[Item]:
    """The items of every entry that is JSON; other entries are passed by.

    Raises InvalidRequest where the archive as a whole cannot be read.
    """
    if data.count(_ENTRY) > MAX_ENTRIES:
        raise InvalidRequest(f"The archive has more than {MAX_ENTRIES:,} entries.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGE as error:
        raise InvalidRequest("The file looks like a ZIP archive, but it is damaged.") from error
    with archive:
        left = MAX_UNPACKED_BYTES
        for entry in archive.infolist():
            reader = _Entry(archive, entry)
            yield from reader.items(left)
            left -= reader.unpacked
            if left <= 0:
                yield Item(
                    None,
                    f"The archive unpacks to more than {MAX_UNPACKED_BYTES:,} bytes. "
                    "What follows is not read.",
                )
                return


class _Entry:
    """Reads one entry. unpacked: the bytes that have come out of it."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        self._archive = archive
        self._entry = entry
        self.unpacked = 0

    def items(self, limit: int) -> Iterator[Item]:
        """limit: of the bytes that are unpacked."""
        entry = self._entry
        if entry.is_dir() or entry.flag_bits & _IS_ENCRYPTED or entry.compress_type not in _METHODS:
            return
        try:
            with self._archive.open(entry) as file:
                yield from self._cut(file, limit)
        except _DAMAGE:
            yield Item(None, f"The archive's entry {quoted(entry.filename)} is damaged.")

    def _cut(self, file: IO[bytes], limit: int) -> Iterator[Item]:
        cutter = ItemCutter()
        piece = file.read(PEEK_BYTES)
        while piece and self.unpacked <= limit:
            self.unpacked += len(piece)
            yield from cutter.feed(piece)
            if not cutter.is_json:
                return
            piece = file.read(PIECE_BYTES)
        if self.unpacked <= limit:
            yield from cutter.end()
