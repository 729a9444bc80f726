"""Responses that fail, are left by their callers, or are broken off by their owners."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import openai
import pytest

from tests.integration.calls import client, events
from tests.running import AppServer
from tests.upstreams import DONE, Gate, Hang, Reset, Upstream, chunk, error, hang
from tests.upstreams import stream as streamed

MODEL = "acme/fast"
RESPONSES = "/v1/responses"
BODY = {"model": MODEL, "input": "Hi", "stream": True}
SOON_S = 1


@pytest.fixture
async def sdk(app_server: AppServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=f"{app_server.url}/v1", api_key=app_server.key, max_retries=0, timeout=10
    ) as found:
        yield found


async def test_a_refusal_of_the_provider_keeps_its_status(
    sdk: openai.AsyncOpenAI, upstream: Upstream
) -> None:
    upstream.answer("fast", error(429, headers={"Retry-After": "7"}))
    for is_stream in (False, True):
        with pytest.raises(openai.RateLimitError) as caught:
            await sdk.responses.create(model=MODEL, input="Hi", stream=is_stream)
        assert caught.value.response.headers["retry-after"] == "7"


async def test_a_stream_that_breaks_fails_in_both_shapes(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", streamed(chunk("half"), Reset()))
    async with client(app_server) as session:
        found = events((await session.post(RESPONSES, json=BODY)).content)
        kept = (await session.get(f"{RESPONSES}/{found[0]['response']['id']}")).json()

    assert [event["type"] for event in found[-2:]] == ["response.failed", "error"]
    assert found[-2]["response"]["error"]["code"] == "server_error"
    assert set(found[-1]["error"]) == {"message", "type", "param", "code"}
    assert kept["status"] == "failed"
    assert kept["output"][0]["content"][0]["text"] == "half"
    (row,) = await app_server.rows()
    assert row.status == 502


async def test_a_stream_that_breaks_raises_in_the_client(
    sdk: openai.AsyncOpenAI, upstream: Upstream
) -> None:
    upstream.answer("fast", streamed(chunk("half"), Reset()))
    stream = await sdk.responses.create(model=MODEL, input="Hi", stream=True)
    with pytest.raises(openai.APIError, match="broke off"):
        [event async for event in stream]


async def test_a_caller_that_leaves_a_stream(app_server: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", streamed(chunk("one "), chunk("two "), Hang()))
    async with client(app_server) as session:
        async with session.stream("POST", RESPONSES, json=BODY) as answer:
            first = await anext(answer.aiter_raw())
        await upstream.last().closed.arrival(SOON_S)
        (row,) = await app_server.rows()
        created = events(first)[0]["response"]["id"]
        kept = (await session.get(f"{RESPONSES}/{created}")).json()

    assert (row.status, row.endpoint) == (499, "responses")
    assert kept["status"] == "cancelled"


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_caller_that_leaves_before_the_first_byte(
    app_server: AppServer, upstream: Upstream, is_stream: bool
) -> None:
    upstream.answer("fast", hang())
    async with client(app_server) as session:
        call = asyncio.create_task(session.post(RESPONSES, json={**BODY, "stream": is_stream}))
        request = await upstream.arrival()
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call
        await request.closed.arrival(SOON_S)
    (row,) = await app_server.rows()

    assert (row.status, row.endpoint) == (499, "responses")


async def test_a_running_stream_is_seen_and_cancelled_by_its_owner(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", streamed(chunk("one "), Hang()))
    async with (
        client(app_server) as session,
        session.stream("POST", RESPONSES, json=BODY) as answer,
    ):
        pieces = answer.aiter_raw()
        one = f"{RESPONSES}/{events(await anext(pieces))[0]['response']['id']}"
        running = (await session.get(one)).json()
        cancelled = (await session.post(f"{one}/cancel")).json()
        rest = events(b"".join([piece async for piece in pieces]))
        again = await session.post(f"{one}/cancel")
    await upstream.last().closed.arrival(SOON_S)
    (row,) = await app_server.rows()

    assert running["status"] == "in_progress"
    assert cancelled["status"] == again.json()["status"] == "cancelled"
    assert cancelled["output"][0]["content"][0]["text"] == "one "
    assert rest[-1]["error"]["code"] == "response_cancelled"
    assert row.status == 499


async def _left_or_cancelled(
    app_server: AppServer, upstream: Upstream, *, by: str
) -> dict[str, Any]:
    """The response of a stream whose caller reads nothing more; it is cancelled, or left."""
    upstream.answer("fast", streamed(*[chunk("word " * 2000)] * 2000, Hang()))
    async with client(app_server) as session:
        async with session.stream("POST", RESPONSES, json=BODY) as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == "event: response.created"
            data = await anext(lines)
            one = f"{RESPONSES}/{json.loads(data.removeprefix('data: '))['response']['id']}"
            if by == "cancel":
                assert (await session.post(f"{one}/cancel")).status_code == 200
        await upstream.last().closed.arrival(SOON_S)
        await app_server.rows()
        kept: dict[str, Any] = (await session.get(one)).json()
    return kept


@pytest.mark.parametrize("by", ["cancel", "leaving"])
async def test_a_stream_in_full_flow_ends_as_cancelled(
    app_server: AppServer, upstream: Upstream, by: str
) -> None:
    kept = await _left_or_cancelled(app_server, upstream, by=by)

    assert kept["status"] == "cancelled"
    (row,) = await app_server.rows()
    assert row.status == 499


async def test_what_has_ended_is_not_cancelled(sdk: openai.AsyncOpenAI) -> None:
    made = await sdk.responses.create(model=MODEL, input="Hi")

    with pytest.raises(openai.BadRequestError, match="completed"):
        await sdk.responses.cancel(made.id)


async def test_a_response_is_complete_only_when_it_is_stored(
    sdk: openai.AsyncOpenAI, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.answer("fast", streamed(chunk("Hi", finish="stop"), gate, DONE))
    stream = await sdk.responses.create(model=MODEL, input="Hi", stream=True)
    seen = []
    async for event in stream:
        seen.append(event)
        if event.type == "response.output_text.delta":
            gate.open()
        if event.type == "response.completed":
            assert (await sdk.responses.retrieve(event.response.id)).status == "completed"
    assert seen[-1].type == "response.completed"
