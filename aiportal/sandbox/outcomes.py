"""What the sandbox reports, read as the data of a stranger, to an Outcome."""

import json
import math
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final, NoReturn

from aiportal.picture_types import picture_mime
from aiportal.sandbox.call import Artifact, Failure, Outcome
from aiportal.sandbox.texts import sound_texts

__all__ = ["outcome_of"]

_MAX_DEPTH = 40
_MAX_VALUES = 200_000
_MAX_NAME = 200
_HEADS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"PAR1", "application/vnd.apache.parquet"),
)
_BY_NAME: Final = MappingProxyType(
    {
        ".csv": "text/csv",
        ".html": "text/html",
        ".ipynb": "application/x-ipynb+json",
        ".json": "application/json",
        ".md": "text/markdown",
        ".py": "text/x-python",
        ".svg": "image/svg+xml",
        ".tsv": "text/tab-separated-values",
        ".txt": "text/plain",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xml": "application/xml",
        ".zip": "application/zip",
    }
)


class _NotAResult(Exception):
    """The words say why."""


def outcome_of(header: dict[str, Any], blobs: list[bytes]) -> Outcome:
    """The outcome of a call by the sandbox's report on it."""
    result, stdout, stderr, *contents = blobs
    failure = _failure(header)
    value = None
    if failure is None and header.get("is_printed"):
        result, stdout = _printed(stdout)
    if failure is None:
        try:
            value = _value(result)
        except _NotAResult as wrong:
            failure = Failure("invalid_result", str(wrong))
    return Outcome(
        result=value,
        failure=failure,
        stdout=stdout.decode(errors="replace"),
        stderr=stderr.decode(errors="replace"),
        is_truncated=bool(header["is_truncated"])
        or (failure is None and not header.get("is_whole")),
        duration_ms=float(header["duration_ms"]),
        artifacts=tuple(
            _artifact(name, data) for name, data in zip(header["names"], contents, strict=True)
        ),
    )


def _failure(header: dict[str, Any]) -> Failure | None:
    told = header["verdict"] or header.get("failure")
    return Failure(sound_texts(str(told[0])), sound_texts(str(told[1]))) if told else None


def _printed(stdout: bytes) -> tuple[bytes, bytes]:
    """A script's result and the rest of its output: all of it, else its last line."""
    whole = stdout.strip()
    if _has_too_many(whole):
        return whole, b""
    try:
        json.loads(whole)
    except (ValueError, RecursionError):
        rest, _, last = whole.rpartition(b"\n")
        return last, rest
    return whole, b""


def _value(text: bytes) -> Any:
    if not text:
        raise _NotAResult("The program has given no result.")
    if _has_too_many(text):
        words = (
            f"The program's result has more than {_MAX_VALUES} values. Leave it as a file instead."
        )
        raise _NotAResult(words)
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _NotAResult("The program's result is not JSON.") from error
    _check(value)
    return sound_texts(value)


def _has_too_many(text: bytes) -> bool:
    """Looked at before it is read: nothing else of the portal runs while the library reads it."""
    if _values(text) <= _MAX_VALUES:
        return False  # texts included, which is quickly seen
    without_escapes = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    if without_escapes.count(b'"') > 4 * _MAX_VALUES:
        return True
    return _values(b"".join(without_escapes.split(b'"')[::2])) > _MAX_VALUES


def _values(text: bytes) -> int:
    return sum(text.count(mark) for mark in (b",", b"[", b"{"))


def _refuse(constant: str) -> NoReturn:
    raise _NotAResult(f"The program's result holds {constant}, which is not JSON.")


def _check(value: Any) -> None:
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise _NotAResult(f"The program's result is nested more than {_MAX_DEPTH} deep.")
        if isinstance(one, float) and not math.isfinite(one):
            raise _NotAResult("The program's result holds a number that is too large.")
        if isinstance(one, dict):
            waiting += [(item, depth + 1) for item in one.values()]
        elif isinstance(one, list):
            waiting += [(item, depth + 1) for item in one]


def _artifact(name: str, data: bytes) -> Artifact:
    shown = name.encode(errors="replace").decode()[-_MAX_NAME:]
    return Artifact(shown, _mime(shown, data), data)


def _mime(name: str, data: bytes) -> str:
    if (picture := picture_mime(data)) is not None:
        return picture
    for head, mime in _HEADS:
        if data.startswith(head):
            return mime
    suffix = PurePosixPath(name).suffix.lower()
    return _BY_NAME.get(suffix, "application/octet-stream")
