"""Where a program lives: its working folder, its own files, and what remains of them afterwards."""

import os
import shutil
import tempfile
from dataclasses import dataclass

from . import artifacts, namespaces

__all__ = ["House", "Housing"]

PARAMETERS = ".parameters.json"


@dataclass(frozen=True)
class Housing:
    """What all calls of a zygote have in common.

    visible: what of the machine can be read, as it is named in the zygote.
    in_use: bytes of address space and of data of the zygote.
    """

    is_namespaces: bool
    visible: tuple[str, ...]
    in_use: tuple[int, int]

    def furnish(self, program: dict[str, bytes], parameters: bytes, disk_bytes: int) -> "House":
        """Make the folders of one call; the program's files and its parameters are read-only."""
        files = {**program, PARAMETERS: parameters}
        if self.is_namespaces:
            namespaces.furnish(files, disk_bytes)
            return House(namespaces.FOLDER, namespaces.PROGRAM, is_on_disk=False)
        folder = tempfile.mkdtemp(prefix="aiportal-box-")
        os.mkdir(f"{folder}/program")
        namespaces.lay(f"{folder}/program", files)
        return House(folder, f"{folder}/program", is_on_disk=True)


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
