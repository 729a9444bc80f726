"""Several streams as one: what each brings, as soon as it comes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar

__all__ = ["merged"]

K = TypeVar("K")
T = TypeVar("T")
WAITING = 64  # items that nobody has taken yet: then the streams wait


async def merged(streams: Mapping[K, AsyncIterator[T]]) -> AsyncGenerator[tuple[K, T], None]:
    """Each item with the key of its stream; ends after the last stream, or with the first error.

    A reader that is slow holds the streams up. Leaving ends the tasks that read them.
    """
    waiting: asyncio.Queue[tuple[K, T]] = asyncio.Queue(WAITING)

    tasks = [asyncio.create_task(_pump(waiting, key, one)) for key, one in streams.items()]
    ended = asyncio.create_task(_all_read(tasks))
    try:
        while not ended.done() or not waiting.empty():
            taking = asyncio.create_task(waiting.get())
            both: tuple[asyncio.Future[Any], ...] = (taking, ended)
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not taking.done():
                taking.cancel()
            else:
                yield taking.result()
        await ended
    finally:
        ended.cancel()
        await asyncio.wait({ended})


async def _pump(waiting: asyncio.Queue[tuple[K, T]], key: K, stream: AsyncIterator[T]) -> None:
    async for item in stream:
        await waiting.put((key, item))


async def _all_read(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Return when all have ended; where one fails, or this is cancelled, the others end too."""
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
