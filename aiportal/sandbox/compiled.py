"""Programs that are called again and again are compiled once, not in each call.

The compiler runs in the sandbox as well, with the program's own interpreter, and what it makes is
given only to the program that it was made of.
"""

import asyncio
import base64
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from aiportal.errors import PortalError
from aiportal.sandbox.call import CallLimits, Outcome, Program, SandboxCall

__all__ = ["CompiledPrograms"]

MAX_PROGRAMS: Final = 64
MAX_SOURCE_BYTES: Final = 1024**2
_OWNER: Final = "sandbox"
_LIMITS: Final = CallLimits(wall_s=10.0)
_COMPILER: Final = b"""
import base64, importlib.util, marshal, sys

def run(parameters):
    made = {}
    for name, encoded in parameters.items():
        source = base64.b64decode(encoded)
        try:
            code = compile(source, name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # is told when the program is called
        unchecked = (1).to_bytes(4, "little") + importlib.util.source_hash(source)
        content = importlib.util.MAGIC_NUMBER + unchecked + marshal.dumps(code)
        made[importlib.util.cache_from_source(name)] = base64.b64encode(content).decode()
    source = base64.b64decode(parameters["controller.py"])
    return {"files": made, "is_script": not sys.modules["box.program"].has_function(source)}
"""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """is_script: None where nobody has looked."""

    files: Mapping[str, bytes]
    is_script: bool | None


_NOTHING: Final = _Compiled({}, None)


class CompiledPrograms:
    """Of the programs that were called lately. run: makes a call in the sandbox."""

    def __init__(self, run: Callable[[SandboxCall], Awaitable[Outcome]]) -> None:
        self._run = run
        self._known: OrderedDict[bytes, asyncio.Task[_Compiled] | None] = OrderedDict()

    def complete(self, program: Program) -> Program:
        """The program with its compiled modules, where there are some by now.

        They are made in the background when it is called for the second time.
        """
        key = _key(program)
        is_new = key not in self._known
        making = self._known.setdefault(key, None)
        self._known.move_to_end(key)
        if is_new:
            self._forget_oldest()
        elif making is None:
            task = asyncio.create_task(self._compile(program), name="sandbox-compile")
            self._known[key] = task
        elif making.done() and not making.cancelled():
            made = making.result()
            files = {**program.files, **made.files}
            return replace(program, files=files, is_script=made.is_script)
        return program

    async def stop(self) -> None:
        """End what is being compiled."""
        tasks = {task for task in self._known.values() if task is not None}
        self._known.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _forget_oldest(self) -> None:
        if len(self._known) > MAX_PROGRAMS:
            _, making = self._known.popitem(last=False)
            if making is not None:
                making.cancel()

    async def _compile(self, program: Program) -> _Compiled:
        sources = {name: data for name, data in program.files.items() if name.endswith(".py")}
        if sum(map(len, sources.values())) > MAX_SOURCE_BYTES:
            return _NOTHING
        compiler = Program("compiler", {"controller.py": _COMPILER}, program.profile)
        encoded = {name: base64.b64encode(data).decode() for name, data in sources.items()}
        try:
            outcome = await self._run(SandboxCall(compiler, encoded, _OWNER, limits=_LIMITS))
        except PortalError:
            return _NOTHING
        return _NOTHING if outcome.failure else _read(outcome.result)


def _read(result: Any) -> _Compiled:
    files = {name: base64.b64decode(data) for name, data in result["files"].items()}
    return _Compiled(files, bool(result["is_script"]))


def _key(program: Program) -> bytes:
    digest = hashlib.sha256(repr((program.profile, sorted(program.files))).encode())
    for name in sorted(program.files):
        digest.update(hashlib.sha256(program.files[name]).digest())
    return digest.digest()
