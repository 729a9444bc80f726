"""Write and remove models' files so that nobody ever reads half of one."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiportal.errors import ConfigError, RequestTooLarge
from aiportal.registry.files import MAX_FILE_BYTES

__all__ = ["remove_model", "write_model"]


def write_model(path: Path, content: Mapping[str, Any]) -> None:
    """Put a model's file there in one step, and on the disk before this returns.

    Raises RequestTooLarge for more than a model's file may hold, ConfigError where the folder cannot
    be written.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
    if len(text) > MAX_FILE_BYTES:
        raise RequestTooLarge(f"A model's file may have {MAX_FILE_BYTES} bytes, not {len(text)}.")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _not_written(error) from error


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
        f"The folder of the model config cannot be written ({error.strerror})."
        " Ask the administrator of this portal."
    )
