"""What a caller gives to a tool: bounded, then held against the tool's schema."""

import asyncio
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from jsonschema.exceptions import ValidationError

from aiportal.errors import InvalidRequest, RequestTooLarge
from aiportal.tools.checking import Checks, CheckTakesTooLong
from aiportal.tools.tool import Tool

__all__ = ["MAX_ARGUMENT_BYTES", "argument_faults", "checked_arguments", "checked_files"]

MAX_ARGUMENT_BYTES: Final = 8 * 1024**2
MAX_LEVELS = 64
MAX_VALUES = 500_000
FEW_VALUES = 2_000  # are checked at once
MAX_FAULTS = 5
MAX_WORDS = 200
MAX_FILES: Final = 20
MAX_FILE_BYTES: Final = 20 * 1024**2  # of all together
MAX_NAME_CHARS = 200


async def checked_arguments(
    tool: Tool, arguments: object, *, owner: str, checks: Checks
) -> Mapping[str, Any]:
    """The arguments, if the tool takes them. owner: the user whose turn a large check takes.

    Raises InvalidRequest that names each field at fault, RequestTooLarge, RateLimited.
    """
    if not isinstance(arguments, dict):
        raise _wrong(tool, "the arguments are not an object with a value for each name.", ())
    count = await asyncio.to_thread(_check_shape, tool, arguments)
    check = partial(_check, tool, arguments)
    await (asyncio.to_thread(check) if count <= FEW_VALUES else checks.run(owner, check))
    return arguments


def argument_faults(tool: Tool, arguments: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """What `checked_arguments` would refuse: where, as names joined by dots, and why in words."""
    try:
        _check_shape(tool, arguments)
        return [_placed(fault) for fault in _faults(tool, arguments)]
    except InvalidRequest as error:
        return [("", error.message)]


def _placed(fault: ValidationError) -> tuple[str, str]:
    """One that is missing is told at its own place, not at that of what lacks it."""
    path = [*fault.absolute_path]
    if fault.validator == "required" and isinstance(fault.validator_value, list):
        begun = fault.message.rpartition(" is a required property")[0]
        name = next((one for one in fault.validator_value if repr(one) == begun), None)
        if name is not None:
            return ".".join(map(str, [*path, name])), "This is needed."
    return ".".join(map(str, path)), f"{_words(fault)}."


def _check(tool: Tool, arguments: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(arguments, ensure_ascii=False).encode())
    except (TypeError, ValueError) as error:
        raise _wrong(tool, f"the arguments are no JSON ({error}).", ()) from error
    if size > MAX_ARGUMENT_BYTES:
        raise RequestTooLarge(
            f"The arguments have {size} bytes; a tool takes {MAX_ARGUMENT_BYTES}. Send what is"
            " larger as files.",
            param="parameters",
        )
    faults = _faults(tool, arguments)
    if faults:
        words = "; ".join(f"`{_path(fault)}`: {_words(fault)}" for fault in faults)
        raise _wrong(tool, f"{words}.", faults[0].absolute_path)


def checked_files(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Files to lay beside the program. Raises InvalidRequest for other than plain names, RequestTooLarge."""
    for name in files:
        is_plain = name.isprintable() and not {"/", "\\"} & set(name)
        if not (0 < len(name) <= MAX_NAME_CHARS and is_plain) or name.startswith("."):
            raise InvalidRequest(
                f"{name[:MAX_NAME_CHARS]!r} is no plain name of a file. Name it without folders and"
                f" without a dot at its beginning, in at most {MAX_NAME_CHARS} characters.",
                param="files",
            )
    if len(files) > MAX_FILES:
        words = (
            f"There are {len(files)} files; a call takes {MAX_FILES}. Send fewer, or one archive."
        )
        raise InvalidRequest(words, param="files")
    if (size := sum(map(len, files.values()))) > MAX_FILE_BYTES:
        words = f"The files have {size} bytes; a call takes {MAX_FILE_BYTES}. Send less."
        raise RequestTooLarge(words, param="files")
    return files


def _check_shape(tool: Tool, arguments: Mapping[str, Any]) -> int:
    """How many values there are, if their depth, number and kind can be taken.

    Without a recursion that they could exhaust.
    """
    open_ones: list[tuple[object, int]] = [(arguments, 0)]
    count = 0
    while open_ones:
        value, level = open_ones.pop()
        count += 1
        if isinstance(value, dict | list):
            if level == MAX_LEVELS:
                words = f"the arguments are nested more than {MAX_LEVELS} levels deep."
                raise _wrong(tool, words, ())
            inside = value.values() if isinstance(value, dict) else value
            open_ones += [(each, level + 1) for each in inside]
        elif isinstance(value, float) and not math.isfinite(value):
            raise _wrong(tool, f"{value} is no JSON number; send a finite one or a text.", ())
        if count + len(open_ones) > MAX_VALUES:
            words = f"the arguments have more than {MAX_VALUES} values; send a file."
            raise _wrong(tool, words, ())
    return count


def _faults(tool: Tool, arguments: Mapping[str, Any]) -> Sequence[ValidationError]:
    found: Iterator[ValidationError] = tool.validator.iter_errors(arguments)
    try:
        return list(islice(found, MAX_FAULTS))
    except CheckTakesTooLong as error:
        words = "the arguments take too long to check; send fewer values, or a file."
        raise _wrong(tool, words, ()) from error


def _path(fault: ValidationError) -> str:
    return ".".join(map(str, fault.absolute_path)) or "parameters"


def _words(fault: ValidationError) -> str:
    """Without the whole of a long value, which stands before what is said of it."""
    words = str(fault.message)
    if len(words) > MAX_WORDS:
        words = f"{words[: MAX_WORDS // 2]} … {words[-MAX_WORDS // 2 :]}"
    return words.rstrip(".")


def _wrong(tool: Tool, words: str, path: Sequence[str | int]) -> InvalidRequest:
    return InvalidRequest(
        f"The tool {tool.id!r} cannot take this: {words} GET /v1/tools/{tool.id} has its schema.",
        param=".".join(map(str, ["parameters", *path])),
        code="invalid_arguments",
    )
