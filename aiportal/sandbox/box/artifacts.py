"""The files that a program leaves: read only when it is dead, or stopped for good measure.

Nothing that the program laid there is followed: no link, no device, no pipe.
"""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress

from .limits import MAX_ARTIFACT_BYTES, MAX_ARTIFACTS

__all__ = ["Known", "collect", "look", "open_up", "remove", "used_bytes"]

Known = dict[str, tuple[int, int, int]]
"""Files that are no artifacts as long as inode, time of change and size stay the same."""

_MAX_DEPTH = 4
_MAX_SEEN = 2000
_BLOCK_BYTES, _ENTRY_BYTES = 512, 256
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def collect(folder: str, known: Known) -> tuple[list[tuple[str, bytes]], Known, bool]:
    """Names and contents of the regular files, what is known now, and whether some were left out."""
    collection = _Collection(known)
    descriptor = os.open(folder, _FLAGS | os.O_DIRECTORY)
    try:
        collection.enter(descriptor, "", 0)
    finally:
        os.close(descriptor)
    return collection.found, collection.known, collection.is_incomplete


def look(folder: str, names: Iterable[str]) -> Known:
    """What is known of files that were just laid there."""
    return {name: _marks(os.lstat(os.path.join(folder, name))) for name in names}


def remove(folder: str, name: str) -> None:
    """Make room for a file of this name; a folder of the name stays in the way."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(os.path.join(folder, name))


def used_bytes(folder: str) -> int:
    """Bytes on the disk of all below, as far as they can be seen."""
    total, waiting = 0, [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:  # else it is gone meanwhile
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                total += status.st_blocks * _BLOCK_BYTES + _ENTRY_BYTES
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(entry.path)
    return total


def open_up(folder: str) -> None:
    """Let us delete what the program has locked up by the modes of its folders."""
    for path, names, _ in os.walk(folder):
        os.chmod(path, 0o700)
        for name in names:
            with suppress(OSError):
                if not os.path.islink(inner := os.path.join(path, name)):
                    os.chmod(inner, 0o700)


def _marks(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size


class _Collection:
    def __init__(self, known: Known) -> None:
        self.found: list[tuple[str, bytes]] = []
        self.known: Known = {}
        self.is_incomplete = False
        self._before = known
        self._room = MAX_ARTIFACT_BYTES
        self._seen = 0

    def enter(self, folder: int, prefix: str, depth: int) -> None:
        for name in sorted(os.listdir(folder)):
            self._seen += 1
            if self._seen > _MAX_SEEN:
                self.is_incomplete = True
                return
            self._take(folder, name, f"{prefix}{name}", depth)

    def _take(self, folder: int, name: str, path: str, depth: int) -> None:
        try:
            status = os.lstat(name, dir_fd=folder)
            if stat.S_ISDIR(status.st_mode):
                self._descend(folder, name, path, depth)
            elif self._is_new(path, status):
                self._read(folder, name, path)
        except OSError:
            self.is_incomplete = True  # unreadable, or not what it was a moment ago

    def _is_new(self, path: str, status: os.stat_result) -> bool:
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            return False
        self.known[path] = _marks(status)
        return self._before.get(path) != self.known[path]

    def _descend(self, folder: int, name: str, path: str, depth: int) -> None:
        if depth >= _MAX_DEPTH:
            self.is_incomplete = True
            return
        descriptor = os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=folder)
        try:
            self.enter(descriptor, f"{path}/", depth + 1)
        finally:
            os.close(descriptor)

    def _read(self, folder: int, name: str, path: str) -> None:
        descriptor = os.open(name, _FLAGS, dir_fd=folder)
        try:
            status = os.fstat(descriptor)
            is_ours = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
            has_room = status.st_size <= self._room and len(self.found) < MAX_ARTIFACTS
            if not is_ours or not has_room:
                self.is_incomplete = True
                return
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(status.st_size)
        finally:
            os.close(descriptor)
        self._room -= len(data)
        self.found.append((path, data))
