"""A provider that costs next to nothing.

`python -m tests.performance.fast_upstream serve --port N` answers in OpenAI's dialect with
ready-made bytes: a tiny completion, or, where the body asks for a stream, 100 chunks of which each
is written in an iteration of its own of the event loop, so that a relay cannot read them all at
once. At `/v1/messages` it answers the same in Anthropic's dialect.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import click
import orjson
import uvloop

from tests.upstreams import DONE, chunk, usage_chunk
from tests.upstreams.anthropic import events_of, message

__all__ = ["CHUNKS"]

CHUNKS = 100
ANSWER = (
    b'{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"fast",'
    b'"choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}'
)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
WORDS = [f"word{number} " for number in range(CHUNKS - 2)]


@dataclass(frozen=True)
class _Answers:
    """Ready-made bytes: a whole answer, and the pieces of a streamed one."""

    whole: bytes
    pieces: tuple[bytes, ...]

    @classmethod
    def of(cls, body: bytes, pieces: Sequence[bytes]) -> "_Answers":
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        framed = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
        return cls(head % len(body) + body, (*framed[:-1], framed[-1] + b"0\r\n\r\n"))


# The last two chunks carry the finish and, always, the usage.
OPENAI = _Answers.of(ANSWER, [*map(chunk, WORDS), chunk(finish="stop"), usage_chunk(), DONE])
ANTHROPIC = _Answers.of(orjson.dumps(message("Hello.")), events_of(message("\n".join(WORDS))))


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
        answers = ANTHROPIC if head.startswith(b"post /v1/messages") else OPENAI
        self._buffer = b""
        if b'"stream":true' in body or b'"stream": true' in body:
            self._transport.write(STREAM_HEAD)
            self._write_piece(answers.pieces, 0)
        else:
            self._transport.write(answers.whole)

    def _write_piece(self, pieces: tuple[bytes, ...], number: int) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(pieces[number])
        if number + 1 < len(pieces):
            asyncio.get_running_loop().call_soon(self._write_piece, pieces, number + 1)


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
