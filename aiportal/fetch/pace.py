"""Not too often and not too many at once, for each of many keys, such as hosts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiportal.errors import RateLimited

__all__ = ["Pace", "Tempo"]

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
class _Lane:
    """due_at: when the next start would be, were there no burst (RFC 4115's way: GCRA)."""

    free: asyncio.Semaphore
    interval_s: float
    due_at: float = 0.0
    waiting: int = field(default=0)
    inside: int = field(default=0)


class Pace:
    """Keeps at most a thousand keys; those at rest are forgotten first."""

    def __init__(self, tempo: Tempo) -> None:
        self._tempo = tempo
        self._lanes: dict[str, _Lane] = {}

    def slow_down(self, key: str, interval_s: float) -> None:
        """At least so many seconds between two starts, as long as the key is remembered."""
        lane = self._lane(key)
        lane.interval_s = max(interval_s, self._tempo.interval_s)

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait for a turn of the key and hold it. Raises RateLimited where too many wait already."""
        lane = self._lane(key)
        if lane.waiting >= self._tempo.waiting:
            raise self._too_many(key, lane.waiting * lane.interval_s)
        lane.waiting += 1
        lane.inside += 1
        try:
            try:
                await lane.free.acquire()
            finally:
                lane.waiting -= 1
            try:
                await self._wait(lane)
                yield
            finally:
                lane.free.release()
        finally:
            lane.inside -= 1

    async def _wait(self, lane: _Lane) -> None:
        now = asyncio.get_running_loop().time()
        due_at = max(lane.due_at, now)
        lane.due_at = due_at + lane.interval_s
        early_s = (self._tempo.burst - 1) * self._tempo.interval_s
        await asyncio.sleep(max(0.0, due_at - early_s - now))

    def _lane(self, key: str) -> _Lane:
        lane = self._lanes.get(key)
        if lane is None:
            if len(self._lanes) >= _MAX_KEYS:
                self._forget(key)
            lane = _Lane(asyncio.Semaphore(self._tempo.at_once), self._tempo.interval_s)
            self._lanes[key] = lane
        return lane

    def _forget(self, key: str) -> None:
        """Those at rest. Raises RateLimited where there are none."""
        now = asyncio.get_running_loop().time()
        at_rest = [k for k, lane in self._lanes.items() if not lane.inside and lane.due_at <= now]
        if not at_rest:
            raise self._too_many(key, self._tempo.interval_s)
        for one in at_rest:
            del self._lanes[one]

    def _too_many(self, key: str, retry_after_s: float) -> RateLimited:
        return RateLimited(
            f"Too many calls wait for {key!r} already. Try again in a while.",
            retry_after_s=max(1.0, retry_after_s),
        )
