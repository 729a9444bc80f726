"""The SDK's way to a server over HTTP: each of its requests goes through the safe fetcher."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

import httpx2

from aiportal.errors import PortalError
from aiportal.fetch import Exchange, Fetcher

__all__ = ["FetcherTransport"]

MAX_ANSWER_BYTES = 8 * 1024**2
_SENT = frozenset({"accept", "content-type", "last-event-id"})
_SENT_PREFIX = "mcp-"
_TAKEN = frozenset({"content-type", "location", "mcp-session-id", "retry-after"})


class FetcherTransport(httpx2.AsyncBaseTransport):
    """For one server. Nothing is read of the environment, no cookie kept, no compressed body taken.

    headers: of every request, secrets among them; they never leave the server's origin, since the
    SDK follows no redirect to another one. trouble: what the fetcher said last, empty after a success.
    """

    def __init__(self, fetcher: Fetcher, headers: Mapping[str, str], *, timeout_s: float) -> None:
        self._fetcher = fetcher
        self._headers = headers
        self._timeout_s = timeout_s
        self.trouble = ""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises httpx2.ConnectError with the fetcher's words.

        A standing stream for what the server has to say by itself is not opened: the list of its
        tools is asked for now and then instead.
        """
        if request.method == "GET" and "last-event-id" not in request.headers:
            return httpx2.Response(405, request=request)
        own = {
            name: value
            for name, value in request.headers.items()
            if name in _SENT or name.startswith(_SENT_PREFIX)
        }
        stack = AsyncExitStack()
        try:
            exchange = await stack.enter_async_context(
                self._fetcher.exchange(
                    request.method,
                    str(request.url),
                    headers={**own, **self._headers},
                    content=await request.aread() or None,
                    max_bytes=MAX_ANSWER_BYTES,
                    timeout_s=self._timeout_s,
                )
            )
        except PortalError as error:
            self.trouble = error.message
            raise httpx2.ConnectError(error.message, request=request) from error
        self.trouble = ""
        headers = {name: value for name, value in exchange.headers.items() if name in _TAKEN}
        body = _Body(exchange, stack, request)
        return httpx2.Response(exchange.status, headers=headers, stream=body, request=request)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, exchange: Exchange, stack: AsyncExitStack, request: httpx2.Request) -> None:
        self._exchange = exchange
        self._stack = stack
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._exchange.pieces:
                yield piece
        except PortalError as error:
            raise httpx2.ReadError(error.message, request=self._request) from error

    async def aclose(self) -> None:
        await self._stack.aclose()
