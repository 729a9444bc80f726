"""uvicorn's HTTP protocol with bounds on the head of a request, which httptools does not set, and
with the head of an answer in one system call with the first piece of its body."""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aiportal.api.errors import error_body
from aiportal.errors import HeadersTooLarge, InvalidRequest, PortalError
from aiportal.ids import new_id

__all__ = ["BoundedHttpProtocol"]

# `SizeLimits` refuses a head over 64 KiB in good order; this is for one that does not end.
MAX_HEAD_BYTES = 256 * 1024
HEAD_S = 30  # how long a head that came in part may take to be whole
BODY_SILENCE_S = 30  # how long nothing may come of a body that is not whole


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose head is too large, or that is too slow to send a request.

    What is no HTTP gets an error of ours.
    """

    _head_bytes = 0
    _is_in_head = True
    _is_whole = False
    _deadline: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_whole or self.transport.is_closing():
            return
        if not self._is_in_head:
            self._forget_deadline()
            self._deadline = self.loop.call_later(BODY_SILENCE_S, self.transport.close)
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(
                HeadersTooLarge(f"The headers hold more than {MAX_HEAD_BYTES} bytes."),
                b"431 Request Header Fields Too Large",
            )
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_S, self.transport.close)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes, self._is_in_head, self._is_whole = 0, True, False

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._forget_deadline()
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # none is made for an upgrade
            self.cycle.transport = cast(asyncio.Transport, _JoinedHead(self.transport, self.loop))

    def on_message_complete(self) -> None:
        self._is_whole = True
        self._forget_deadline()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls for bytes that are no HTTP."""
        self._refuse(InvalidRequest(f"{msg} Send HTTP/1.1."), b"400 Bad Request")

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, error: PortalError, status: bytes) -> None:
        body = error_body(error)
        head = (
            b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"x-request-id: %s\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head % (status, len(body), new_id("req").encode()) + body)
        self.transport.close()


class _JoinedHead:
    """What of a transport uvicorn's cycle uses. Keeps the first write back for the second.

    At most until the next iteration of the event loop: a head with nothing to follow is not late.
    """

    __slots__ = ("_head", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        head = self._head
        if head is None:
            self._head = data
            self._loop.call_soon(self._flush)
        elif head:
            self._head = b""
            self._transport.writelines((head, data))
        else:
            self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        head, self._head = self._head, b""
        if head:
            self._transport.write(head)
