"""Libraries that the unprivileged user cannot walk to, because a folder above them is private.

Root may keep its Python in its home. A descriptor of the library's folder, opened before root is
given up, leads there without that walk: `/proc/self/fd/200/json/__init__.py`.
"""

import fcntl
import os
import sys
from collections.abc import Sequence

__all__ = ["FIRST_DESCRIPTOR", "Reach"]

FIRST_DESCRIPTOR = 200


class Reach:
    """Made before root is given up."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._descriptors = {path: _open(path) for path in paths}

    def settle(self) -> list[str]:
        """Called afterwards: the paths as they can be read now. Imports go there from here on."""
        detours = {}
        for path, descriptor in self._descriptors.items():
            if _is_readable(path):
                os.close(descriptor)
            else:
                detours[path] = f"/proc/self/fd/{descriptor}"
        if detours:
            _redirect_imports(detours)
        return [detours.get(path, path) for path in self._descriptors]


def _open(path: str) -> int:
    low = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR)
    finally:
        os.close(low)


def _is_readable(path: str) -> bool:
    return os.access(path, os.R_OK | (os.X_OK if os.path.isdir(path) else 0))


def _redirect_imports(detours: dict[str, str]) -> None:
    def redirected(path: str) -> str:
        for start, detour in detours.items():
            if path == start or path.startswith(f"{start}/"):
                return detour + path[len(start) :]
        return path

    sys.path[:] = [redirected(path) for path in sys.path]
    sys.path_importer_cache.clear()
    for module in list(sys.modules.values()):
        places = getattr(module, "__path__", None)
        if isinstance(places, list):
            places[:] = [redirected(path) for path in places]
