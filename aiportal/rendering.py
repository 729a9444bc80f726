"""Documents are made one at a time, apart from all other work in threads: a hostile one takes seconds."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from aiportal.errors import ServiceUnavailable

__all__ = ["MAX_WAITING", "in_turn"]

MAX_WAITING: Final = 20

_P = ParamSpec("_P")
_R = TypeVar("_R")
_worker: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")
_places: Final = asyncio.Semaphore(MAX_WAITING)


async def in_turn(make: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """What `make` returns, called in the one thread for documents. Raises ServiceUnavailable where
    many are waiting."""
    if _places.locked():
        raise ServiceUnavailable(
            "Many chats are being made into documents. Try again in a moment.", code="busy"
        )
    async with _places:
        work = _worker.submit(make, *args, **kwargs)
        return await asyncio.wrap_future(work)
