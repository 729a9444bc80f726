"""Where attached files lie: `attachments/USER/SHA-256` in the data folder, texts and small pictures
of them beside. Nothing here knows who may see what. All of it blocks: to be called in threads."""

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Final

from aiportal.errors import NotFound, RequestTooLarge
from aiportal.files.facts import CONTENT, PREVIEW, TEXT

__all__ = ["Shelf"]

INCOMING: Final = ".incoming"
SOURCE: Final = "source"
PIECE_BYTES: Final = 1024 * 1024
SETTLED_S: Final = 3_600  # younger files may be of an upload whose row is not written yet
_NAME: Final = re.compile(r"(?P<sha256>[0-9a-f]{64})(?:\.text|\.preview)?")


class Shelf:
    """folder: made when the first file comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take_in(self, file: IO[bytes], *, max_bytes: int, name: str) -> Path:
        """Copy a file into a folder of its own under `SOURCE`; the folder. Raises RequestTooLarge."""
        incoming = self._folder / INCOMING
        incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(dir=incoming))
        count = 0
        try:
            with (folder / SOURCE).open("wb") as copy:
                while piece := file.read(PIECE_BYTES):
                    count += len(piece)
                    if count > max_bytes:
                        raise RequestTooLarge(
                            f"The file {name[:80]!r} is larger than {max_bytes:,} bytes. Attach a "
                            "smaller one.",
                            param="file",
                            code="file_too_large",
                        )
                    copy.write(piece)
        except BaseException:
            self.drop(folder)
            raise
        return folder

    def source(self, folder: Path) -> Path:
        """The file as it came."""
        return folder / SOURCE

    def drop(self, folder: Path) -> None:
        """Remove what `take_in` made."""
        shutil.rmtree(folder, ignore_errors=True)

    def put_away(self, folder: Path, user_id: str) -> tuple[str, int, int]:
        """Keep what was found in a file; its SHA-256, its size, and that with text and small picture,
        in bytes.

        What is there already under that name has the same content, and is young again.
        """
        content = folder / CONTENT if (folder / CONTENT).exists() else folder / SOURCE
        sha256 = _digest(content)
        size = content.stat().st_size
        shelf = self._folder / user_id
        shelf.mkdir(exist_ok=True, mode=0o700)
        kept_bytes = 0
        for path, suffix in (
            (folder / PREVIEW, ".preview"),
            (folder / TEXT, ".text"),
            (content, ""),
        ):
            if path.exists():
                _flush(path)
                kept_bytes += path.stat().st_size
                path.replace(shelf / f"{sha256}{suffix}")
                os.utime(shelf / f"{sha256}{suffix}")
        return sha256, size, kept_bytes

    def content(self, user_id: str, sha256: str) -> Path:
        """The file that is kept. Raises NotFound where it is gone."""
        return self._there(user_id, sha256)

    def preview(self, user_id: str, sha256: str) -> Path:
        """A small picture of an image. Raises NotFound."""
        return self._there(user_id, f"{sha256}.preview")

    def text(self, user_id: str, sha256: str) -> str:
        """What was read out of it. Raises NotFound."""
        return self._there(user_id, f"{sha256}.text").read_bytes().decode("utf-8", "replace")

    def data(self, user_id: str, sha256: str) -> bytes:
        """The bytes that are kept. Raises NotFound."""
        return self._there(user_id, sha256).read_bytes()

    def sweep(self, wanted: Collection[tuple[str, str]]) -> None:
        """Remove files of no attachment any more, and what broken-off uploads have left.

        wanted: owners' ids with the SHA-256 of each of their files.
        """
        settled = time.time() - SETTLED_S
        for path, user_id, sha256 in self._files():
            if (user_id, sha256) not in wanted and path.stat().st_mtime < settled:
                path.unlink(missing_ok=True)
        incoming = self._folder / INCOMING
        for left in incoming.iterdir() if incoming.is_dir() else ():
            if left.stat().st_mtime < settled:
                self.drop(left)

    def _files(self) -> Iterator[tuple[Path, str, str]]:
        for shelf in self._folder.iterdir() if self._folder.is_dir() else ():
            if shelf.name == INCOMING or not shelf.is_dir():
                continue
            for path in shelf.iterdir():
                if match := _NAME.fullmatch(path.name):
                    yield path, shelf.name, match["sha256"]

    def _there(self, user_id: str, name: str) -> Path:
        path = self._folder / user_id / name
        if not path.is_file():
            raise NotFound("The file of this attachment is gone from the data folder.")
        return path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    """To the disk: what is acknowledged must be there after a loss of power."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
