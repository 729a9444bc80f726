"""How often growing answers are shown, and that what begins goes before them."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["Pace"]

LEAST_S: Final = 0.1  # between two updates of a page: with more, the browser falls behind
UPDATES_PER_S: Final = 150  # of all pages together: more would keep the others waiting
SHOWING_SHARE: Final = (
    0.1  # of its time that a page may spend on showing: long ones update less often
)
BEGINNING_S: Final = 0.2  # that one beginning is waited for, at most
WAITING_S: Final = 0.5  # that an answer waits for beginnings, however many there are


class Pace:
    """Shared by all pages of a process. The more of them follow an answer, the less often each is
    updated; and while a question is on its way to its first words, none of the others is."""

    def __init__(self) -> None:
        self._streams = 0
        self._beginnings = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

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
        has_ended = False

        def end() -> None:
            nonlocal has_ended
            if not has_ended:
                has_ended = True
                self._beginnings -= 1
                self._go_on()

        self._beginnings += 1
        bound = asyncio.get_running_loop().call_later(BEGINNING_S, end)
        try:
            yield
        finally:
            bound.cancel()
            end()

    def rest_s(self, spent_s: float) -> float:
        """Seconds between two updates of a page, of which the last has taken so many."""
        return max(LEAST_S, spent_s / SHOWING_SHARE, self._streams / UPDATES_PER_S)

    async def rest(self, spent_s: float) -> None:
        """Wait that long, and then for what begins."""
        await asyncio.sleep(self.rest_s(spent_s))
        if not self._beginnings and not self._waiting:
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        await asyncio.wait({turn}, timeout=WAITING_S)
        turn.cancel()

    def _go_on(self) -> None:
        """One after the other, so that what begins meanwhile is noticed between two of them."""
        while self._waiting and not self._beginnings:
            turn = self._waiting.popleft()
            if not turn.done():  # its page may have been left
                turn.set_result(None)
                asyncio.get_running_loop().call_soon(self._go_on)
                return
