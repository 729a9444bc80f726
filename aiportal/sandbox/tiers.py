"""Which tier is in force: each is tried out by a program that does its best to get out."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from aiportal.errors import ToolUnavailable
from aiportal.sandbox.call import CallLimits, Outcome, Program, SandboxCall
from aiportal.sandbox.conversation import Conversation, ConversationLost
from aiportal.sandbox.outcomes import outcome_of
from aiportal.sandbox.profiles import BARE
from aiportal.sandbox.zygote import TierName, Zygote

__all__ = ["SandboxMode", "Tier", "find_tier"]

SandboxMode = Literal["auto", "namespaces", "landlock", "off"]

_WORDS: Final = {
    "namespaces": "Allow unprivileged user namespaces, or run the container with a profile that does.",
    "landlock": "It needs Linux 6.7 or newer with Landlock switched on (`lsm=landlock,…`).",
}
_ESCAPES: Final = b"""
import ctypes, os, socket
def run(plants):
    found = []
    def attempt(name, action):
        try:
            action()
            found.append(name)
        except (OSError, RuntimeError):
            pass
    attempt("opened a file of the machine", lambda: open(plants["file"]).read())
    attempt("listed a folder of the machine", lambda: os.listdir(os.path.dirname(plants["file"])))
    attempt("connected to a port", lambda: socket.create_connection(("127.0.0.1", plants["port"])))
    attempt("signalled a process", lambda: os.kill(plants["process"], 0))
    attempt("forked", lambda: os.fork() or os._exit(0))
    attempt("started a program", lambda: os.execv(plants["program"], ["x", "-c", ""]))
    attempt("is root", lambda: None if os.getuid() == 0 else os.kill(plants["process"], 0))
    open("honest.txt", "w").write("work")
    return found
"""


@dataclass(frozen=True, slots=True)
class Tier:
    """name: the tier in force, None where no program is run at all.

    reasons: why a stronger one is not in force and what would help, a sentence or two each.
    """

    name: TierName | None
    reasons: tuple[str, ...] = ()


async def find_tier(mode: SandboxMode) -> tuple[Tier, Zygote | None]:
    """The strongest tier that holds, and a zygote of the bare profile that has shown it."""
    if mode == "off":
        return Tier(None, ("It is switched off: AIPORTAL_SANDBOX=off.",)), None
    if not sys.platform.startswith("linux"):
        reason = (
            "The sandbox needs Linux. Run the portal in a Linux container, with Docker for one."
        )
        return Tier(None, (reason,)), None
    candidates: tuple[TierName, ...] = ("namespaces", "landlock") if mode == "auto" else (mode,)
    reasons: list[str] = []
    for name in candidates:
        try:
            zygote = await Zygote.start(BARE, name)
        except ToolUnavailable as error:
            reasons.append(f"Tier {name!r}: {error.message} {_WORDS[name]}")
            continue
        try:
            fault = await _fault(zygote)
        except BaseException:
            await zygote.stop()
            raise
        if not fault:
            return Tier(name, tuple(reasons)), zygote
        await zygote.stop()
        reasons.append(f"Tier {name!r} does not hold: the self-test {fault}.")
    return Tier(None, tuple(reasons)), None


async def _fault(zygote: Zygote) -> str | None:
    """What a program in the sandbox was able to do, in words; None where it holds."""
    try:
        async with _plants() as plants:
            outcome = await _try_to_escape(zygote, plants)
    except (ConversationLost, OSError) as error:
        return f"could not be run: {error}"
    if outcome.failure is not None:
        return f"failed: {outcome.failure.message}"
    if outcome.result:
        return f"{', '.join(map(str, outcome.result))}"
    return None if outcome.artifacts else "got no file back"


@asynccontextmanager
async def _plants() -> AsyncIterator[Mapping[str, Any]]:
    """What is there to be reached, until the context is left. Raises OSError."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    try:
        folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="aiportal-self-test-")
        try:
            plants = {
                "file": str(await asyncio.to_thread(_planted, Path(folder.name))),
                "port": server.sockets[0].getsockname()[1],
                "process": os.getpid(),
                "program": sys.executable,
            }
            yield MappingProxyType(plants)
        finally:
            await asyncio.to_thread(folder.cleanup)
    finally:
        server.close()


def _planted(folder: Path) -> Path:
    folder.chmod(0o755)
    file = folder / "planted"
    file.write_text("nobody in the sandbox may read this")
    file.chmod(0o644)
    return file


async def _try_to_escape(zygote: Zygote, plants: Mapping[str, Any]) -> Outcome:
    program = Program("self-test", {"controller.py": _ESCAPES}, BARE)
    call = SandboxCall(program, dict(plants), "self-test", limits=CallLimits(wall_s=10))
    conversation = await Conversation.begin(zygote)
    try:
        return outcome_of(*await conversation.call(call))
    finally:
        conversation.hang_up()
