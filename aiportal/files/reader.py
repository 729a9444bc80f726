"""Reading files in processes of their own, some at a time, each bounded in time and memory."""

import asyncio
import json
import logging
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from aiportal.errors import InvalidRequest, ServiceUnavailable
from aiportal.files.facts import FileFacts
from aiportal.settings import child_environment

__all__ = ["FileReader"]

AT_ONCE: Final = 2  # each takes a core
MAX_WAITING: Final = 40  # of one owner
MAX_OWNERS: Final = 100  # at once
MAX_SECONDS: Final = 40
MEMORY_BYTES: Final = 1_500 * 1024 * 1024
MAX_NAME_SHOWN: Final = 80
PROGRAM: Final = "aiportal.files.program"
PLACE: Final = Path(__file__).parents[2]  # where `aiportal` is imported from

_log = logging.getLogger(__name__)


class FileReader:
    """Internal to whoever keeps files."""

    def __init__(self, *, max_seconds: int = MAX_SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._max_seconds = max_seconds
        self._memory_bytes = memory_bytes
        self._turnstile = asyncio.Semaphore(AT_ONCE)
        self._waiting: Counter[str] = Counter()
        self._locks: dict[str, asyncio.Lock] = {}

    async def read(self, source: Path, folder: Path, *, name: str, owner_id: str) -> FileFacts:
        """Read `source`, and put into `folder` what is kept of it: see `facts`.

        owner_id: of one owner one file is read at a time, so that nobody keeps others waiting.
        Raises InvalidRequest for what cannot be read, with the reason, and ServiceUnavailable
        while many are waiting.
        """
        if len(self._waiting) >= MAX_OWNERS or self._waiting[owner_id] >= MAX_WAITING:
            raise ServiceUnavailable("Many files are being read now. Try again in a minute.")
        lock = self._locks.setdefault(owner_id, asyncio.Lock())
        self._waiting[owner_id] += 1
        try:
            async with lock, self._turnstile:
                reply = await self._run(source, folder, name)
        finally:
            self._waiting[owner_id] -= 1
            if not self._waiting[owner_id]:
                del self._waiting[owner_id], self._locks[owner_id]
        if "facts" in reply:
            return FileFacts(**reply["facts"])
        raise _refused(name, str(reply["refused"]))

    async def _run(self, source: Path, folder: Path, name: str) -> dict[str, Any]:
        order = {
            "source": str(source),
            "folder": str(folder),
            "name": name,
            "seconds": self._max_seconds,
            "memory_bytes": self._memory_bytes,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            PROGRAM,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=child_environment() | {"PYTHONPATH": str(PLACE)},
        )
        try:
            async with asyncio.timeout(self._max_seconds):
                line = json.dumps(order).encode() + b"\n"
                output, complaints = await process.communicate(line)
        except TimeoutError:
            return {
                "refused": f"took longer than {self._max_seconds} s to read. Attach less of it."
            }
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        try:
            reply: dict[str, Any] = json.loads(output)
        except ValueError:
            _log.warning(
                "a file could not be read: status %s: %s",
                process.returncode,
                complaints[-2_000:].decode(errors="replace"),
            )
            return {"refused": "is damaged: what it holds cannot be read."}
        return reply


def _refused(name: str, reason: str) -> InvalidRequest:
    shown = name if len(name) <= MAX_NAME_SHOWN else f"{name[:MAX_NAME_SHOWN]}…"
    return InvalidRequest(f"The file {shown!r} {reason}", param="file", code="file_refused")
