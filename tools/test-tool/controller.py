"""Gives back what it was given: for trying out that tools work."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["run"]


def run(parameters: dict[str, Any]) -> dict[str, Any]:
    """The message, all parameters, and the files of the call with their sizes in bytes."""
    files = {file.name: file.stat().st_size for file in Path().iterdir() if file.is_file()}
    return {
        "success": True,
        "message": parameters.get("message", "Hello"),
        "parameters": parameters,
        "files": files,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
