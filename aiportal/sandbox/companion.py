"""The portal's end of a companion: a program that stays, which an administrator has named.

It is not model-written code and cannot live in the box of a call: it forks, starts programs and may
be let on the network. What it has instead is told in docs/tools.md.
"""

import asyncio
import json
import secrets
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiportal.errors import ToolUnavailable

__all__ = ["Companion", "CompanionOrder"]

_NOBODY = 65534
_STOP_S = 8.0
_MAX_LINE_BYTES = 4 * 1024**2
_STDERR_BYTES = 4 * 1024  # the last of it are kept
_LAUNCH: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from box.companion import main; main(int(sys.argv[2]))"
)
_ENVIRONMENT: Final = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True, slots=True)
class CompanionOrder:
    """environment: all that it gets beside a plain PATH, HOME and LANG. folders: that it may read and
    start programs from beside the system's. network: whether it may open connections."""

    command: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folders: Sequence[str]
    network: bool


class Companion:
    """One that runs. Made by `start`, ended by `stop`; it ends with the portal, however that ends."""

    def __init__(self, process: asyncio.subprocess.Process, leash: socket.socket) -> None:
        self._process = process
        self._leash = leash
        self._said = bytearray()
        self._listening = asyncio.create_task(self._listen(), name="companion-stderr")

    @classmethod
    async def start(cls, order: CompanionOrder) -> "Companion":
        """Raises ToolUnavailable where it cannot be kept in, which is nowhere but on Linux."""
        if not sys.platform.startswith("linux"):
            raise ToolUnavailable("a program of the machine can only be kept in on Linux.")
        folder = await asyncio.to_thread(_temporary_name)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _LAUNCH),
                *(str(Path(__file__).parent), str(theirs.fileno())),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_MAX_LINE_BYTES,
                env={"LANG": "C.UTF-8"},
                cwd="/",
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        companion = cls(process, ours)
        try:
            words = {
                "uid": _NOBODY,
                "folder": folder,
                "command": order.command,
                "args": list(order.arguments),
                "env": {**_ENVIRONMENT, "HOME": folder, "TMPDIR": folder, **order.environment},
                "folders": list(order.folders),
                "network": order.network,
            }
            text = json.dumps(words).encode() + b"\n"
            await asyncio.get_running_loop().sock_sendall(ours, text)
        except BaseException:
            await companion.stop()
            raise
        return companion

    async def read_line(self) -> bytes:
        """Of its output; empty at its end. Raises ValueError for a line that is too long."""
        if self._process.stdout is None:
            return b""
        return await self._process.stdout.readline()

    async def write(self, data: bytes) -> None:
        """To its input, as fast as it reads. Raises OSError where it has ended."""
        if self._process.stdin is None:
            raise BrokenPipeError
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    async def trouble(self) -> str:
        """Why it could not be started, in words; empty where it could."""
        try:
            async with asyncio.timeout(1):
                text = await asyncio.get_running_loop().sock_recv(self._leash, 4096)
            found = json.loads(text.splitlines()[0]) if text else {}
        except (OSError, TimeoutError, ValueError, IndexError):
            return ""
        return str(found.get("fault", "")) if isinstance(found, dict) else ""

    @property
    def said(self) -> str:
        """The last that it wrote to its standard error."""
        return self._said.decode(errors="replace")

    async def stop(self) -> None:
        """End it and all that it has started; returns when they are gone."""
        self._leash.close()
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_S):
                await self._drain()
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._listening.cancel()
        await asyncio.wait([self._listening])

    async def _drain(self) -> None:
        """Pass over what nobody has read: a pipe is closed at its end, no sooner."""
        while self._process.stdout is not None and await self._process.stdout.read(64 * 1024):
            pass

    async def _listen(self) -> None:
        stream = self._process.stderr
        while stream is not None and (piece := await stream.read(64 * 1024)):
            self._said += piece
            del self._said[:-_STDERR_BYTES]


def _temporary_name() -> str:
    """Of the folder that the companion's keeper makes for it, and takes away."""
    return str(Path(tempfile.gettempdir()) / f"aiportal-companion-{secrets.token_hex(8)}")
