"""`%ai` and `%%ai` in IPython and Jupyter. Needs IPython; loaded by `%load_ext aiportal`."""

import sys
import traceback
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import orjson
from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser

import aiportal
from aiportal.errors import PortalError
from aiportal.notebook.answer import Answer
from aiportal.notebook.backend import ModelInfo
from aiportal.notebook.cell import cell_number
from aiportal.notebook.formats import FORMATS, Format
from aiportal.notebook.interpolation import filled
from aiportal.notebook.portal import Portal
from aiportal.notebook.table import Table

__all__ = ["AiMagics", "load_ipython_extension", "unload_ipython_extension"]

T = TypeVar("T")
MAGIC = "ai"
COMMANDS = ("fix", "help", "list", "reset", "version")
MAX_MESSAGES = 20  # of the cells' conversation: the oldest go first
MAX_ERRORS = 50
MAX_TRACEBACK_CHARS = 6_000

HELP = """\
%%ai [MODEL] [-f FORMAT] [-m PARAMETERS]   ask what stands in the rest of the cell
  -f  code (into a new cell), html, json, markdown or md (as if left out), math, text
  -m  OpenAI's other fields as JSON, such as '{"temperature": 0}'
  {name} becomes the variable's value, {In[3]}, {Out[3]} and {Err[3]} those of cell 3;
  other braces stay. Each cell goes on with the conversation of the cells before.
%ai list [PROVIDER]      the models that may be used now
%ai fix [MODEL] [-f …]   explain the last error and write the code that works
%ai reset                forget the conversation
%ai version, %ai help
"""
_FIX = """\
This Python code failed. Say in a sentence or two why, then write the code that works.

Code:
```python
{code}
```

Error:
```
{error}
```"""


class AiMagics:
    """Holds the conversation of one kernel's cells.

    shell: IPython's, which has no useful types. portal: who answers, else an embedded one.
    """

    def __init__(self, shell: Any, portal: Portal | None = None) -> None:
        self._shell = shell
        self._portal = portal
        self._history: deque[Mapping[str, str]] = deque(maxlen=MAX_MESSAGES)
        self._last_error: tuple[str, str] | None = None

    def register(self) -> None:
        """Make `%ai` and `%%ai` known, and `Err` beside `In` and `Out`."""
        self._shell.register_magic_function(self.command, "line", MAGIC)
        self._shell.register_magic_function(self.ask, "cell", MAGIC)
        self._shell.user_ns.setdefault("Err", {})
        self._shell.events.register("post_run_cell", self.remember_error)

    def unregister(self) -> None:
        """Take them away and let go of the portal."""
        self._shell.events.unregister("post_run_cell", self.remember_error)
        for magics in self._shell.magics_manager.magics.values():
            magics.pop(MAGIC, None)
        if self._portal is not None:
            self._portal.close()
            self._portal = None

    @property
    def portal(self) -> Portal:
        """Who answers."""
        if self._portal is None:
            self._portal = Portal()
        return self._portal

    def ask(self, line: str, cell: str) -> Answer:
        """Ask a model what stands in the cell. `%ai help` says more."""
        arguments = _cell_parser().parse_argstring(line)
        prompt = filled(cell.strip(), self._shell.user_ns)
        return self._answer(prompt, arguments, _parameters(arguments.parameters))

    def command(self, line: str) -> Answer | Table[ModelInfo] | str | None:
        """List models, explain the last error, forget the conversation. `%ai help` says more."""
        arguments = _line_parser().parse_argstring(line)
        match arguments.command:
            case "fix":
                return self._fix(arguments)
            case "list":
                return self._list(arguments.model)
            case "reset":
                self._history.clear()
            case "version":
                return aiportal.__version__
            case _:
                sys.stdout.write(HELP)
        return None

    def remember_error(self, result: Any) -> None:
        """After each cell: keep its error as `Err[number]` and for `%ai fix`."""
        error = result.error_before_exec or result.error_in_exec
        if error is None or isinstance(error, UsageError | KeyboardInterrupt):
            return
        text = "".join(traceback.format_exception(error))[-MAX_TRACEBACK_CHARS:]
        self._last_error = (result.info.raw_cell, text)
        errors = self._shell.user_ns.setdefault("Err", {})
        errors[result.execution_count] = text
        for oldest in list(errors)[:-MAX_ERRORS]:
            del errors[oldest]

    def _list(self, provider: str | None) -> Table[ModelInfo]:
        models = _told(self.portal.models)
        prefix = f"{provider}/" if provider else ""
        return Table(ModelInfo, (model for model in models if model.id.startswith(prefix)))

    def _fix(self, arguments: Namespace) -> Answer:
        if self._last_error is None:
            raise UsageError("No cell has failed since `%load_ext aiportal`.")
        code, error = self._last_error
        return self._answer(_FIX.format(code=code, error=error), arguments, {})

    def _answer(self, prompt: str, arguments: Namespace, parameters: dict[str, Any]) -> Answer:
        wanted = FORMATS[arguments.format]
        question = {"role": "user", "content": prompt}
        messages: list[Mapping[str, str]] = [*self._history, question]
        if wanted.instruction:
            messages.insert(0, {"role": "system", "content": wanted.instruction})
        answer = self._shown(messages, arguments.model, wanted, parameters)
        self._history += [question, {"role": "assistant", "content": answer.text}]
        return answer

    def _shown(
        self,
        messages: list[Mapping[str, str]],
        model: str | None,
        wanted: Format,
        parameters: dict[str, Any],
    ) -> Answer:
        """Ask and show. The answer is not shown again as the cell's result."""
        if wanted.show is None:
            return _told(lambda: self.portal.chat(messages, model=model, **parameters))
        stream = self.portal.stream(messages, model=model, **parameters)
        _told(lambda: deque(stream, maxlen=0))
        wanted.show(self._shell, stream.answer)
        return replace(stream.answer, shown_in=cell_number())


