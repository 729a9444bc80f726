"""Work that comes round by itself: something is swept or emptied every so often."""

import asyncio
import logging
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from aiportal.errors import DatabaseUnavailable

__all__ = ["Upkeep"]

RETRY_AFTER_S = 600

logger = logging.getLogger(__name__)


class Upkeep(ABC):
    """An async context manager: while it is open a task of its own tidies up, at the start and every
    `every_s` seconds; sooner again where the database or the disk refuses."""

    def __init__(self, name: str, *, every_s: float) -> None:
        self._name = name
        self._every_s = every_s

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._go_round(), name=self._name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    @abstractmethod
    async def _tidy(self) -> None: ...

    async def _go_round(self) -> None:
        while True:
            try:
                await self._tidy()
                wait_s = self._every_s
            except (DatabaseUnavailable, OSError) as error:
                logger.warning("%s: not tidied yet: %s", self._name, error)
                wait_s = min(self._every_s, RETRY_AFTER_S)
            await asyncio.sleep(wait_s)
