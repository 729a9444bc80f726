"""Runs Python code: the value of its last expression, its figures as files, errors by its own lines.

The global variables stay from one call to the next in the same process: that is a session.
"""

import ast
import inspect
import itertools
import linecache
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from aiportal_tool import leave_out

__all__ = ["ToolError", "run"]

PYTHON = ("python", "python3", "py", "")
MAX_ROWS = 200
MAX_ELEMENTS = 10_000
SHOWN_ROWS = 20
FIGURE_DPI = 110
MAX_FIGURES = 20
MAX_NESTED = 4
MAX_TRACEBACK_LINES = 60

module = types.ModuleType("__main__")
calls = 0


class ToolError(Exception):
    """What was asked for cannot be done here; the message says what can."""

    is_told = True


def run(parameters: dict[str, Any]) -> Any:
    """The value of the last expression of `code`, None where it ends in a statement.

    An exception of the code is raised as one of the same name, with the line in its message; its
    traceback is on standard error and shows the code's own lines only.
    """
    language = str(parameters.get("language") or "").lower()
    if language not in PYTHON:
        raise ToolError(f"Only Python can be run here, not {language}. Write the code in Python.")
    code = parameters.get("code")
    if not isinstance(code, str):
        raise ToolError("Give the `code` as text.")
    filename = _filename()
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    statements, expression = _compiled(code, filename)
    value = None
    figures = _Figures()
    with _as_main():
        _show_as_files(code, figures)
        try:
            _execute(statements)
            value = _execute(expression)
        except SystemExit as exc:
            if exc.code not in (None, 0):
                raise
        except BaseException as exc:  # whatever the code raised is told in words
            _raise_as_its_own(exc, filename)
        finally:
            figures.save()
            figures.tell()
    return _shown(value)


def _filename() -> str:
    """The name that the code has in tracebacks; each call of a session has its own."""
    global calls
    calls += 1
    return "<code>" if calls == 1 else f"<code {calls}>"


