"""One turn of a stored conversation. It runs in the portal: leaving it is not enough to end it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, suppress
from typing import Any, Protocol

from aiportal.errors import PortalError
from aiportal.events import Event
from aiportal.notebook.pieces import Piece, read_events

__all__ = ["TurnCall", "follow"]


class TurnCall(Protocol):
    """A turn that was started."""

    def events(self) -> AsyncIterator[Event]:
        """From the first to TurnFinished."""

    async def cancel(self) -> None:
        """Break the answer off in the portal."""

    async def close(self) -> None:
        """Stop listening."""


async def follow(start: Coroutine[Any, Any, TurnCall]) -> AsyncGenerator[Piece, None]:
    """Start a turn and read it to its end; closing or cancelling this before cancels the turn."""
    call = await _started(start)
    has_ended = False
    try:
        async with aclosing(read_events(call.events())) as pieces:
            async for piece in pieces:
                yield piece
        has_ended = True
    finally:
        await asyncio.shield(_leave(call, is_early=not has_ended))


async def _started(start: Coroutine[Any, Any, TurnCall]) -> TurnCall:
    """Who is interrupted while the turn starts waits for its id, to take the question back."""
    starting = asyncio.ensure_future(start)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(PortalError):
            await _leave(await starting, is_early=True)
        raise


async def _leave(call: TurnCall, *, is_early: bool) -> None:
    try:
        if is_early:
            await call.cancel()
    finally:
        await call.close()
