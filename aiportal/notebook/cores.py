"""The portals that run in this process: one for each data folder, however many callers it has."""

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from aiportal.errors import Conflict
from aiportal.notebook.loop import at_exit
from aiportal.portal import Portal
from aiportal.settings import Settings

__all__ = ["Cores", "process_cores"]


@dataclass
class _Open:
    portal: Portal
    stack: AsyncExitStack
    users: int


class Cores:
    """Opens a core at its first user and closes it after the last. Used on one loop only."""

    def __init__(self) -> None:
        self._open: dict[Path, _Open] = {}
        self._lock = asyncio.Lock()

    async def acquire(self, settings: Settings) -> Portal:
        """The core of the settings' data folder. To be released as often as it is acquired.

        Raises Conflict where this process has it open with other settings.
        """
        async with self._lock:
            found = self._open.get(settings.data_dir)
            if found is None:
                stack = AsyncExitStack()
                portal = await stack.enter_async_context(Portal.open(settings))
                found = self._open[settings.data_dir] = _Open(portal, stack, users=0)
            elif found.portal.settings != settings:
                raise Conflict(
                    "This process has the same data folder open with other settings. "
                    "Close that portal first, or use the same settings."
                )
            found.users += 1
            return found.portal

    async def release(self, settings: Settings) -> None:
        """Give one use back; the last one closes the core."""
        async with self._lock:
            found = self._open.get(settings.data_dir)
            if found is None:
                return
            found.users -= 1
            if found.users == 0:
                del self._open[settings.data_dir]
                await found.stack.aclose()

    async def close(self) -> None:
        """Close all that is still open: for the end of the process."""
        async with self._lock:
            while self._open:
                _, found = self._open.popitem()
                await found.stack.aclose()


def process_cores() -> Cores:
    """The cores of this process, on its background loop; a forked child has none of its parent's."""
    return _cores_of(os.getpid())


@lru_cache(maxsize=1)
def _cores_of(pid: int) -> Cores:  # noqa: ARG001 - the key of the cache
    cores = Cores()
    at_exit(cores.close)
    return cores
