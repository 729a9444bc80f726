"""Answers that take time: the only SSE response, and what happens when the caller leaves."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Self

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from aiportal.api.errors import internal_error
from aiportal.dialects.exchange import openai_error_event
from aiportal.dialects.sse import KEEP_ALIVE
from aiportal.errors import PortalError

__all__ = [
    "KEEP_ALIVE_S",
    "Caller",
    "EventStream",
    "Stragglers",
    "send_events",
]

KEEP_ALIVE_S = 15.0
WATCH_AFTER_S = 0.05
_log = logging.getLogger(__name__)
_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
}


class Stragglers:
    """The calls that are not answered within `WATCH_AFTER_S` to twice as long get a watch.

    Most answers are there before a task that watches for a departure would be worth its cost, and
    one timer for all costs less than one for each. It holds the calls that are open, no more.
    """

    def __init__(self) -> None:
        self._new: set[Caller] = set()
        self._older: set[Caller] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, caller: "Caller") -> None:
        self._new.add(caller)
        if self._timer is None:
            self._start_timer()

    def discard(self, caller: "Caller") -> None:
        self._new.discard(caller)
        self._older.discard(caller)

    def _start_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_S, self._sweep)

    def _sweep(self) -> None:
        for caller in self._older:
            caller.start_watching()
        self._older, self._new, self._timer = self._new, set(), None
        if self._older:
            self._start_timer()


class Caller:
    """Cancels what runs inside it when the caller hangs up, and fills silence with keep-alives.

    To be entered after the request's body has been read. A departure ends the block quietly.
    """

    def __init__(
        self,
        receive: Receive,
        send: Send,
        stragglers: Stragglers,
        *,
        keep_alive_s: float = KEEP_ALIVE_S,
    ) -> None:
        self._receive = receive
        self._send = send
        self._stragglers = stragglers
        self._keep_alive_s = keep_alive_s
        self._is_streaming = False
        self._last_sent = 0.0
        self._has_left = False
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("Caller needs a running task")
        self._task = task
        self._stragglers.add(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._stragglers.discard(self)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None  # its CancelledError leads back here, a cycle for the collector
        if self._has_left:
            self._task.uncancel()
            return isinstance(error, asyncio.CancelledError)
        return False

    async def answer(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a whole JSON answer."""
        head = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": head})
        await self._send({"type": "http.response.body", "body": body})

    async def start(self, headers: Mapping[str, str]) -> None:
        """Send the head of an event stream; from here on silence is filled."""
        head = [(name.encode(), value.encode()) for name, value in {**_HEADERS, **headers}.items()]
        await self._send({"type": "http.response.start", "status": 200, "headers": head})
        self._is_streaming = True
        self._last_sent = time.monotonic()

    async def write(self, piece: bytes, *, is_last: bool = False) -> None:
        """Send a piece of the body, made of whole events."""
        self._last_sent = time.monotonic()
        if is_last:
            self._is_streaming = False
        await self._send({"type": "http.response.body", "body": piece, "more_body": not is_last})

    def start_watching(self) -> None:
        """From now on a departure is noticed. Called once, by `Stragglers`."""
        self._watch = asyncio.create_task(self._watch_for_departure())

    async def _watch_for_departure(self) -> None:
        pause_s = self._keep_alive_s
        while True:
            try:
                async with asyncio.timeout(pause_s):
                    message = await self._receive()
            except TimeoutError:
                pause_s = await self._keep_alive()
                continue
            if message["type"] == "http.disconnect":
                self._has_left = True
                self._task.cancel()
                return

    async def _keep_alive(self) -> float:
        """Fill the silence if it has lasted long enough; seconds until the next look."""
        silent_s = time.monotonic() - self._last_sent
        if not self._is_streaming or silent_s < self._keep_alive_s:
            return max(self._keep_alive_s - silent_s, self._keep_alive_s / 10)
        await self._send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})
        self._last_sent = time.monotonic()
        return self._keep_alive_s


async def send_events(
    caller: Caller,
    events: AsyncIterator[bytes],
    headers: Mapping[str, str],
    *,
    first: bytes = b"",
    error_event: Callable[[PortalError], bytes] = openai_error_event,
) -> PortalError | None:
    """Stream events; an error after the first byte becomes one error event, and the stream ends.

    Returns that error.

    first: what was taken from `events` already, to see that they begin at all.
    error_event: how the caller's dialect writes an error into a stream.
    """
    await caller.start(headers)
    failure: PortalError | None = None
    try:
        if first:
            await caller.write(first)
        async for piece in events:
            await caller.write(piece)
    except PortalError as error:
        failure = error
    except Exception as error:
        failure = internal_error(error)
    if failure is not None:
        await caller.write(error_event(failure))
    await caller.write(b"", is_last=True)
    return failure


class EventStream(Response):
    """A route's answer as server-sent events. `events` are encoded ones, `[DONE]` included if due."""

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncIterator[bytes],
        status_code: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        keep_alive_s: float = KEEP_ALIVE_S,
    ) -> None:
        super().__init__(status_code=status_code, headers=headers)
        self._events = events
        self._own_headers = dict(headers or {})
        self._keep_alive_s = keep_alive_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's
        stragglers = Stragglers()
        async with Caller(receive, send, stragglers, keep_alive_s=self._keep_alive_s) as caller:
            await send_events(caller, self._events, self._own_headers)
