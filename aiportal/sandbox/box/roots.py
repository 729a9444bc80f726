"""What of this machine a program may see: the interpreter and its libraries, fonts, time zones.

Never `/`, a home, a data folder, a repository; the portal's own environment is visible only in
its folder of installed packages.
"""

import os
import sys
from collections.abc import Iterable, Sequence

__all__ = ["existing", "packages_of", "visible"]

_SYSTEM_LIBRARIES = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")
_DATA = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/zoneinfo")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_TOO_WIDE = frozenset({"/", "/usr", "/home", "/root", "/etc", "/opt", "/var", "/srv", "/tmp"})  # noqa: S108


def packages_of(executable: str) -> list[str]:
    """The folder of installed packages of a virtual environment, found by its interpreter's path."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    prefix = os.path.dirname(os.path.dirname(executable))
    return existing([os.path.join(prefix, "lib", version, "site-packages")])


def visible(packages: Sequence[str]) -> list[str]:
    """Folders and files to be read, none inside of another, as they are named on this machine."""
    standard = os.path.dirname(os.path.realpath(os.__file__))
    base = os.path.join(sys.base_prefix, "lib")
    own = [standard] if base == "/usr/lib" else [base, standard]
    found = existing([*own, *packages, *_shared_libraries(), *_DATA])
    return _outermost(path for path in found if os.path.realpath(path) not in _TOO_WIDE)


def existing(paths: Iterable[str]) -> list[str]:
    """Those that are there, each once."""
    return list(dict.fromkeys(path for path in paths if os.path.exists(path)))


def _shared_libraries() -> list[str]:
    """Where the dynamic linker looks: the machine's own folder where it has one (Debian), else all."""
    triplet = getattr(sys.implementation, "_multiarch", "")
    own = [os.path.join(folder, triplet) for folder in ("/lib", "/usr/lib")]
    if triplet and existing(own):
        return own
    return list(_SYSTEM_LIBRARIES)


def _outermost(paths: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for path in sorted(dict.fromkeys(paths)):
        if not any(path.startswith(f"{outer}/") for outer in kept):
            kept.append(path)
    return kept
