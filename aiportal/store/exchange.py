"""Files and folders that take the place of others, all of them or none."""

import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["Exchange"]


class Exchange:
    """Entries of the folder `new` take the place of those in `folder`; what stood there goes to `old`.

    All three are on one disk. An entry that is a file is never missing in between.
    """

    def __init__(self, folder: Path, *, new: Path, old: Path) -> None:
        self._folder = folder
        self._new = new
        self._old = old
        self._undoing: list[tuple[Path, Path]] = []

    def run(self, names: Sequence[str], *, without: Sequence[str] = ()) -> None:
        """Exchange `names` in this order, after putting `without` aside; at a failure undo all.

        Raises OSError.
        """
        try:
            for name in without:
                self._put_aside(name)
            for name in names:
                self._replace(name)
        except BaseException:
            for source, target in reversed(self._undoing):
                source.replace(target)
            raise

    def _put_aside(self, name: str) -> None:
        if (self._folder / name).exists():
            self._move(self._folder / name, self._old / name)

    def _replace(self, name: str) -> None:
        here = self._folder / name
        if here.is_file():
            os.link(here, self._old / name)
            self._undoing.append((self._old / name, here))
            (self._new / name).replace(here)
        else:
            self._put_aside(name)
            self._move(self._new / name, here)

    def _move(self, source: Path, target: Path) -> None:
        source.rename(target)
        self._undoing.append((target, source))
