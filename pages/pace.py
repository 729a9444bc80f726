"""How often growing answers are shown, and that what begins goes before them."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

__all__ = ["Pace"]

LEAST_S: Final = 0.1  # between two updates of a page: with more, the browser falls behind
UPDATES_PER_S: Final = 150  # of all pages together: more would keep the others waiting
SHOWING_SHARE: Final = (
    0.1  # of its time that a page may spend on showing: long ones update less often
)
WAITING_S: Final = 0.3  # that answers wait for what begins, however much of it there is


class Pace:
    """Shared by all pages of a process. The more of them follow an answer, the less often each is
    updated; and they are updated after what begins, such as a question on its way to its first
    words."""

    def __init__(self) -> None:
        self._streams = 0
        self._beginnings = 0
        self._busy_since_s = 0.0
        self._is_calm = asyncio.Event()
        self._is_calm.set()

    @contextmanager
    def stream(self) -> Iterator[None]:
        """A page follows an answer."""
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Somebody waits for what happens inside."""
        if not self._beginnings:
            self._is_calm.clear()
            self._busy_since_s = time.monotonic()
        self._beginnings += 1
        try:
            yield
        finally:
            self._beginnings -= 1
            if not self._beginnings:
                self._is_calm.set()

    def rest_s(self, spent_s: float) -> float:
        """Seconds between two updates of a page, of which the last has taken so many."""
        return max(LEAST_S, spent_s / SHOWING_SHARE, self._streams / UPDATES_PER_S)

    async def rest(self, spent_s: float) -> None:
        """Wait that long, and then for what begins; not where that has gone on for `WAITING_S`."""
        await asyncio.sleep(self.rest_s(spent_s))
        waiting_s = self._busy_since_s + WAITING_S - time.monotonic()
        if self._is_calm.is_set() or waiting_s <= 0:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(waiting_s):
                await self._is_calm.wait()
