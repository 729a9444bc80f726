"""Where a program lives: its working folder, its own files, and what remains of them afterwards."""

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass

from . import artifacts, namespaces

__all__ = ["House", "Housing"]

PARAMETERS = ".parameters.json"


@dataclass(frozen=True)
class Housing:
    """What all calls of a zygote have in common.

    folder: on the disk, for the folders of all calls; None in tier `namespaces`.
    visible: what of the machine can be read, as it is named in the zygote.
    in_use: bytes of address space and of data of the zygote.
    """

    folder: str | None
    visible: tuple[str, ...]
    in_use: tuple[int, int]

    @property
    def is_namespaces(self) -> bool:
        return self.folder is None

    def furnish(self, program: dict[str, bytes], parameters: bytes, disk_bytes: int) -> "House":
        """Make the folders of one call; the program's files and its parameters are read-only."""
        files = {**program, PARAMETERS: parameters}
        if self.folder is None:
            namespaces.furnish(files, disk_bytes)
            return House(namespaces.FOLDER, namespaces.PROGRAM, is_on_disk=False)
        folder = self._folder_of_a_call(self.folder)
        try:
            os.mkdir(f"{folder}/program")
            namespaces.lay(f"{folder}/program", files)
            return House(folder, f"{folder}/program", is_on_disk=True)
        except BaseException:
            shutil.rmtree(folder)
            raise

    def _folder_of_a_call(self, common: str) -> str:
        """The common folder goes with each call that leaves it empty, see `leave`."""
        while True:
            os.makedirs(common, mode=0o700, exist_ok=True)
            with suppress(FileNotFoundError):
                return tempfile.mkdtemp(dir=common)

    def leave(self) -> None:
        """Called at every end there is; takes the folder away once nothing is in it."""
        if self.folder is not None:
            with suppress(OSError):
                os.rmdir(self.folder)


class House:
    """The folders of one call or session."""

    def __init__(self, folder: str, program: str, *, is_on_disk: bool) -> None:
        self.folder, self.program = folder, program
        self.work, self.temporary = f"{folder}/work", f"{folder}/temporary"
        self.is_on_disk = is_on_disk
        self._known: artifacts.Known = {}
        os.mkdir(self.work)
        os.mkdir(self.temporary)

    def receive(self, files: dict[str, bytes]) -> None:
        """Lay a caller's files into the working folder, in place of what has their names."""
        for name in files:
            artifacts.remove(self.work, name)
        namespaces.lay(self.work, files, mode=0o644)
        self._known |= artifacts.look(self.work, files)

    def collect(self) -> tuple[list[tuple[str, bytes]], bool]:
        """The artifacts, and whether some were left out. Only while the program is dead or stopped."""
        found, self._known, is_incomplete = artifacts.collect(self.work, self._known)
        return found, is_incomplete

    def used_bytes(self) -> int:
        """Bytes on the disk; of a folder in memory the kernel keeps count."""
        return artifacts.used_bytes(self.folder)

    def leave(self) -> None:
        """Nothing of the call stays on the disk."""
        if self.is_on_disk:
            artifacts.open_up(self.folder)
            shutil.rmtree(self.folder, ignore_errors=True)
