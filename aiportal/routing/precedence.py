"""What begins goes before what goes on: of that, nobody notices a pause."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

__all__ = ["Precedence"]

WAITING_S: Final = 0.3  # that an answer waits for what begins, however much of it there is
LINGER_S: Final = 0.02  # after what has begun: a page then calls for the next step
STEPS_PER_S: Final = 600  # of all answers that grow: more of them take larger steps
LOOKS: Final = 4  # of the event loop at its sockets until a call that has come is a beginning


class Precedence:
    """Shared by a process. Answers that grow wait for what somebody has just asked for, such as a
    question on its way to its first words."""

    def __init__(self) -> None:
        self._beginnings = 0
        self._busy_since_s = 0.0
        self._calming: asyncio.TimerHandle | None = None
        self._is_calm = asyncio.Event()
        self._is_calm.set()
        self._in_turn = asyncio.Lock()
        self._resting = 0

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Somebody waits for what happens inside."""
        if self._is_calm.is_set():
            self._is_calm.clear()
            self._busy_since_s = time.monotonic()
        if self._calming is not None:
            self._calming.cancel()
        self._beginnings += 1
        loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            self._beginnings -= 1
            if not self._beginnings:
                self._calming = loop.call_later(LINGER_S, self._is_calm.set)

    async def rest(self, seconds: float) -> None:
        """Wait that long, or longer where many do (`STEPS_PER_S`), and then, `WAITING_S` at most, for
        what begins, where that has not gone on for so long already, and for one's turn.

        Those who wait go on one after the other: what begins then finds one before it, not all.
        """
        self._resting += 1
        try:
            await asyncio.sleep(max(seconds, self._resting / STEPS_PER_S))
            with suppress(TimeoutError):
                async with asyncio.timeout(WAITING_S), self._in_turn:
                    await self._until_calm()
        finally:
            self._resting -= 1

    async def _until_calm(self) -> None:
        """Return when nothing begins, nor has come meanwhile that the loop has not seen yet."""
        while time.monotonic() < self._busy_since_s + WAITING_S or self._is_calm.is_set():
            await self._is_calm.wait()
            for _ in range(LOOKS):
                await asyncio.sleep(0)
            if self._is_calm.is_set():
                return
