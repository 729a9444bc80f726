"""A provider that costs next to nothing.

`python -m tests.performance.fast_upstream serve --port N` answers in OpenAI's dialect with
ready-made bytes: a tiny completion, or, where the body asks for a stream, 100 chunks of which each
is written in an iteration of its own of the event loop, so that a relay cannot read them all at
once.
"""

import asyncio
from typing import cast

import click
import uvloop

from tests.upstreams import DONE, chunk, usage_chunk

__all__ = ["CHUNKS"]

CHUNKS = 100
ANSWER = (
    b'{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"fast",'
    b'"choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}'
)
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


def _framed(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


# The last two chunks carry the finish and, always, the usage.
PIECES = [_framed(chunk(f"word{number} ")) for number in range(CHUNKS - 2)] + [
    _framed(chunk(finish="stop")),
    _framed(usage_chunk()),
    _framed(DONE) + b"0\r\n\r\n",
]


class _Connection(asyncio.Protocol):
    """Reads one request at a time: a header with Content-Length, then the body."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self._buffer) < head_end + 4 + length:
            return
        body = self._buffer[head_end + 4 :]
        self._buffer = b""
        if b'"stream":true' in body or b'"stream": true' in body:
            self._transport.write(STREAM_HEAD)
            self._write_piece(0)
        else:
            self._transport.write(WHOLE)

    def _write_piece(self, number: int) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(PIECES[number])
        if number + 1 < len(PIECES):
            asyncio.get_running_loop().call_soon(self._write_piece, number + 1)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port)
    await server.serve_forever()


@click.group()
def main() -> None:
    """A fast loopback provider for benchmarks."""


@main.command()
@click.option("--port", type=int, required=True)
def serve(port: int) -> None:
    """Listen on loopback until killed."""
    uvloop.run(_serve(port))


if __name__ == "__main__":
    main()
