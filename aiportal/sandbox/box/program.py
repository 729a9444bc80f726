"""The process of a call: rights are given up, then the tool's controller runs."""

import ast
import importlib.machinery
import importlib.util
import inspect
import json
import linecache
import os
import socket
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

from . import aiportal_tool, frames, values
from .limits import MAX_RESULT_BYTES

__all__ = ["Controller", "has_function", "run_script", "serve"]

CONTROLLER = "controller.py"
_MAX_MESSAGE = 2000
_Report = tuple[dict[str, Any], list[bytes]]


def serve(duty: socket.socket, source: bytes, folder: str, *, stays: bool) -> None:
    """Make the calls that arrive and report on each; with `stays` until there are no more.

    Does not return where it is not needed any more.
    """
    aiportal_tool.connect(duty)
    controller = Controller(source, folder)
    while True:
        _, (parameters,) = frames.read_frame(duty)
        header, blobs = controller.call(parameters)
        _flush()
        frames.write_frame(duty, header, blobs)
        if not stays:
            return


def run_script(duty: socket.socket, source: bytes, folder: str) -> None:
    """Run the controller as a script; what it prints is its result."""
    aiportal_tool.connect(duty)
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    failure = _attempt(lambda: _execute(module, source, folder), folder)
    _flush()
    is_whole = not aiportal_tool.has_left_out()
    header = failure[0] if failure else {"op": "result", "is_printed": True, "is_whole": is_whole}
    frames.write_frame(duty, header, [])


def has_function(source: bytes) -> bool:
    """Whether the controller defines `run` at its top level."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True  # the failure is reported when it is called
    return any(_binds_run(node) for node in tree.body)


class Controller:
    """A controller with `run(parameters)`, loaded at its first call and kept."""

    def __init__(self, source: bytes, folder: str) -> None:
        self._source, self._folder = source, folder
        self._module = types.ModuleType("controller")
        self._is_loaded = False

    def call(self, parameters: bytes) -> _Report:
        """The report of one call: a result, or an error with its type and message."""
        result: list[Any] = []
        failure = _attempt(lambda: result.append(self._run(parameters)), self._folder)
        has_left_out = aiportal_tool.has_left_out()
        if failure:
            return failure
        encoded, is_whole = result[0]
        if len(encoded) > MAX_RESULT_BYTES:
            words = (
                f"The result is larger than {MAX_RESULT_BYTES} bytes. Leave it as a file instead."
            )
            return _failed("invalid_result", words)
        return {"op": "result", "is_whole": is_whole and not has_left_out}, [encoded]

    def _run(self, parameters: bytes) -> tuple[bytes, bool]:
        if not self._is_loaded:
            sys.modules["controller"] = self._module
            _execute(self._module, self._source, self._folder)
            self._is_loaded = True
        value = self._module.run(json.loads(parameters))
        if inspect.iscoroutine(value):
            import asyncio

            value = asyncio.run(value)
        return values.encode(value)


def _execute(module: types.ModuleType, source: bytes, folder: str) -> None:
    path = os.path.join(folder, CONTROLLER)
    module.__file__ = path
    text = source.decode(errors="replace")
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    exec(_compiled(module, source, path), module.__dict__)  # noqa: S102 - what the sandbox is for


def _compiled(module: types.ModuleType, source: bytes, path: str) -> Any:
    """The code of it: as it was compiled beforehand, else made now."""
    if os.path.exists(importlib.util.cache_from_source(path)):
        return importlib.machinery.SourceFileLoader(module.__name__, path).get_code(module.__name__)
    return compile(source, path, "exec")


def _attempt(action: Callable[[], object], folder: str) -> _Report | None:
    """None, or the report of what was raised, whose traceback goes to standard error."""
    try:
        action()
    except SystemExit as error:
        return None if error.code in {None, 0} else _failed("exit", _of_exit(error))
    except MemoryError:
        return _failed("out_of_memory", "The program needed more memory than it may have.")
    except BaseException as error:  # whatever a stranger's program raises is its answer
        if not _is_told(error):
            _show(error, folder)
        return _failed(type(error).__name__, _message(error))
    return None


def _is_told(error: BaseException) -> bool:
    """The class of the exception says `is_told = True`: its message is all that is to be known."""
    return vars(type(error)).get("is_told") is True


def _of_exit(error: SystemExit) -> str:
    if isinstance(error.code, int):
        return f"The program ended with code {error.code}."
    return str(error.code)[:_MAX_MESSAGE]


def _failed(kind: str, message: str) -> _Report:
    return {"op": "failure", "type": kind[:100], "message": message}, []


def _message(error: BaseException) -> str:
    try:
        return str(error)[:_MAX_MESSAGE]
    except Exception:  # an exception class of the program's own
        return ""


def _show(error: BaseException, folder: str) -> None:
    """The traceback, without the frames of libraries and of the sandbox."""
    try:
        told = traceback.TracebackException.from_exception(error)
        chain: traceback.TracebackException | None = told
        while chain is not None:
            own = [frame for frame in chain.stack if frame.filename.startswith((folder, "<"))]
            for frame in own:
                frame.filename = os.path.relpath(frame.filename, folder)
            chain.stack[:] = own
            chain = chain.__cause__ or chain.__context__
        sys.stderr.write("".join(told.format()))
    except Exception:  # exceptions that cannot be shown
        sys.stderr.write(f"{type(error).__name__}\n")


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue  # closed or replaced by the program


def _binds_run(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name == "run"
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any((alias.asname or alias.name) == "run" for alias in node.names)
    if isinstance(node, ast.Assign):
        return any(isinstance(one, ast.Name) and one.id == "run" for one in node.targets)
    return False
