"""The portal's end of a warm interpreter: it is started, given calls, and ended."""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import sysconfig
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from aiportal.errors import ToolUnavailable
from aiportal.sandbox.box.removal import remove_tree
from aiportal.sandbox.bytecode import compile_ahead
from aiportal.sandbox.call import Profile

__all__ = ["TierName", "Zygote", "ZygoteLost"]

TierName = Literal["namespaces", "landlock"]

_START_S = 60
_MAX_REPLY = 64 * 1024
_NOBODY = 65534
_CACHE = "/cache"  # in the zygote's own root
_LAUNCH: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from box.zygote import main; main(int(sys.argv[2]))"
)
# Nothing of the portal's own environment: libraries read these when they are imported.
_ENVIRONMENT: Final = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "HOME": ".",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",  # else each thread takes 64 MB of address space
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "NUMEXPR_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class ZygoteLost(Exception):
    """It has ended, or does not take calls any more."""


class Zygote:
    """One process of a profile. Made by `start`, ended by `stop`."""

    def __init__(
        self, process: asyncio.subprocess.Process, control: socket.socket, folder: str
    ) -> None:
        self._process = process
        self._control = control
        self._folder = folder

    @classmethod
    async def start(cls, profile: Profile, tier: TierName) -> "Zygote":
        """Start it and wait until its imports are done. Raises ToolUnavailable with the reason."""
        try:
            zygote = cls(*await _launched(profile, tier))
        except OSError as error:
            raise _not_started(profile, error) from error
        try:
            await zygote._greet(profile, tier)
        except BaseException:
            await zygote.stop()
            raise
        return zygote

    async def _greet(self, profile: Profile, tier: TierName) -> None:
        order = {
            "tier": tier,
            "uid": _NOBODY,
            "folder": self._folder,
            "preload": list(profile.preload),
            "packages": [] if profile.python else _own_packages(),
        }
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_START_S):
                await loop.sock_sendall(self._control, json.dumps(order).encode())
                reply = await loop.sock_recv(self._control, _MAX_REPLY)
        except (OSError, TimeoutError) as error:
            raise _not_started(profile, error) from error
        if fault := json.loads(reply or b'{"fault": "it ended at once"}').get("fault"):
            raise _not_started(profile, fault)

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    def connect(self) -> socket.socket:
        """A line to the supervisor of a new call. Raises ZygoteLost."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        with theirs:
            try:
                socket.send_fds(self._control, [b"call"], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise ZygoteLost(str(error)) from error
        return ours

    async def stop(self) -> None:
        """End it and all of its calls. Returns when it is gone, and its folder with it."""
        self._control.close()
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # no program can leave the group
        await self._process.wait()
        await asyncio.to_thread(remove_tree, self._folder)


async def _launched(
    profile: Profile, tier: TierName
) -> tuple[asyncio.subprocess.Process, socket.socket, str]:
    """The process, the line to it, its folder. Raises OSError, such as for an interpreter that is gone."""
    await compile_ahead(profile, _ENVIRONMENT)
    folder = _temporary_name()
    cache = _CACHE if tier == "namespaces" else f"{folder}/cache"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    try:
        process = await asyncio.create_subprocess_exec(
            *(str(profile.python or sys.executable), "-I", "-S", "-B", "-X", "utf8"),
            *("-c", _LAUNCH, str(Path(__file__).parent), str(theirs.fileno())),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**_ENVIRONMENT, "MPLCONFIGDIR": cache},
            cwd="/",
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours, folder


def _not_started(profile: Profile, reason: object) -> ToolUnavailable:
    return ToolUnavailable(f"The sandbox's interpreter {profile.name!r} did not start: {reason}.")


def _temporary_name() -> str:
    """Of the folder that a zygote makes for its calls in tier `landlock`."""
    return str(Path(tempfile.gettempdir()) / f"aiportal-box-{secrets.token_hex(8)}")


def _own_packages() -> list[str]:
    """Where this interpreter's packages are installed; a repository on its path is none of it."""
    found = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *sys.path]
    folders = [path for path in found if Path(path).name in {"site-packages", "dist-packages"}]
    return list(dict.fromkeys(folders))
