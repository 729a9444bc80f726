"""One caller's way to one portal: opened at the first call, all of it on the background loop."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from aiportal.errors import Conflict
from aiportal.notebook.answer import Answer, AnswerBuilder
from aiportal.notebook.backend import Backend
from aiportal.notebook.display import Display, Painter
from aiportal.notebook.loop import BackgroundLoop
from aiportal.notebook.pieces import Notice, Piece

__all__ = ["Access"]

T = TypeVar("T")


class Access:
    """Shared by a portal and its conversations."""

    def __init__(self, backend: Backend, loop: BackgroundLoop) -> None:
        self.loop = loop
        self._backend = backend
        self._lock = asyncio.Lock()
        self._is_open = False
        self._is_closed = False

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait for it here; an interrupt cancels it."""
        return self.loop.run(coroutine)

    async def wrap(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Await it from the caller's loop."""
        return await self.loop.wrap(coroutine)

    async def backend(self) -> Backend:
        """The open backend. Raises Conflict after `close`."""
        async with self._lock:
            if self._is_closed:
                raise Conflict("This portal was closed. Make a new one to go on.")
            if not self._is_open:
                await self._backend.open()
                self._is_open = True
        return self._backend

    async def close(self) -> None:
        """Close the backend if it was opened. A second call does nothing."""
        async with self._lock:
            self._is_closed = True
            if self._is_open:
                self._is_open = False
                await self._backend.close()

    async def answer(self, pieces: AsyncGenerator[Piece, None], display: Display) -> Answer:
        """Read a call to its end, shown while it comes."""
        builder, painter = AnswerBuilder(), Painter(display)
        async with aclosing(pieces), painter.painting():
            async for piece in pieces:
                if builder.feed(piece):
                    painter.update(builder.text)
                elif isinstance(piece, Notice):
                    painter.update(piece.text)
        answer = builder.answer(shown_in=display.shown_in)
        await asyncio.to_thread(display.finish, answer)
        return answer
