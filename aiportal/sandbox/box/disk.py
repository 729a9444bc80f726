"""Tier `landlock` has no folder of a bounded size: what a program puts on the disk is watched."""

import os

from .housing import House

__all__ = ["DiskWatch"]

_WRITTEN_FACTOR = 8  # a file may be written anew, or be deleted for another
_LEAST_FREE_BYTES = 256 * 1024**2
_LEAST_FREE_SHARE = 4


class DiskWatch:
    """disk_bytes: what the files of a program may take together."""

    def __init__(self, house: House, disk_bytes: int) -> None:
        self._house = house
        self._disk_bytes = disk_bytes
        self._least_free = min(_LEAST_FREE_BYTES, _free_bytes(house) // _LEAST_FREE_SHARE)

    def fault(self, process: int) -> str | None:
        """Why the program has to be ended, in words.

        A file that is deleted but open, or only mapped, takes room and cannot be found: what the
        program has written in all is bounded as well.
        """
        try:
            used_bytes = self._house.used_bytes()
        except OSError as error:
            return f"The program's files cannot be counted: {error.strerror}."
        if used_bytes > self._disk_bytes:
            return f"The program's files are larger than the {self._disk_bytes} bytes allowed."
        if _written_bytes(process) > _WRITTEN_FACTOR * self._disk_bytes:
            most = _WRITTEN_FACTOR * self._disk_bytes
            return f"The program has written more than {most} bytes to the disk."
        if _free_bytes(self._house) < self._least_free:
            return "The disk is nearly full."
        return None


def _free_bytes(house: House) -> int:
    status = os.statvfs(house.folder)
    return status.f_bavail * status.f_frsize


def _written_bytes(process: int) -> int:
    """Bytes that a process of ours has caused to be stored; 0 where the kernel does not tell."""
    try:
        with open(f"/proc/{process}/io", "rb") as file:
            counts = dict(line.split(b": ") for line in file.read().splitlines())
            return int(counts[b"write_bytes"]) - int(counts[b"cancelled_write_bytes"])
    except (OSError, KeyError, ValueError):
        return 0
