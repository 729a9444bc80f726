"""Deleting what a program has left, whatever it has made of it.

`shutil.rmtree` goes down with a call and a descriptor a level, and gives up on a tree that is deeper
than Python's stack. Here what is deep is brought to the top first, so that any depth will do.
"""

import os
import secrets
from contextlib import suppress

__all__ = ["remove_tree"]

_FLAGS = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(folder: str) -> None:
    """Delete a folder and all below. What cannot be deleted stays, and is no error.

    Follows no link, and opens folders that their owner has locked up.
    """
    with suppress(OSError):
        top = _open(folder)
        try:
            while _take_a_level(top):
                pass
        finally:
            os.close(top)
    with suppress(OSError):
        os.rmdir(folder)


def _take_a_level(top: int) -> bool:
    """Delete what can be; the folders two levels down are one level down then. False: it is over."""
    is_changed = False
    for name in os.listdir(top):
        with suppress(OSError):
            if not _is_deleted(top, name):
                _empty(top, name)
                os.rmdir(name, dir_fd=top)
            is_changed = True
    return is_changed


def _is_deleted(folder: int, name: str) -> bool:
    """False for a folder, which is not."""
    try:
        os.unlink(name, dir_fd=folder)
    except IsADirectoryError:
        return False
    return True


def _empty(top: int, name: str) -> None:
    inner = _open(name, top)
    try:
        for child in os.listdir(inner):
            if not _is_deleted(inner, child):
                os.close(_open(child, inner))  # a locked one cannot be moved
                os.rename(child, secrets.token_hex(16), src_dir_fd=inner, dst_dir_fd=top)
    finally:
        os.close(inner)


def _open(name: str, folder: int | None = None) -> int:
    """A descriptor of a folder that is ours, with its mode set so that we may do anything in it."""
    place = os.open(name, os.O_PATH | _FLAGS, dir_fd=folder)
    try:
        with suppress(OSError):
            os.chmod(f"/proc/self/fd/{place}", 0o700)
        return os.open(".", os.O_RDONLY | _FLAGS, dir_fd=place)
    finally:
        os.close(place)
