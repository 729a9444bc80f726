"""The fake provider itself: one thread, one event loop, one port of loopback."""

import asyncio
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Self, cast

import httptools

from tests.upstreams.answers import Answer, Close, Hang, Head, Reset, Step, error, plain
from tests.upstreams.gate import Gate
from tests.upstreams.operations import USUAL
from tests.upstreams.received import Received

__all__ = ["Upstream"]

REASONS = {status.value: status.phrase for status in HTTPStatus}


class Upstream:
    """`with Upstream() as upstream:` listens on `upstream.url`. Safe to script from any thread.

    port: a free one where it is 0.
    """

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Received] = []
        self.connections = 0  # open now
        self.connections_made = 0  # ever
        self.host = "127.0.0.1"
        self.port = port
        self._answers: dict[str, deque[Answer]] = {}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="upstream", daemon=True)
        self._started = Gate()
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        """The `apiBase` of this provider."""
        return f"http://127.0.0.1:{self.port}/v1"

    def answer(self, model: str, *answers: Answer) -> None:
        """Set what the upstream model `model` says, call by call; the last answer stays."""
        with self._changed:
            self._answers[model] = deque(answers)

    def last(self) -> Received:
        """The newest request. Raises IndexError where there was none."""
        return self.requests[-1]

    def wait_for(self, count: int = 1, timeout_s: float = 5) -> Received:
        """Block until `count` requests have arrived; the newest of them. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self.requests)} of {count} requests arrived")
            return self.requests[count - 1]

    async def arrival(self, count: int = 1, timeout_s: float = 5) -> Received:
        """`wait_for` for a task."""
        return await asyncio.to_thread(self.wait_for, count, timeout_s)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error_: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def received(self, request: Received) -> Answer:
        """Note a request; how to answer it. Called by the connections."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            if request.path.endswith("/models"):
                return self._models()
            if request.path not in USUAL:
                return error(404, f"no such path {request.path!r}")
            answers = self._answers.get(request.model)
            if not answers:
                return USUAL[request.path]
            return answers.popleft() if len(answers) > 1 else answers[0]

    def _models(self) -> Answer:
        rows = [{"id": name, "object": "model"} for name in sorted({"fast", *self._answers})]
        return plain(json.dumps({"object": "list", "data": rows}).encode())

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await self._loop.create_server(lambda: _Connection(self), self.host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._started.open()
        await self._stop.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _Connection(asyncio.Protocol):
    """One client. Requests are answered one after the other, each by a task."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._transport: asyncio.Transport
        self._gone = asyncio.Event()
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = b""
        self._requests: list[Received] = []
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._upstream.connections += 1
        self._upstream.connections_made += 1

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._upstream.connections -= 1
        self._gone.set()
        for request in self._requests:
            request.closed.open()
        if self._task is not None:
            self._task.cancel()

    # httptools' callbacks
    def on_message_begin(self) -> None:
        self._url, self._headers, self._body = b"", {}, b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode()
        request = Received(method, self._url.decode(), self._headers, self._body)
        self._requests.append(request)
        steps = self._upstream.received(request)(request)
        self._task = asyncio.get_running_loop().create_task(self._answer(request, steps))

    async def _answer(self, request: Received, steps: Sequence[Step]) -> None:
        is_chunked = False
        for step in steps:
            match step:
                case Head():
                    is_chunked = step.length is None
                    self._transport.write(_head(step))
                case bytes():
                    framed = b"%x\r\n%s\r\n" % (len(step), step) if is_chunked else step
                    self._transport.write(framed)
                case Gate():
                    await step.arrival(None)
                case Hang():
                    await self._gone.wait()
                case Reset():
                    self._reset()
                    return
                case Close():
                    self._transport.close()
                    return
        if is_chunked:
            self._transport.write(b"0\r\n\r\n")
        request.answered.open()

    def _reset(self) -> None:
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


def _head(head: Head) -> bytes:
    reason = REASONS.get(head.status, "Unknown")
    lines = [f"HTTP/1.1 {head.status} {reason}", f"content-type: {head.content_type}"]
    if head.length is None:
        lines.append("transfer-encoding: chunked")
    else:
        lines.append(f"content-length: {head.length}")
    lines += [f"{name}: {value}" for name, value in head.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
