"""What goes into a run of a tool from the terminal, and what comes out of it."""

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from aiportal.errors import ConfigError, InvalidRequest
from aiportal.sandbox import Artifact

__all__ = ["as_text", "read_files", "read_parameters", "write_artifacts"]


def read_parameters(text: str | None, pairs: Sequence[str]) -> dict[str, Any]:
    """The arguments of a JSON object (`-`: from standard input) and of NAME=VALUE pairs.

    Raises InvalidRequest, click.UsageError.
    """
    if text == "-":
        text = sys.stdin.read()
    found: dict[str, Any] = {}
    if text is not None:
        try:
            given = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest(f"PARAMETERS is not JSON: {error}.") from error
        if not isinstance(given, dict):
            raise InvalidRequest("PARAMETERS is not a JSON object, such as '{\"name\": 1}'.")
        found = given
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise click.UsageError(f"{pair!r} is not NAME=VALUE.")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def read_files(paths: Sequence[Path]) -> Mapping[str, bytes]:
    """Their content by name. Raises InvalidRequest, also where two have the same name."""
    names = [path.name for path in paths]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidRequest(
            f"Two files are named {twice!r}, and a tool tells them by name. Rename one."
        )
    try:
        return {path.name: path.read_bytes() for path in paths}
    except OSError as error:
        raise InvalidRequest(f"{error.filename} cannot be read: {error.strerror}.") from error


def write_artifacts(artifacts: Sequence[Artifact], folder: Path | None) -> Mapping[str, Path]:
    """Write each into the folder, never over another file; where it is, by name.

    One from a folder of the tool's is written without that, with a number where the name is taken.
    Without a folder none is written. Raises ConfigError.
    """
    if folder is None:
        return {}
    written: dict[str, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for artifact in artifacts:
            path = folder / _free_name(Path(artifact.name), {one.name for one in written.values()})
            with path.open("xb") as file:
                file.write(artifact.data)
            written[artifact.name] = path
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be written: {error.strerror}.") from error
    return written


def _free_name(path: Path, taken: Collection[str]) -> str:
    name, number = path.name, 2
    while name in taken:
        name, number = f"{path.stem}-{number}{path.suffix}", number + 1
    return name


def as_text(result: object) -> str:
    """A result for people: a text as it is, everything else as JSON."""
    return result if isinstance(result, str) else json.dumps(result, indent=2, ensure_ascii=False)
