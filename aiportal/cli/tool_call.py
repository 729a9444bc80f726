"""What goes into a run of a tool from the terminal, and what comes out of it."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Final

import click

from aiportal.cli.output import plain
from aiportal.errors import ConfigError, InvalidRequest
from aiportal.sandbox import Artifact

__all__ = ["as_text", "files_told", "read_files", "read_parameters", "write_artifacts"]

MAX_NAME_BYTES: Final = 200
MAX_SUFFIX_BYTES: Final = 20


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


def write_artifacts(artifacts: Sequence[Artifact], folder: Path | None) -> Sequence[Path]:
    """Write each into the folder itself, never over another file; where each is.

    Their names are a stranger's: folders in them, and what a terminal would obey, are left out; a
    number is added where a name is taken. Without a folder none is written. Raises ConfigError.
    """
    if folder is None:
        return ()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(folder, artifact) for artifact in artifacts]
    except OSError as error:
        raise ConfigError(
            f"{error.filename} cannot be written: {error.strerror}. Name another folder."
        ) from error


def _write(folder: Path, artifact: Artifact) -> Path:
    name = Path(_safe_name(artifact.name))
    for number in count(1):
        path = folder / (name if number == 1 else f"{name.stem}-{number}{name.suffix}")
        with suppress(FileExistsError), path.open("xb") as file:
            file.write(artifact.data)
            return path
    raise AssertionError


def _safe_name(name: str) -> str:
    """The last part of it, in letters that can be seen, and short enough for any file system."""
    shown = "".join(letter if letter.isprintable() else "_" for letter in name.rpartition("/")[2])
    if shown in {"", ".", ".."}:
        return "file"
    if len(shown.encode()) <= MAX_NAME_BYTES:
        return shown
    suffix = Path(shown).suffix
    suffix = suffix if len(suffix.encode()) <= MAX_SUFFIX_BYTES else ""
    stem = shown.encode()[: MAX_NAME_BYTES - len(suffix.encode())]
    return stem.decode(errors="ignore") + suffix


def files_told(names: Sequence[str], written: Sequence[Path]) -> str:
    """Which files a tool made, and where each is, or how they are to be had; "" for none."""
    if not names:
        return ""
    files = "1 file" if len(names) == 1 else f"{len(names)} files"
    if not written:
        return _line(f"{files}: {', '.join(names)}. They are kept with --save FOLDER.")
    places = zip(names, written, strict=True)
    return "\n".join(_line(f"{name} is in {path}") for name, path in places)


def _line(text: str) -> str:
    return plain(text).replace("\n", " ")


def as_text(result: object) -> str:
    """A result for people: a text as it is, everything else as JSON."""
    return result if isinstance(result, str) else json.dumps(result, indent=2, ensure_ascii=False)
