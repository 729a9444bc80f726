"""One call of `POST /responses`: asked as a chat, answered as a response, kept for its owner."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiportal.dialects import tool_json
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.dialects.responses import Answer
from aiportal.dialects.sse import DONE
from aiportal.errors import Conflict, DatabaseUnavailable, InternalError, PortalError

__all__ = ["ResponseExchange", "RunningResponse"]


class RunningResponse:
    """A stream that its owner may break off from elsewhere.

    user_id: the owner. ended: set when nothing more comes, and it is stored if it is to be.
    """

    def __init__(self, user_id: str, answer: Answer) -> None:
        self.user_id = user_id
        self.answer = answer
        self.ended = asyncio.Event()
        self.is_cancelled = False
        self._waiting: asyncio.Timeout | None = None

    def cancel(self) -> None:
        """Break it off: at once if it waits for the model, else before the next piece."""
        self.is_cancelled = True
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def next(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        """The next block, None at the end. Raises Conflict once it is cancelled."""
        if self.is_cancelled:
            raise _cancelled()
        try:
            async with asyncio.timeout(None) as self._waiting:
                return await anext(chunks, None)
        except TimeoutError as error:
            if not self.is_cancelled:
                raise
            raise _cancelled() from error
        finally:
            self._waiting = None


def _cancelled() -> Conflict:
    return Conflict("The response was cancelled by its owner.", code="response_cancelled")


class ResponseExchange:
    """See `aiportal.dialects.exchange.Exchange`.

    save: keeps the response, given as its Response object; None where nothing is to be kept.
    table: of the streams that run, by the id of their response.
    """

    def __init__(
        self,
        request: ChatRequest,
        running: RunningResponse,
        *,
        save: Callable[[dict[str, Any]], Awaitable[None]] | None,
        table: dict[str, RunningResponse],
    ) -> None:
        self.request = request
        self._running = running
        self._answer = running.answer
        self._save = save
        self._table = table

    async def answer(self, body: bytes) -> bytes:
        self._answer.read(body)
        self._answer.finish()
        await self._keep()
        return tool_json.dumps(self._answer.resource())

    async def events(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self._table[self._answer.id] = self._running
        try:
            while (block := await self._running.next(chunks)) is not None:
                if events := self._answer.feed(block):
                    yield events
            last = self._answer.finish()
            await self._keep()
        except BaseException as error:
            await self._end_early(error)
            raise
        finally:
            self._table.pop(self._answer.id, None)
            self._running.ended.set()
        yield last + DONE

    def error_event(self, error: PortalError) -> bytes:
        return self._answer.error_events(error)

    async def _end_early(self, error: BaseException) -> None:
        """Left, cancelled or failed: what there is stays, if the caller has heard of it at all."""
        if isinstance(error, asyncio.CancelledError | GeneratorExit) or self._running.is_cancelled:
            self._answer.cancel()
        elif isinstance(error, PortalError):
            self._answer.fail(error)
        else:
            self._answer.fail(InternalError("The portal failed."))
        if self._answer.has_begun:
            with suppress(DatabaseUnavailable):
                await self._keep()

    async def _keep(self) -> None:
        if self._save is not None:
            await self._save(self._answer.resource())
