"""The fake provider does what it promises, as a client sees it."""

import aiohttp
import pytest

from tests.upstreams import DONE, Gate, Reset, Upstream, chunk, error, hang, stream, text

CHAT = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}


async def _post(upstream: Upstream, **fields: object) -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{upstream.url}/chat/completions", json=CHAT | fields) as answer,
    ):
        return answer.status, await answer.read()


async def test_an_unscripted_model_answers_with_usage_and_the_request_is_kept(
    upstream: Upstream,
) -> None:
    status, body = await _post(upstream)

    assert status == 200
    assert b"Hello from the upstream." in body
    assert b"prompt_tokens" in body
    assert upstream.last().json == CHAT
    await upstream.last().closed.arrival()


async def test_usage_of_a_stream_is_sent_only_where_it_is_asked_for(upstream: Upstream) -> None:
    _, without = await _post(upstream, stream=True)
    _, with_usage = await _post(upstream, stream=True, stream_options={"include_usage": True})

    assert b"usage" not in without
    assert b"prompt_tokens" in with_usage
    assert with_usage.endswith(DONE)


async def test_a_piece_behind_a_gate_waits_for_it(upstream: Upstream) -> None:
    gate = Gate()
    upstream.answer("fast", stream(chunk("one"), gate, chunk("two"), DONE))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{upstream.url}/chat/completions", json=CHAT) as answer,
    ):
        assert await answer.content.readany() == chunk("one")
        assert not upstream.last().answered.is_open
        gate.open()
        assert await answer.content.read() == chunk("two") + DONE


async def test_answers_come_in_their_order_and_the_last_one_stays(upstream: Upstream) -> None:
    upstream.answer("fast", error(429, headers={"Retry-After": "7"}), text("ok"))

    assert [(await _post(upstream))[0] for _ in range(3)] == [429, 200, 200]


async def test_a_reset_breaks_the_stream_for_its_client(upstream: Upstream) -> None:
    upstream.answer("fast", stream(chunk("one"), Reset()))

    with pytest.raises(aiohttp.ClientError):
        await _post(upstream)


async def test_a_client_that_leaves_is_noticed(upstream: Upstream) -> None:
    upstream.answer("fast", hang())
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(0.05)) as session:
        with pytest.raises(TimeoutError):
            await session.post(f"{upstream.url}/chat/completions", json=CHAT)
    await upstream.last().closed.arrival(1)
