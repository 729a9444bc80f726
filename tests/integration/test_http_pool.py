"""The pool of connections to providers, against a server that says bytes as they are scripted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiohttp
import pytest
from yarl import URL

from aiportal.registry import Timeouts
from aiportal.routing.upstreams.http_pool import Address, HttpAnswer, HttpPool

OK = b"HTTP/1.1 200 OK\r\n"
WHOLE = OK + b"Content-Length: 2\r\n\r\nok"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PATIENT = Timeouts(connect_s=2, first_byte_s=5, between_bytes_s=5, total_s=10)
OWN_HEADERS = {"X-Own": "é", "Accept-Encoding": "identity"}
MAX_BODY = 32 * 1024 * 1024


@dataclass
class Provider:
    """Says the next script at each request: bytes to send, or seconds to wait for the caller to leave.

    heads: of the requests. connections: how many there were. asked, through, ended: set at the first
    request, when its script has been said, and when a connection has closed.
    """

    scripts: list[Sequence[bytes | float]]
    reads_bodies: bool = True
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    through: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def address(self) -> AsyncIterator[Address]:
        server = await asyncio.start_server(self._serve, "127.0.0.1")
        async with server:
            port = server.sockets[0].getsockname()[1]
            yield Address.of(URL(f"http://127.0.0.1:{port}/v1/chat"), OWN_HEADERS)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.scripts:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                self.asked.set()
                if self.reads_bodies:
                    length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
                    await reader.readexactly(int(length))
                for step in self.scripts.pop(0):
                    if isinstance(step, bytes):
                        writer.write(step)
                    else:
                        with suppress(TimeoutError):
                            await asyncio.wait_for(reader.readexactly(1), step)
                self.through.set()
                if not self.reads_bodies:
                    break
            while await reader.read(MAX_BODY):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.ended.set()
            writer.close()


async def body_of(answer: HttpAnswer) -> bytes:
    pieces = []
    while piece := await answer.piece(5):
        pieces.append(piece)
    return b"".join(pieces)


async def told(pool: HttpPool, address: Address, timeouts: Timeouts = PATIENT) -> tuple[int, bytes]:
    """Status and body of the answer to one call."""
    answer = await pool.post(address, b"{}", "application/json", timeouts)
    try:
        return answer.status, await body_of(answer)
    finally:
        answer.close()


async def posted(pool: HttpPool, address: Address, content: bytes = b"{}") -> HttpAnswer:
    return await pool.post(address, content, "application/json", PATIENT)


async def test_a_request_says_what_it_must_and_no_more() -> None:
    provider = Provider([[WHOLE]])
    async with provider.address() as address, HttpPool.open() as pool:
        answer = await posted(pool, address)
        answer.close()
    lines = provider.heads[0].decode().split("\r\n")
    host = str(address.target.url.authority)
    assert lines[0] == "POST /v1/chat HTTP/1.1"
    assert dict(line.split(": ", 1) for line in lines[1:-2]) == {
        "Host": host,
        "Accept": "*/*",
        **OWN_HEADERS,
        "Content-Type": "application/json",
        "Content-Length": "2",
    }


async def test_early_hints_come_before_the_answer() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    provider = Provider([[b"HTTP/1.1 100 Continue\r\n\r\n", hints, WHOLE]])
    async with provider.address() as address, HttpPool.open() as pool:
        assert await told(pool, address) == (200, b"ok")


async def test_a_connection_serves_call_after_call() -> None:
    chunked = CHUNKED + b"2\r\nok\r\n0\r\n\r\n"
    provider = Provider([[WHOLE], [chunked], [WHOLE]])
    async with provider.address() as address, HttpPool.open() as pool:
        for _ in range(3):
            assert await told(pool, address) == (200, b"ok")
    assert provider.connections == 1


@pytest.mark.parametrize(
    "script",
    [
        [OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok"],
        [b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ],
    ids=["close is said", "HTTP/1.0"],
)
async def test_a_connection_that_the_provider_ends_is_not_used_again(
    script: Sequence[bytes],
) -> None:
    provider = Provider([script, [WHOLE]])
    async with provider.address() as address, HttpPool.open() as pool:
        for _ in range(2):
            assert await told(pool, address) == (200, b"ok")
    assert provider.connections == 2


async def test_what_comes_unasked_is_no_answer_to_the_next_call() -> None:
    late = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\n\r\nlate"
    provider, other = Provider([[WHOLE, 0.05, late], [WHOLE]]), Provider([[WHOLE]])
    async with (
        provider.address() as address,
        other.address() as another,
        HttpPool.open() as pool,
    ):
        assert await told(pool, address) == (200, b"ok")
        await asyncio.wait_for(provider.through.wait(), 5)
        await told(pool, another)  # by its end the loop has read what was there before
        assert await told(pool, address) == (200, b"ok")
    assert provider.connections == 2


async def test_what_comes_in_a_pause_is_one_piece_after_it() -> None:
    script: list[bytes | float] = [CHUNKED + b"2\r\nok\r\n"]
    for _ in range(5):
        script += [0.02, b"2\r\nso\r\n"]
    provider = Provider([script, [WHOLE]])
    async with provider.address() as address, HttpPool.open() as pool:
        answer = await posted(pool, address)
        assert await answer.piece(5) == b"ok"
        answer.pause()
        assert not answer._transport.is_reading()
        await asyncio.wait_for(provider.through.wait(), 5)
        assert await answer.piece(5) == b"so" * 5
        assert answer._transport.is_reading()
        answer.close()


async def test_a_connection_is_kept_after_a_pause() -> None:
    ended = b"0\r\n\r\n"
    provider = Provider([[CHUNKED + b"2\r\nok\r\n", 0.02, ended], [WHOLE]])
    async with provider.address() as address, HttpPool.open() as pool:
        answer = await posted(pool, address)
        assert await answer.piece(5) == b"ok"
        answer.pause()
        assert await answer.piece(5) == b""
        answer.close()
        assert await told(pool, address) == (200, b"ok")
    assert provider.connections == 1


async def test_where_silence_is_short_nothing_is_paused() -> None:
    provider = Provider([[CHUNKED + b"2\r\nok\r\n", 5.0]])
    async with provider.address() as address, HttpPool.open() as pool:
        answer = await posted(pool, address)
        assert await answer.piece(0.1) == b"ok"
        answer.pause()
        assert answer._transport.is_reading()
        with pytest.raises(TimeoutError):
            await answer.piece(0.1)
        answer.close()


@pytest.mark.parametrize("is_paused", [False, True])
async def test_an_answer_left_early_closes_its_connection(*, is_paused: bool) -> None:
    provider = Provider([[CHUNKED, b"2\r\nok\r\n", 5.0]])
    async with provider.address() as address, HttpPool.open() as pool:
        answer = await posted(pool, address)
        assert await answer.piece(5) == b"ok"
        if is_paused:
            answer.pause()
        answer.close()
        await asyncio.wait_for(provider.ended.wait(), 1)


async def test_a_cancelled_call_closes_its_connection() -> None:
    provider = Provider([[5.0]])
    async with provider.address() as address, HttpPool.open() as pool:
        call = asyncio.create_task(posted(pool, address))
        await asyncio.wait_for(provider.asked.wait(), 5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(provider.ended.wait(), 1)


async def test_an_answer_before_the_body_was_taken_is_heard() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
    provider = Provider([[refusal], [WHOLE]], reads_bodies=False)
    async with provider.address() as address, HttpPool.open() as pool:
        answer = await posted(pool, address, bytes(MAX_BODY))
        assert (answer.status, await body_of(answer)) == (413, b"no")
        answer.close()
        assert await told(pool, address) == (200, b"ok")
    assert provider.connections == 2


@pytest.mark.parametrize("start", [b"", CHUNKED], ids=["before the head", "after the head"])
async def test_silence_ends_a_call(start: bytes) -> None:
    provider = Provider([[start, 5.0]])
    short = Timeouts(connect_s=2, first_byte_s=0.2, between_bytes_s=5, total_s=10)
    async with provider.address() as address, HttpPool.open() as pool:
        with pytest.raises(TimeoutError):
            await told(pool, address, short)


async def test_a_trickle_ends_with_the_time_for_the_whole() -> None:
    trickle: list[bytes | float] = [b"1\r\nx\r\n", 0.05]
    provider = Provider([[CHUNKED, *trickle * 200]])
    short = Timeouts(connect_s=2, first_byte_s=5, between_bytes_s=5, total_s=0.4)
    async with provider.address() as address, HttpPool.open() as pool:
        with pytest.raises(TimeoutError):
            await told(pool, address, short)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], aiohttp.ClientConnectionError),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000], aiohttp.ClientConnectionError),
        ([CHUNKED, b"zz\r\n"], aiohttp.ClientError),
    ],
    ids=["another protocol", "an endless header", "a chunk without a length"],
)
async def test_what_is_not_http_is_an_error_of_the_client(
    script: Sequence[bytes], kind: type[Exception]
) -> None:
    provider = Provider([script])
    async with provider.address() as address, HttpPool.open() as pool:
        with pytest.raises(kind):
            await told(pool, address)


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X\n": "a"}, {"X": "a\0"}])
async def test_a_header_cannot_begin_another(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="line break"):
        Address.of(URL("http://127.0.0.1:1/"), headers)
