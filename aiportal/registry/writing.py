"""Write and remove models' files so that nobody ever reads half of one."""

import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiportal.errors import ConfigError, Conflict, RequestTooLarge
from aiportal.registry.files import MAX_FILE_BYTES

__all__ = ["remove_model", "write_model"]

OWNER_ONLY = 0o600


def write_model(path: Path, content: Mapping[str, Any], *, is_new: bool) -> None:
    """Put a model's file there in one step, and on the disk before this returns.

    is_new: there must be none yet; else the one before is replaced, and who may read it stays as it
    was. Raises Conflict, RequestTooLarge for more than a model's file may hold, ConfigError where the
    folder cannot be written.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
    if len(text) > MAX_FILE_BYTES:
        raise RequestTooLarge(f"A model's file may have {MAX_FILE_BYTES} bytes, not {len(text)}.")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = OWNER_ONLY if is_new else _mode_of(path)
        try:
            _write(temporary, text, mode=mode)
            _put_there(temporary, path, is_new=is_new)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise _not_written(error) from error


def _put_there(temporary: Path, path: Path, *, is_new: bool) -> None:
    if not is_new:
        temporary.replace(path)
        return
    try:
        path.hardlink_to(temporary)  # unlike a rename it never replaces
    except FileExistsError as error:
        raise Conflict("There is such a model already. Choose another id.", param="id") from error


def _write(path: Path, text: bytes, *, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        path.chmod(mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else OWNER_ONLY


def remove_model(path: Path) -> None:
    """Remove a model's file, if it is there. Raises ConfigError where the folder cannot be written."""
    try:
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise _not_written(error) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_written(error: OSError) -> ConfigError:
    return ConfigError(
        f"The folder of this configuration cannot be written ({error.strerror})."
        " Ask the administrator of this portal."
    )
