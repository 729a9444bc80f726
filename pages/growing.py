"""Several answers that grow at once, at a pace that a browser can follow."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

from aiportal.events import Event
from pages.pace import Pace
from pages.render import Answer

__all__ = ["Growing"]


class Growing:
    """answers: as far as they have come, by the names that the events carry."""

    def __init__(self, answers: Mapping[str, Answer], pace: Pace) -> None:
        self._answers = dict(answers)
        self._pace = pace
        self._changed = asyncio.Event()

    async def snapshots(
        self, events: AsyncIterator[tuple[str, Event]]
    ) -> AsyncGenerator[Mapping[str, Answer], None]:
        """All answers whenever one has grown, until the events end.

        Raises what following them raises. Leaving stops the following and nothing else.
        """
        reading = asyncio.create_task(self._read(events))
        try:
            with self._pace.stream():
                while not reading.done():
                    await self._changed.wait()
                    self._changed.clear()
                    began = time.perf_counter()
                    yield dict(self._answers)
                    await self._pace.rest(time.perf_counter() - began)
            await reading
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    async def _read(self, events: AsyncIterator[tuple[str, Event]]) -> None:
        try:
            async for name, event in events:
                self._answers[name] = self._answers[name].after(event)
                self._changed.set()
        finally:
            self._changed.set()