def _told(call: Callable[[], T]) -> T:
    """The call's result; the portal's errors in words instead of a traceback."""
    try:
        return call()
    except PortalError as error:
        raise UsageError(error.message) from error


def _parameters(text: str) -> dict[str, Any]:
    """The JSON after `-m`, which IPython leaves in its quotes."""
    quote = text[:1]
    bare = text[1:-1] if quote in ("'", '"') and text.endswith(quote) and len(text) > 1 else text
    try:
        parameters = orjson.loads(bare)
    except orjson.JSONDecodeError as error:
        raise UsageError(
            f"-m takes a JSON object such as '{{\"temperature\": 0}}': {error}"
        ) from error
    if not isinstance(parameters, dict):
        raise UsageError("-m takes a JSON object such as '{\"temperature\": 0}'.")
    return parameters


def _cell_parser() -> Any:
    parser = _parser("%%ai", "Ask a model what stands in the cell.")
    parser.add_argument("model", nargs="?", help="a model's id, else the portal's default")
    parser.add_argument(
        "-m", "--parameters", default="{}", help="OpenAI's other fields as a JSON object"
    )
    return parser


def _line_parser() -> Any:
    parser = _parser("%ai", "Everything but the asking.")
    parser.add_argument("command", nargs="?", default="help", choices=COMMANDS)
    parser.add_argument("model", nargs="?", help="list: a provider; fix: a model's id")
    return parser


def _parser(name: str, description: str) -> Any:
    untyped: Any = MagicArgumentParser
    parser = untyped(name, description=description)
    parser.add_argument("-f", "--format", choices=sorted(FORMATS), default="markdown")
    return parser


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext aiportal` calls."""
    AiMagics(shell).register()


def unload_ipython_extension(shell: Any) -> None:
    """What `%unload_ext aiportal` calls."""
    shell.magics_manager.magics["cell"][MAGIC].__self__.unregister()