def _compiled(code: str, filename: str) -> tuple[types.CodeType, types.CodeType | None]:
    """The statements, and the expression that they end in. `await` may stand at the top."""
    try:
        tree = ast.parse(code, filename)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            tree.body.pop()
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        statements = compile(tree, filename, "exec", flags=flags, dont_inherit=True)
        if not isinstance(last, ast.Expr):
            return statements, None
        expression = ast.Expression(last.value)
        return statements, compile(expression, filename, "eval", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        exc.__traceback__ = None
        _raise_as_its_own(exc, filename)


def _execute(code: types.CodeType | None) -> Any:
    if code is None:
        return None
    result = eval(code, module.__dict__)  # noqa: S307 (the sandbox holds it)
    if code.co_flags & inspect.CO_COROUTINE:
        import asyncio  # seldom needed, and slow to come

        return asyncio.run(result)
    return result


@contextmanager
def _as_main() -> Iterator[None]:
    """The code is `__main__`: what is pickled or looked up by name is found in its variables."""
    names = module.__dict__
    names.setdefault("input", _no_input)
    names.setdefault("exit", sys.exit)
    names.setdefault("quit", sys.exit)
    before = sys.modules.get("__main__")
    sys.modules["__main__"] = module
    sys.argv[:] = ["code.py"]
    if "" not in sys.path:
        sys.path.insert(0, "")  # files of the call may be modules
    try:
        yield
    finally:
        if before is not None:
            sys.modules["__main__"] = before


def _show_as_files(code: str, figures: "_Figures") -> None:
    """`plt.show()` saves the figures that are open: the next plot begins a new one."""
    if "pyplot" in code or "pylab" in code:
        with suppress(ImportError):
            from matplotlib import pyplot as plt

            plt.show = lambda *_, **__: figures.save()


def _no_input(prompt: object = "") -> NoReturn:
    raise EOFError(
        f"input({prompt!r}) cannot be answered: nobody is there while the code runs. Write the "
        "value into the code, or hand it over as a file."
    )


def _raise_as_its_own(exc: BaseException, filename: str) -> NoReturn:
    """Writes the traceback of the code's own lines, and raises what names the kind and the line."""
    trimmed = exc.with_traceback(_own_frames(exc.__traceback__))
    report = traceback.TracebackException.from_exception(trimmed, compact=True)
    lines = "".join(report.format()).splitlines()
    if len(lines) > MAX_TRACEBACK_LINES:
        half = MAX_TRACEBACK_LINES // 2
        lines = [*lines[:half], f"  … {len(lines) - 2 * half} lines left out …", *lines[-half:]]
    sys.stdout.flush()
    sys.stderr.write("\n".join(lines) + "\n")
    if isinstance(exc, MemoryError):
        raise MemoryError from None
    raise _named(type(exc).__name__, _message(exc, report, filename)) from None


def _own_frames(frames: types.TracebackType | None) -> types.TracebackType | None:
    """From the first line of the code on: how it was started does not matter to its author."""
    while frames is not None and not frames.tb_frame.f_code.co_filename.startswith("<code"):
        frames = frames.tb_next
    return frames


def _message(exc: BaseException, report: traceback.TracebackException, filename: str) -> str:
    if isinstance(exc, SyntaxError):
        line = linecache.getline(filename, exc.lineno or 0).rstrip("\n")
        caret = " " * max(0, (exc.offset or 1) - 1) + "^"
        return f"{exc.msg} (line {exc.lineno})\n{line}\n{caret}"
    words = str(exc) or type(exc).__name__
    own = [frame for frame in report.stack if frame.filename.startswith("<code")]
    if not own:
        return words
    where = f"line {own[-1].lineno}"
    if own[-1].filename != filename:
        where += f" of {own[-1].filename.strip('<>')}"
    return f"{words} ({where}: {own[-1].line})" if own[-1].line else f"{words} ({where})"


def _named(name: str, message: str) -> Exception:
    """An exception of that name without a traceback of ours: the code's own is told already."""
    kind: Callable[[str], Exception] = type(name, (Exception,), {"is_told": True})
    return kind(message)


class _Figures:
    """Those of one call, as files `figure-NN.png`; the number goes on where there are some."""

    def __init__(self) -> None:
        self._saved = 0
        self._left_out = 0

    def save(self) -> None:
        """Every figure that is open, as far as there is room, and closes them."""
        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for which in pyplot.get_fignums():
            figure = pyplot.figure(which)
            if not (figure.get_axes() or figure.texts or figure.images):
                continue
            if self._saved == MAX_FIGURES:
                self._left_out += 1
                continue
            figure.savefig(_free_file(), dpi=FIGURE_DPI, bbox_inches="tight")
            self._saved += 1
        pyplot.close("all")

    def tell(self) -> None:
        """Says in words how many were not saved, if any."""
        if self._left_out:
            leave_out(
                f"The first {MAX_FIGURES} of {MAX_FIGURES + self._left_out} figures are saved, which "
                "is the most for one call. Draw several into one with `plt.subplots`, or draw the "
                "rest in another call."
            )


def _free_file() -> Path:
    numbers = (Path(f"figure-{number:02}.png") for number in itertools.count(1))
    return next(file for file in numbers if not file.exists())


def _shown(value: Any) -> Any:
    """The value, but a picture is in its file, and of a long table the two ends are told."""
    if _is_drawn(value):
        return None
    package = type(value).__module__.partition(".")[0]
    if package == "pandas" and type(value).__name__ in {"DataFrame", "Series"}:
        return _table(value)
    if package == "pandas" and hasattr(value, "obj") and hasattr(value, "ngroups"):
        return f"{value.ngroups} groups. Ask for an aggregate of them, such as `.sum()`."
    if package == "numpy" and getattr(value, "size", 0) > MAX_ELEMENTS:
        told = {"shape": list(value.shape), "dtype": str(value.dtype)}
        return told | {"text": str(value), "note": f"{value.size:,} elements; the ends are shown."}
    if isinstance(value, types.ModuleType | types.FunctionType | type):
        return repr(value)
    return value


def _table(value: Any) -> Any:
    if len(value) <= MAX_ROWS:
        return value
    note = f"{len(value):,} rows; the first and last {SHOWN_ROWS} are shown."
    ends = {"head": value.head(SHOWN_ROWS), "tail": value.tail(SHOWN_ROWS)}
    return {"shape": list(value.shape), **ends, "note": note}


def _is_drawn(value: Any) -> bool:
    """What matplotlib's functions give back: nothing that a reader wants to see as text."""
    items = list(value) if isinstance(value, list | tuple) and value else [value]
    if type(value).__name__ == "ndarray" and value.dtype.hasobject:
        items = list(value.flat)
    for _ in range(MAX_NESTED):  # a list may hold itself
        if items and isinstance(items[0], list | tuple):
            items = list(items[0])
    return bool(items) and all(
        type(item).__module__.startswith("matplotlib.") or type(item).__name__ == "BarContainer"
        for item in items[-1:]
    )
