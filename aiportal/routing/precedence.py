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
        what begins, where that has not gone on for so long already.

        Those who wait go on one after the other: what begins then finds one before it, not all. Who
        has waited `WAITING_S` for a turn takes it within one round of the loop.
        """
        self._resting += 1
        try:
            await asyncio.sleep(max(seconds, self._resting / STEPS_PER_S))
            until_s = time.monotonic() + WAITING_S
            async with self._in_turn:
                await self._until_calm(until_s)
        finally:
            self._resting -= 1

    async def _until_calm(self, until_s: float) -> None:
        """Return when nothing begins, nor has come meanwhile that the loop has not seen yet, or when
        the time is up."""
        while True:
            left_s = min(until_s, self._busy_since_s + WAITING_S) - time.monotonic()
            if not self._is_calm.is_set():
                if left_s <= 0:
                    break
                with suppress(TimeoutError):
                    async with asyncio.timeout(left_s):
                        await self._is_calm.wait()
            if time.monotonic() >= until_s:
                break
            for _ in range(LOOKS):
                await asyncio.sleep(0)
            if self._is_calm.is_set():
                return
        await asyncio.sleep(0)  # many may be late at once
