"""A caller that hangs up: the provider hears of it within a second, and the ledger has the call."""

import asyncio
from contextlib import suppress

import httpx
import pytest

from tests.integration.calls import CHAT, chat_body, client
from tests.running import AppServer
from tests.upstreams import Answer, Close, Gate, Hang, Head, Upstream, chunk, hang
from tests.upstreams import stream as streamed

SOON_S = 1

BEFORE_THE_FIRST_BYTE: list[tuple[str, bool, Answer]] = [
    ("unstreamed, nothing sent", False, hang()),
    ("unstreamed, half a body sent", False, hang(Head(length=99), b'{"choices": [')),
    ("streamed, nothing sent", True, hang()),
    ("streamed, a head sent", True, streamed(Hang())),
    ("streamed, a comment sent", True, streamed(b": wait\n\n", Hang())),
]


@pytest.mark.parametrize(
    ("is_stream", "answer"),
    [case[1:] for case in BEFORE_THE_FIRST_BYTE],
    ids=[case[0] for case in BEFORE_THE_FIRST_BYTE],
)
async def test_a_caller_that_leaves_before_the_first_byte(
    app_server: AppServer, upstream: Upstream, is_stream: bool, answer: Answer
) -> None:
    upstream.answer("fast", answer)
    async with client(app_server) as session:
        call = asyncio.create_task(session.post(CHAT, json=chat_body(stream=is_stream)))
        request = await upstream.arrival()
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call
        await request.closed.arrival(SOON_S)
    (row,) = await app_server.rows()

    assert (row.status, row.error_code) == (499, "cancelled")
    assert row.prompt_tokens > 0
    assert row.estimated


async def test_a_caller_that_leaves_a_stream(app_server: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", streamed(chunk("one "), chunk("two "), Hang()))
    async with client(app_server) as session:
        async with session.stream("POST", CHAT, json=chat_body(stream=True)) as answer:
            await anext(answer.aiter_raw())
        await upstream.last().closed.arrival(SOON_S)
    (row,) = await app_server.rows()

    assert row.status == 499
    assert row.completion_tokens >= 1
    assert row.ttft_ms is not None
    assert row.cost_usd > 0


async def test_a_caller_that_leaves_in_the_flow_of_a_stream(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", streamed(*[chunk("word " * 2000)] * 2000, Hang()))
    async with client(app_server) as session:
        async with session.stream("POST", CHAT, json=chat_body(stream=True)) as answer:
            await anext(answer.aiter_raw())
        await upstream.last().closed.arrival(SOON_S)
    (row,) = await app_server.rows()

    assert row.status == 499


async def test_a_caller_that_resets_its_connection(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", hang())
    url = httpx.URL(app_server.url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    body = httpx.Request("POST", url.join(CHAT), json=chat_body()).content
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nx-api-key: {app_server.key}\r\n"
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    request = await upstream.arrival()
    writer.transport.abort()
    await request.closed.arrival(SOON_S)
    (row,) = await app_server.rows()

    assert row.status == 499


async def test_a_slow_reader_slows_its_provider(app_server: AppServer, upstream: Upstream) -> None:
    """Nothing piles up in the portal for a caller that does not read."""
    big = chunk("x" * 64_000)
    gate = Gate()
    upstream.answer("fast", streamed(*[big] * 1000, gate, chunk(finish="stop"), Close()))
    async with client(app_server) as session:
        async with session.stream("POST", CHAT, json=chat_body(stream=True)) as answer:
            await anext(answer.aiter_raw())
            assert upstream.last().closed.is_open is False
        await upstream.last().closed.arrival(SOON_S)


async def test_callers_that_leave_at_once_leave_nothing_behind(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", hang())
    async with client(app_server) as session:
        calls = [asyncio.create_task(session.post(CHAT, json=chat_body())) for _ in range(50)]
        await upstream.arrival(50)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for request in upstream.requests:
            await request.closed.arrival(SOON_S)
    rows = await app_server.rows(50)

    assert {row.status for row in rows} == {499}
    assert len({row.request_id for row in rows}) == 50
