"""Landlock: which files a process may open, and that it may neither bind nor connect.

Needs no right at all. Version 4 of the interface (Linux 6.7) rules TCP, 6 also signals and abstract
sockets. It does not rule metadata: what exists, and how large it is, can be asked for by name.
"""

import ctypes
import os
from collections.abc import Iterable

from . import kernel

__all__ = ["MINIMUM", "restrict", "version"]

MINIMUM = 4
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_MAKE_SYM, _REFER, _TRUNCATE = 1 << 12, 1 << 13, 1 << 14
_ALL_FILES_4 = (1 << 15) - 1
_IOCTL_DEVICES = 1 << 15  # since 5
_TCP = 0b11
_SCOPES = 0b11  # since 6: abstract sockets, signals

_READ = _READ_FILE | _READ_DIR
_WORK = (
    _READ
    | _WRITE_FILE
    | _REMOVE_DIR
    | _REMOVE_FILE
    | _MAKE_DIR
    | _MAKE_REG
    | _MAKE_SYM
    | _REFER
    | _TRUNCATE
)
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE


class _Rules(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """The interface's version; 0 where the kernel has none or does not let us ask."""
    try:
        return kernel.syscall(_CREATE, 0, 0, _ASK_VERSION)
    except OSError:
        return 0


def restrict(
    *,
    read: Iterable[str],
    write: Iterable[str],
    devices: Iterable[str],
    execute: Iterable[str] = (),
    may_connect: bool = False,
) -> None:
    """Allow this process only to read these, and to work freely in those folders. For good.

    execute: what programs may be started from, nothing as a rule. may_connect: over TCP, too.

    Raises OSError; the caller has called `forbid_new_privileges`.
    """
    newest = version()
    if newest < MINIMUM:
        raise OSError(f"Landlock {MINIMUM} is needed, the kernel has {newest}")
    files = _ALL_FILES_4 | (_IOCTL_DEVICES if newest >= 5 else 0)
    rules = _Rules(
        files=files, network=0 if may_connect else _TCP, scoped=_SCOPES if newest >= 6 else 0
    )
    size = ctypes.sizeof(rules) if newest >= 6 else 16
    ruleset = kernel.syscall(_CREATE, ctypes.byref(rules), size, 0)
    try:
        for path in read:
            _allow(ruleset, path, _READ)
        for path in execute:
            _allow(ruleset, path, _READ | _EXECUTE)
        for path in write:
            _allow(ruleset, path, _WORK)
        for path in devices:
            _allow(ruleset, path, _READ_FILE | _WRITE_FILE)
        kernel.syscall(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return  # cannot be opened by this user anyway
    try:
        allowed = rights if os.path.isdir(path) else rights & _OF_A_FILE
        rule = _Beneath(allowed=allowed, parent=descriptor)
        kernel.syscall(_ADD, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)
