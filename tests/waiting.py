"""Waiting for something to become so."""

import asyncio
from collections.abc import Awaitable, Callable

__all__ = ["until"]

DEADLINE_S = 15  # on a busy machine; usually a fraction of a second


async def until(is_so: Callable[[], bool | Awaitable[bool]]) -> None:
    """Raises TimeoutError where it does not become so within seconds."""
    deadline = asyncio.get_running_loop().time() + DEADLINE_S
    while True:
        found = is_so()
        if found if isinstance(found, bool) else await found:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.01)
