"""A load generator that costs far less than what it loads: raw bytes over asyncio protocols."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import orjson

__all__ = ["Caller", "Load", "LoadError", "Target", "run_load"]

HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"


class LoadError(Exception):
    """The server under load answered wrongly or hung up."""


@dataclass(frozen=True)
class Target:
    """One request to be repeated: where, and its bytes."""

    host: str
    port: int
    request: bytes

    @classmethod
    def post(cls, url: str, body: object, headers: Mapping[str, str] | None = None) -> "Target":
        parts = urlsplit(url)
        content = orjson.dumps(body)
        fields: dict[str, str] = {
            "host": f"{parts.hostname}:{parts.port}",
            "content-type": "application/json",
            "content-length": str(len(content)),
        } | dict(headers or {})
        lines = [f"POST {parts.path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items()), "", ""]
        request = "\r\n".join(lines).encode() + content
        return cls(parts.hostname or "127.0.0.1", parts.port or 80, request)


@dataclass(frozen=True)
class Load:
    """What was got done: whole answers, in so many seconds."""

    calls: int
    duration_s: float

    @property
    def per_second(self) -> float:
        return self.calls / self.duration_s


class Caller(asyncio.Protocol):
    """One connection that makes one call at a time. `call()` returns the seconds that it took."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport
        self._buffer = bytearray()
        self._body_end = 0  # of a body with Content-Length; 0 while unknown, -1 for a chunked one
        self._done: asyncio.Future[float] | None = None
        self._started = 0.0

    @classmethod
    async def connect(cls, target: Target) -> "Caller":
        loop = asyncio.get_running_loop()
        _, caller = await loop.create_connection(cls, target.host, target.port)
        return caller

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def call(self, request: bytes) -> asyncio.Future[float]:
        self._buffer.clear()
        self._body_end = 0
        self._done = asyncio.get_running_loop().create_future()
        self._started = time.perf_counter()
        self._transport.write(request)
        return self._done

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._body_end == 0:
            self._read_head()
        if self._body_end > 0:
            if len(self._buffer) >= self._body_end:
                self._finish()
        elif self._body_end < 0 and self._buffer.endswith(LAST_CHUNK):
            if b"data: [DONE]" in self._buffer[-64:]:
                self._finish()
            else:
                self._fail(f"a stream ended without [DONE]: {bytes(self._buffer[-300:])!r}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the server hung up")

    def _read_head(self) -> None:
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        if head[9:12] != b"200":
            self._fail(f"not 200: {bytes(self._buffer[:1000])!r}")
            return
        start = head.find(b"content-length:")
        if start < 0:
            self._body_end = -1
        else:
            self._body_end = end + 4 + int(head[start + 15 :].split(b"\r\n", 1)[0])

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(time.perf_counter() - self._started)

    def _fail(self, words: str) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(LoadError(words))


async def run_load(target: Target, *, connections: int, duration_s: float) -> Load:
    """Call over and over on `connections` connections, one call at a time on each.

    Raises LoadError at the first wrong answer.
    """
    callers = [await Caller.connect(target) for _ in range(connections)]
    try:
        started = time.perf_counter()
        counts = await asyncio.gather(
            *(_repeat(caller, target, started + duration_s) for caller in callers)
        )
        return Load(sum(counts), time.perf_counter() - started)
    finally:
        for caller in callers:
            caller.close()


async def _repeat(caller: Caller, target: Target, end: float) -> int:
    count = 0
    while time.perf_counter() < end:
        await caller.call(target.request)
        count += 1
    return count
