"""Not too often and not too many at once, for each of many keys, such as hosts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiportal.errors import RateLimited

__all__ = ["Pace", "Schedule", "Tempo"]

_MAX_KEYS = 1_000


@dataclass(frozen=True, slots=True)
class Tempo:
    """interval_s: between two starts in the long run; `burst` may start without it after a rest.

    at_once: how many run at the same time. waiting: how many more wait for that.
    """

    interval_s: float = 0.5
    burst: int = 4
    at_once: int = 4
    waiting: int = 32


@dataclass(slots=True)
class Schedule:
    """When the next start may be: GCRA, the generic cell rate algorithm (ITU-T I.371).

    due_at: when it would be, were there no burst.
    """

    interval_s: float
    burst: int
    due_at: float = 0.0

    def book(self, now: float) -> float:
        """Take the next start; seconds until then."""
        due_at = max(self.due_at, now)
        self.due_at = due_at + self.interval_s
        return max(0.0, due_at - (self.burst - 1) * self.interval_s - now)

    async def wait(self) -> None:
        """Take the next start and sleep until then; it is given back if the sleep is cancelled."""
        interval_s = self.interval_s
        wait_s = self.book(asyncio.get_running_loop().time())
        try:
            await asyncio.sleep(wait_s)
        except asyncio.CancelledError:
            self.due_at -= interval_s
            raise


@dataclass(slots=True)
class _Lane:
    free: asyncio.Semaphore
    schedule: Schedule
    waiting: int = 0
    inside: int = 0


class Pace:
    """Keeps at most a thousand keys; those at rest are forgotten first."""

    def __init__(self, tempo: Tempo) -> None:
        self._tempo = tempo
        self._lanes: dict[str, _Lane] = {}

    def slow_down(self, key: str, interval_s: float) -> None:
        """At least so many seconds between two starts, as long as the key is remembered."""
        if interval_s > self._tempo.interval_s:
            schedule = self._lane(key).schedule
            schedule.interval_s, schedule.burst = interval_s, 1

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait for a turn of the key and hold it. Raises RateLimited where too many wait already."""
        lane = self._lane(key)
        if lane.waiting >= self._tempo.waiting:
            raise self._too_many(key, lane.waiting * lane.schedule.interval_s)
        lane.waiting += 1
        lane.inside += 1
        try:
            try:
                await lane.free.acquire()
            finally:
                lane.waiting -= 1
            try:
                await lane.schedule.wait()
                yield
            finally:
                lane.free.release()
        finally:
            lane.inside -= 1

    def _lane(self, key: str) -> _Lane:
        lane = self._lanes.get(key)
        if lane is None:
            if len(self._lanes) >= _MAX_KEYS:
                self._forget(key)
            schedule = Schedule(self._tempo.interval_s, self._tempo.burst)
            lane = _Lane(asyncio.Semaphore(self._tempo.at_once), schedule)
            self._lanes[key] = lane
        return lane

    def _forget(self, key: str) -> None:
        """Those at rest. Raises RateLimited where there are none."""
        now = asyncio.get_running_loop().time()
        at_rest = [
            k for k, lane in self._lanes.items() if not lane.inside and lane.schedule.due_at <= now
        ]
        if not at_rest:
            raise self._too_many(key, self._tempo.interval_s)
        for one in at_rest:
            del self._lanes[one]

    def _too_many(self, key: str, retry_after_s: float) -> RateLimited:
        return RateLimited(
            f"Too many calls wait for {key!r} already. Try again in a while.",
            retry_after_s=max(1.0, retry_after_s),
        )
