"""Python environments of tools that bring a `requirements.txt`: built outside of any request."""

import asyncio
import hashlib
import logging
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock, Timeout

from aiportal.errors import ToolUnavailable
from aiportal.settings import child_environment
from aiportal.tools.tool import Tool

__all__ = ["Environments"]

FOLDER = "tool-environments"
BUILT = ".built"  # stands in an environment that is whole
BUILD_TIMEOUT_S = 1_800
LOOK_EVERY_S = 0.5  # whether another process has built it
MAX_OUTPUT_CHARS = 2_000
_log = logging.getLogger(__name__)


class Environments:
    """One environment for each text of requirements and version of Python.

    Between `open` and `close` those that are wanted are built one after the other, in a task.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER
        self._built: set[str] = set()
        self._failures: dict[str, str] = {}
        self._wanted: dict[str, Tool] = {}
        self._building: asyncio.Task[None] | None = None

    async def open(self, tools: Iterable[Tool]) -> None:
        """See what is there, and remove what none of these tools needs any more."""
        needed = {_key(tool) for tool in tools if tool.requirements is not None}
        self._built = await asyncio.to_thread(self._look, needed)

    async def look_again(self, tools: Iterable[Tool]) -> None:
        """Another process may have built one; and what has failed may be tried again."""
        self._failures.clear()
        self._built = await asyncio.to_thread(self._look, None)
        self.want(tools)

    async def close(self) -> None:
        """End what is being built; the next start begins it anew."""
        self._wanted.clear()
        if self._building is not None:
            self._building.cancel()
            await asyncio.wait([self._building])

    def want(self, tools: Iterable[Tool]) -> None:
        """Build what these tools need and do not have, in the background. Needs a running loop."""
        needed = {_key(tool): tool for tool in tools if tool.requirements is not None}
        self._failures = {key: why for key, why in self._failures.items() if key in needed}
        self._wanted = {
            key: tool
            for key, tool in needed.items()
            if key not in self._built and key not in self._failures
        }
        if self._wanted and (self._building is None or self._building.done()):
            self._building = asyncio.create_task(self._build_wanted(), name="tool-environments")

    def python_of(self, tool: Tool) -> Path | None:
        """The interpreter of the tool's environment, None where it has none of its own."""
        if tool.requirements is None:
            return None
        return _python(self._folder / _key(tool))

    def missing(self, tool: Tool) -> str:
        """Why the tool's environment cannot be used now, in words; nothing where it can."""
        key = _key(tool)
        if key in self._built:
            return ""
        if key in self._failures:
            return (
                "the libraries of its requirements.txt could not be installed; `aiportal tools"
                f" build {tool.id}` tries again and says why."
            )
        return (
            "the libraries of its requirements.txt are being installed. Try again in some minutes,"
            f" or run: aiportal tools build {tool.id}"
        )

    async def build(self, tool: Tool) -> Path:
        """Build the tool's environment if it is not there; its interpreter.

        Only ready-made wheels are taken, so that nobody's code runs outside of the sandbox.
        Raises ToolUnavailable with the end of what the installer said.
        """
        if tool.requirements is None:
            raise ToolUnavailable(
                f"The tool {tool.id!r} has no requirements.txt, so there is nothing to install. Call"
                " it as it is, or add one."
            )
        key = _key(tool)
        lock = await self._locked(key)
        try:
            await self._build(self._folder / key, tool.requirements)
        finally:
            await asyncio.to_thread(lock.release)
        self._built.add(key)
        self._failures.pop(key, None)
        return _python(self._folder / key)

    async def _locked(self, key: str) -> FileLock:
        """Held against other processes that build the same one, from whichever thread.

        No thread waits for it: the portal could not end before the other's build. Raises Timeout.
        """
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        lock = FileLock(self._folder / f".{key}.lock", timeout=0, thread_local=False)
        until = time.monotonic() + BUILD_TIMEOUT_S
        while True:
            try:
                await asyncio.to_thread(lock.acquire)
                return lock
            except Timeout:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(LOOK_EVERY_S)

    async def _build(self, folder: Path, requirements: str) -> None:
        if await asyncio.to_thread((folder / BUILT).is_file):
            return
        await asyncio.to_thread(_make_room, folder, requirements)
        for command in await asyncio.to_thread(_commands, folder, _python(folder)):
            await _run(command)
        await asyncio.to_thread((folder / BUILT).touch)

    async def _build_wanted(self) -> None:
        while self._wanted:
            key, tool = next(iter(self._wanted.items()))
            del self._wanted[key]
            try:
                await self.build(tool)
                _log.info("The environment of a tool is built", extra={"tool_id": tool.id})
            except (ToolUnavailable, OSError, Timeout) as error:
                self._failures[key] = str(error)
                about = {"tool_id": tool.id}
                _log.warning("The environment of a tool cannot be built: %s", error, extra=about)

    def _look(self, needed: set[str] | None) -> set[str]:
        """Those that are whole. needed: what stays, None for all."""
        if not self._folder.is_dir():
            return set()
        found = {one.name for one in self._folder.iterdir() if one.is_dir()}
        for name in found - needed if needed is not None else ():
            shutil.rmtree(self._folder / name, ignore_errors=True)
        return {name for name in found if (self._folder / name / BUILT).is_file()}


def _key(tool: Tool) -> str:
    """The same requirements and interpreter: the same environment."""
    about = f"{sys.version}\n{sys.prefix}\n{tool.requirements}"
    return hashlib.sha256(about.encode()).hexdigest()[:24]


def _make_room(folder: Path, requirements: str) -> None:
    """What a build that was broken off has left goes; the requirements are there to be read."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text(requirements)


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _commands(folder: Path, python: Path) -> Sequence[Sequence[str]]:
    """uv where it is installed, for it is quick; else venv, and the portal's pip or a new one."""
    listed = ["--only-binary", ":all:", "-r", str(folder / "requirements.txt")]
    uv = _uv()
    if uv:
        return (
            [*uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)],
            [*uv, "pip", "install", "--quiet", "--python", str(python), *listed],
        )
    install = ["install", "--quiet", "--no-input", "--disable-pip-version-check", *listed]
    venv = [sys.executable, "-m", "venv", str(folder)]
    if find_spec("pip") is not None:
        pip = [sys.executable, "-m", "pip", "--python", str(python)]
        return ([*venv, "--without-pip"], [*pip, *install])
    return (venv, [str(python), "-m", "pip", *install])


def _uv() -> Sequence[str]:
    """How it is called; nothing where it is not here."""
    if find_spec("uv") is not None:
        return (sys.executable, "-m", "uv")
    found = shutil.which("uv")
    return () if found is None else (found,)


async def _run(command: Sequence[str]) -> None:
    """Raises ToolUnavailable where it fails or takes too long; ends it when this is cancelled."""
    environment: Mapping[str, str] = child_environment()
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )
    try:
        async with asyncio.timeout(BUILD_TIMEOUT_S):
            output, _ = await process.communicate()
    except TimeoutError as error:
        raise ToolUnavailable(
            f"Installing took more than {BUILD_TIMEOUT_S} seconds and was ended. Try again, or ask for"
            " fewer libraries."
        ) from error
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode != 0:
        words = output.decode(errors="replace")[-MAX_OUTPUT_CHARS:].strip()
        raise ToolUnavailable(
            f"The libraries could not be installed: {words} See to requirements.txt."
        )
