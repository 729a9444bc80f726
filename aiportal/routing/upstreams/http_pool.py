"""POST over aiohttp's connection pool and parser, without its session.

A session looks after redirects, cookies, proxies and traces, which no provider's API needs, and costs as
much as all that the portal itself does for a small answer. What goes out instead is a head that was
written once for an address, and the body.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiportal.registry import Timeouts

__all__ = ["Address", "HttpAnswer", "HttpPool"]

MAX_CONNECTIONS = 4_000
KEEP_ALIVE_S = 30
PAUSABLE_S = 2.0  # several times as long as a pause, which `Completion.rest` ends
_ENDS_A_LINE = re.compile(r"[\r\n\0]")
_OF_THE_BODY = frozenset({"content-type", "content-length"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where to post, with which headers. To be kept: making one costs as much as a small call.

    target: what the pool finds a connection by. head: all of a request's head but what tells of its
    body.
    """

    target: aiohttp.ClientRequest
    head: bytes

    @classmethod
    def of(cls, url: URL, headers: Mapping[str, str]) -> "Address":
        """Raises ValueError for a header with a line break in it, aiohttp.InvalidURL."""
        target = aiohttp.ClientRequest(
            "POST",
            url,
            headers=CIMultiDict(headers),
            skip_auto_headers=("User-Agent", "Content-Type"),
            loop=asyncio.get_running_loop(),
        )
        fields = [pair for pair in target.headers.items() if pair[0].lower() not in _OF_THE_BODY]
        if any(_ENDS_A_LINE.search(text) for pair in fields for text in pair):
            raise ValueError("a header holds a line break")
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        return cls(target, f"POST {target.url.raw_path_qs} HTTP/1.1\r\n{lines}".encode())


class HttpPool:
    """Owns the connections to all providers. Use `open` to make one."""

    def __init__(self, connector: aiohttp.BaseConnector) -> None:
        self._connector = connector

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["HttpPool"]:
        """A pool whose connections close when the context is left."""
        async with aiohttp.TCPConnector(
            limit=MAX_CONNECTIONS, keepalive_timeout=KEEP_ALIVE_S
        ) as connector:
            yield cls(connector)

    async def post(
        self, address: Address, content: bytes, content_type: str, timeouts: Timeouts
    ) -> "HttpAnswer":
        """Send a request; returns with the head of the answer, which is then to be closed.

        Raises aiohttp.ClientError, TimeoutError, OSError.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeouts.total_s
        connecting = aiohttp.ClientTimeout(
            connect=timeouts.total_s, sock_connect=timeouts.connect_s
        )
        connection = await self._clean_connection(address, connecting)
        body_head = f"Content-Type: {content_type}\r\nContent-Length: {len(content)}\r\n\r\n"
        answer = HttpAnswer(connection, loop, deadline)
        try:
            await answer.begin((address.head + body_head.encode(), content), timeouts.first_byte_s)
        except HttpProcessingError as error:
            connection.close()
            raise aiohttp.ClientConnectionError("The answer is not HTTP.") from error
        except BaseException:
            connection.close()
            raise
        return answer

    async def _clean_connection(
        self, address: Address, connecting: aiohttp.ClientTimeout
    ) -> Connection:
        """A new one, or a kept one on which nothing has come since its last answer.

        Some servers say 408 on a silent connection before they close it; the pool would take that
        for the answer to the next request.
        """
        while True:
            connection = await self._connector.connect(address.target, [], connecting)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()


class HttpAnswer:
    """The answer to one request; its connection is the call's own until it is closed."""

    status: int
    headers: CIMultiDictProxy[str]
    _content: aiohttp.StreamReader

    def __init__(
        self, connection: Connection, loop: asyncio.AbstractEventLoop, deadline: float
    ) -> None:
        """deadline: when the whole must be over, by the loop's clock."""
        self._connection = connection
        self._loop = loop
        self._deadline = deadline
        self._is_paused = False

    async def begin(self, request: tuple[bytes, bytes], first_byte_s: float) -> None:
        """Send the request and wait for the head of its answer. For `HttpPool` alone."""
        protocol, transport = self._connection.protocol, self._connection.transport
        if protocol is None or transport is None:
            raise aiohttp.ServerDisconnectedError
        silence_s = min(first_byte_s, self._deadline - self._loop.time())
        protocol.set_response_params(read_until_eof=True, read_timeout=max(silence_s, 0.001))
        transport.writelines(request)
        protocol.start_timeout()
        message, self._content = await protocol.read()
        while message.code < HTTPStatus.OK and message.code != HTTPStatus.SWITCHING_PROTOCOLS:
            message, self._content = await protocol.read()
        self.status, self.headers = message.code, message.headers
        self._protocol, self._transport = protocol, transport

    def whole(self) -> bytes | None:
        """The body if all of it is here already, as that of a small answer is; else None."""
        return self._content.read_nowait(-1) if self._content.is_eof() else None

    async def piece(self, silence_s: float) -> bytes:
        """What comes next of the body, empty at its end.

        silence_s: how long nothing may come after it. Raises aiohttp.ClientError, TimeoutError, OSError.
        """
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        piece = await self._content.readany()
        left_s = self._deadline - self._loop.time()
        if left_s <= 0:
            raise TimeoutError
        self._protocol.read_timeout = min(silence_s, left_s)
        return piece

    def pause(self) -> None:
        """Take nothing more from the connection until the next piece is asked for.

        Not where that could be taken for the provider's silence, which goes on being measured.
        """
        can_wait = (self._protocol.read_timeout or 0.0) >= PAUSABLE_S
        if can_wait and not self._content.is_eof():
            self._is_paused = True
            self._transport.pause_reading()

    def close(self) -> None:
        """Keep the connection for another call if this one is through with it, else end it."""
        if self._transport.get_write_buffer_size() or not self._content.is_eof():
            self._connection.close()
        else:
            self._connection.release()
