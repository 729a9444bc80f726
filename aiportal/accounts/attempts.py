"""How often sign-in failed of late, by account and by address.

A plain window counter would let guesses through side by side, because checking a password takes
long: all of them would look before one had counted. So tries run one after the other, which also
bounds what sign-in can take of the machine.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiportal.errors import RateLimited

__all__ = ["Attempts", "Outcome"]

MAX_FAILURES = 5
WINDOW_S = 900.0
MAX_SUBJECTS = 20_000  # remembered at once; the longest quiet is forgotten first
MAX_WAITING = 64


@dataclass(frozen=True, slots=True)
class Outcome:
    """tries_left: how many more failures until sign-in pauses."""

    is_right: bool
    tries_left: int


class Attempts:
    """Counts failures per subject in a moving window, in memory.

    clock: seconds on a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, tuple[float, ...]] = {}
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def guard(
        self, subjects: tuple[str, ...], check: Callable[[], Awaitable[bool]]
    ) -> Outcome:
        """Run `check` unless a subject failed five times in 15 minutes; a failure counts for all.

        Raises RateLimited then, whatever the check would say, and where too many wait their turn.
        """
        self._refuse_exhausted(subjects)
        if self._waiting >= MAX_WAITING:
            raise RateLimited("Too many people sign in just now. Try again.", retry_after_s=2)
        self._waiting += 1
        try:
            async with self._turn:
                self._refuse_exhausted(subjects)
                is_right = await check()
                if not is_right:
                    self._count(subjects)
        finally:
            self._waiting -= 1
        return Outcome(is_right, min(MAX_FAILURES - len(self._recent(s)) for s in subjects))

    def forgive(self, subject: str) -> None:
        """Forget the failures of a subject, because it has just succeeded."""
        self._failures.pop(subject, None)

    def _refuse_exhausted(self, subjects: tuple[str, ...]) -> None:
        waits = [
            recent[0] + WINDOW_S - self._clock()
            for recent in map(self._recent, subjects)
            if len(recent) >= MAX_FAILURES
        ]
        if waits:
            minutes = math.ceil(max(waits) / 60)
            raise RateLimited(
                f"Sign-in pauses after {MAX_FAILURES} failures. "
                f"Try again in {minutes} {'minute' if minutes == 1 else 'minutes'}.",
                retry_after_s=max(waits),
                code="too_many_failures",
            )

    def _recent(self, subject: str) -> tuple[float, ...]:
        since = self._clock() - WINDOW_S
        return tuple(moment for moment in self._failures.get(subject, ()) if moment > since)

    def _count(self, subjects: tuple[str, ...]) -> None:
        for subject in subjects:
            recent = self._recent(subject)
            self._failures.pop(subject, None)  # to the end of the order
            self._failures[subject] = (*recent, self._clock())
        while len(self._failures) > MAX_SUBJECTS:
            del self._failures[next(iter(self._failures))]
