"""An answer as pieces of text, for `for` and `async for`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import TracebackType
from typing import Self

from aiportal.notebook.answer import Answer, AnswerBuilder
from aiportal.notebook.loop import BackgroundLoop, Pump
from aiportal.notebook.pieces import Piece

__all__ = ["TextStream"]


class TextStream:
    """Iterate it once, or leave it early (`break`, `close`, end of `with`): that stops the model.

    text: what has come so far.
    """

    def __init__(self, loop: BackgroundLoop, pieces: AsyncGenerator[Piece, None]) -> None:
        self._builder = AnswerBuilder()
        self._pump = Pump(loop, _texts(pieces, self._builder))

    @property
    def text(self) -> str:
        return self._builder.text

    @property
    def answer(self) -> Answer:
        """The whole answer. Raises UpstreamError before the stream has been read to its end."""
        return self._builder.answer()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        text = self._pump.read()
        if text is None:
            raise StopIteration
        return text

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        text = await self._pump.aread()
        if text is None:
            raise StopAsyncIteration
        return text

    def close(self) -> None:
        """Stop the model and wait until it has."""
        self._pump.close()

    async def aclose(self) -> None:
        """As `close`, for async callers."""
        await self._pump.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        self._pump.abandon()


async def _texts(
    pieces: AsyncGenerator[Piece, None], builder: AnswerBuilder
) -> AsyncGenerator[str, None]:
    """Knows nothing of the stream that it serves, which so ends with its last user."""
    builder.start()
    async with aclosing(pieces):
        async for piece in pieces:
            if text := builder.feed(piece):
                yield text
