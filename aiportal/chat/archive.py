"""A ZIP archive that is sent while it is made: nothing of it is kept but its table of contents."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

__all__ = ["ZipStream"]

_FIRST_YEAR: Final = 1980  # of what a ZIP archive can say
_LAST_YEAR: Final = 2107
_PIECE_BYTES: Final = 1024 * 1024


class _Sink(io.RawIOBase):
    """What a ZipFile writes to, without a way back; `take` empties it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # reason: ZipFile writes bytes
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


class ZipStream:
    """Each method returns the archive's next bytes. Not to be used by two threads at once."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)

    def add(self, name: str, text: str, *, moment: datetime) -> bytes:
        """A file in UTF-8, last changed at `moment`."""
        self._archive.writestr(_entry(name, moment), text.encode())
        return self._sink.take()

    def add_file(self, name: str, path: Path, *, moment: datetime) -> Iterator[bytes]:
        """A file of the disk, a piece at a time; nothing where it is gone. To be read to the end."""
        try:
            content = path.open("rb")
        except FileNotFoundError:
            return
        entry = _entry(name, moment)
        entry.file_size = path.stat().st_size
        with content, self._archive.open(entry, "w") as target:
            while piece := content.read(_PIECE_BYTES):
                target.write(piece)
                yield self._sink.take()
        yield self._sink.take()

    def end(self) -> bytes:
        """The table of contents; nothing can be added after it."""
        self._archive.close()
        return self._sink.take()


def _entry(name: str, moment: datetime) -> zipfile.ZipInfo:
    at = moment.astimezone(UTC)
    year = min(max(at.year, _FIRST_YEAR), _LAST_YEAR)
    entry = zipfile.ZipInfo(name, (year, at.month, at.day, at.hour, at.minute, at.second))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry
