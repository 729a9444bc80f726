"""Tells when something in a folder may have changed, whatever becomes of the folder meanwhile."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from watchfiles import awatch
from watchfiles._rust_notify import WatchfilesRustInternalError

__all__ = ["changes"]

QUIET_MS = 50  # a burst of changes is one, once this long nothing more has come,
BURST_MS = 300  # or at the latest after this
TICK_MS = 500  # how often to see whether the folder is still the one that is watched

_log = logging.getLogger(__name__)


async def changes(folder: Path) -> AsyncGenerator[None, None]:
    """Yields after each burst of changes, and once more when it is quiet, so that nothing half
    written is what was read last. Never ends; a folder that goes away is waited for.
    """
    watched = await asyncio.to_thread(_identity, folder)
    while True:
        if watched is None:
            await asyncio.sleep(TICK_MS / 1000)
        else:
            async with aclosing(_changes_while(folder, watched)) as found:
                async for _ in found:
                    yield
        watched = await asyncio.to_thread(_identity, folder)
        yield


async def _changes_while(folder: Path, watched: tuple[int, int]) -> AsyncGenerator[None, None]:
    """As `changes`, until the folder is another one than `watched`, or cannot be watched."""
    is_settled = False  # what changed before the watch began is not told of
    events = awatch(
        folder,
        watch_filter=None,
        step=QUIET_MS,
        debounce=BURST_MS,
        rust_timeout=TICK_MS,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    try:
        async with aclosing(events):
            async for changed in events:
                if changed or not is_settled:
                    yield
                is_settled = not changed
                if await asyncio.to_thread(_identity, folder) != watched:
                    return
    except (OSError, WatchfilesRustInternalError) as error:
        # Gone between two looks, or the system has no more watches: then it is looked at, again and again.
        _log.debug("The folder of the model config cannot be watched: %s", error)
        await asyncio.sleep(TICK_MS / 1000)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
