"""Who is next: so many calls at once, the others wait in a queue of their owner's, served in turn."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiportal.errors import RateLimited

__all__ = ["Turns"]

_RETRY_S = 5.0


class Turns:
    """at_once: calls that run together. max_waiting: calls of one owner that may wait."""

    def __init__(self, *, at_once: int, max_waiting: int) -> None:
        self._free = at_once
        self._max_waiting = max_waiting
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def take(self, owner: str) -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises RateLimited where too many of the owner's wait already."""
        await self._enter(owner)
        try:
            yield
        finally:
            self._pass_on()

    async def _enter(self, owner: str) -> None:
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        own = self._waiting.setdefault(owner, deque())
        if len(own) >= self._max_waiting:
            raise RateLimited(
                f"{len(own)} of your tool calls are waiting already. Try again when they are done.",
                retry_after_s=_RETRY_S,
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        own.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it was our turn, and nobody takes it
            else:
                self._leave(owner, turn)
            raise

    def _leave(self, owner: str, turn: asyncio.Future[None]) -> None:
        own = self._waiting[owner]
        own.remove(turn)
        if not own:
            del self._waiting[owner]

    def _pass_on(self) -> None:
        while self._waiting:
            owner, own = next(iter(self._waiting.items()))
            turn = own.popleft()
            if own:
                self._waiting.move_to_end(owner)
            else:
                del self._waiting[owner]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
