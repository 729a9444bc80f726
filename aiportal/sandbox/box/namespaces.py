"""Tier `namespaces`: a root of its own, without network, neighbours or any file of the machine.

As root the root folder is made first and the user given up then; as anybody else a user namespace
gives the right to do it. In both cases the zygote ends up as an unprivileged user of the machine
that may mount only within its own namespaces.
"""

import os
from collections.abc import Sequence

from . import kernel
from .roots import DEVICES

__all__ = ["CACHE", "FOLDER", "PROGRAM", "become", "close_cache", "enter", "furnish", "lay"]

FOLDER = "/box"
PROGRAM = "/program"
CACHE = "/cache"
_ROOT_BYTES = 4 * 1024**2
_CACHE_BYTES = 32 * 1024**2
_PROGRAM_BYTES = 16 * 1024**2
_APART = (
    kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWNS
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWCGROUP
)


def enter(visible: Sequence[str], uid: int, processes: int) -> None:
    """Leave the machine's namespaces for ones of our own. Raises OSError where that is refused.

    uid: who to become when started as root. processes: descriptor of /proc.
    """
    if os.geteuid() == 0:
        kernel.unshare(kernel.CLONE_NEWNS)
        _build_root(visible)
        become(uid)
        _map_own_user(processes)
    else:
        _map_own_user(processes)
        _build_root(visible)
    kernel.mount_memory(CACHE, size_bytes=_CACHE_BYTES)


def become(uid: int) -> None:
    """Give up root for good, groups included."""
    kernel.drop_bounding_set()
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def furnish(files: dict[str, bytes], disk_bytes: int) -> None:
    """In the namespaces of one call: a folder in memory to work in, and the program, read-only."""
    kernel.mount_memory(FOLDER, size_bytes=disk_bytes)
    size = _PROGRAM_BYTES + sum(map(len, files.values()))
    kernel.mount_memory(PROGRAM, size_bytes=size)
    lay(PROGRAM, files)
    kernel.attach_read_only(PROGRAM)


def lay(folder: str, files: dict[str, bytes], *, mode: int = 0o444) -> None:
    """Write files by their relative names. Raises ValueError for a name that leads elsewhere."""
    for name, data in files.items():
        parts = name.split("/")
        if any(part in {"", ".", ".."} or "\0" in part for part in parts):
            raise ValueError(f"{name!r} is no name of a file within a folder")
        path = os.path.join(folder, *parts)
        if len(parts) > 1:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)


def _map_own_user(processes: int) -> None:
    uid, gid = os.geteuid(), os.getegid()
    kernel.set_dumpable(is_dumpable=True)  # else the maps belong to root
    kernel.unshare(_APART)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        descriptor = os.open(f"self/{name}", os.O_WRONLY | os.O_CLOEXEC, dir_fd=processes)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
    kernel.set_dumpable(is_dumpable=False)


def _build_root(visible: Sequence[str]) -> None:
    real = {path: os.path.realpath(path) for path in visible}
    kernel.make_mounts_private()
    base = "/tmp"  # noqa: S108 - only a place to mount on, nothing is written there
    kernel.mount_memory(base, size_bytes=_ROOT_BYTES)
    os.mkdir(f"{base}/old")
    os.chdir(base)
    kernel.pivot_root(".", "old")
    os.chdir("/")
    for path in dict.fromkeys(real.values()):
        _show(path)
    for path in DEVICES:
        if os.path.exists(f"/old{path}"):
            _show(path, is_device=True)
    for path, target in real.items():
        if not os.path.lexists(path):  # a link on the machine, such as /lib
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            os.symlink(target, path)
    for folder in (FOLDER, PROGRAM, CACHE):
        os.mkdir(folder)
    kernel.detach("/old")
    os.rmdir("/old")
    kernel.attach_read_only("/", may_have_devices=True)


def _show(path: str, *, is_device: bool = False) -> None:
    source = f"/old{path}"
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    if os.path.isdir(source):
        os.makedirs(path, mode=0o755, exist_ok=True)
    else:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644))
    kernel.bind(source, path)
    kernel.attach_read_only(path, may_have_devices=is_device)


def close_cache() -> None:
    """What libraries wrote when they were imported can only be read from here on: calls share it."""
    kernel.attach_read_only(CACHE)
