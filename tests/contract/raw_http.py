"""HTTP as bytes, for requests that no client library would send."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

__all__ = ["RawAnswer", "exchange", "post"]


@dataclass(frozen=True)
class RawAnswer:
    """headers: names in lower case, of a name's lines the last."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


def post(path: str, body: bytes, *lines: str) -> bytes:
    """The bytes of a POST with Content-Length; `lines` are further header lines."""
    head = [f"POST {path} HTTP/1.1", "host: test", "content-type: application/json"]
    return "\r\n".join([*head, f"content-length: {len(body)}", *lines, "", ""]).encode() + body


async def exchange(url: str, data: bytes, *, timeout_s: float = 1) -> RawAnswer | None:
    """Send `data` on a new connection; the first answer, or None where the server just hung up.

    The answer may come, and is taken, while data is still being sent. Raises TimeoutError.
    """
    parts = urlsplit(url)
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        sending = asyncio.create_task(_send(writer, data))
        try:
            return await _read(reader)
        finally:
            sending.cancel()
            writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(ConnectionError):  # a server may refuse in the middle of a body
        writer.write(data)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> RawAnswer | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return RawAnswer(int(first.split(" ")[1]), headers, body)
