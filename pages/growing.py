"""Answers that grow at once, at a pace that a browser can follow."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

from aiportal.events import Event, TurnStarted, UsageReported
from pages.pace import Pace
from pages.render import Answer

__all__ = ["Growing"]


class Growing:
    """answers: as far as they have come, by the names that the events carry."""

    def __init__(self, answers: Mapping[str, Answer], pace: Pace) -> None:
        self._answers = dict(answers)
        self._pace = pace
        self._grown: dict[str, None] = {}
        self._changed = asyncio.Event()
        self._may_read = asyncio.Event()
        self._may_read.set()

    async def snapshots(
        self, events: AsyncIterator[tuple[str, Event]]
    ) -> AsyncGenerator[tuple[str, Answer], None]:
        """Each answer that has grown, as far as it has come, until the events end.

        Raises what following them raises. Leaving stops the following and nothing else.
        """
        reading = asyncio.create_task(self._read(events))
        try:
            with self._pace.stream():
                while not reading.done() or self._grown:
                    await self._changed.wait()
                    self._changed.clear()
                    self._may_read.clear()
                    began = time.perf_counter()
                    grown, self._grown = self._grown, {}
                    for name in grown:
                        yield name, self._answers[name]
                    if not reading.done():
                        await self._pace.rest(time.perf_counter() - began)
                    self._may_read.set()
            await reading
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    async def _read(self, events: AsyncIterator[tuple[str, Event]]) -> None:
        try:
            async for name, event in events:
                # What comes meanwhile is then read as one, which costs a fraction of one by one.
                await self._may_read.wait()
                self._answers[name] = self._answers[name].after(event)
                if not isinstance(event, TurnStarted | UsageReported):  # they show nothing new
                    self._grown[name] = None
                    self._changed.set()
        finally:
            self._changed.set()
