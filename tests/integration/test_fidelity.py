"""What goes through the portal comes out as it went in."""

import json
from pathlib import Path

import pytest

from aiportal.settings import Settings
from tests.integration.calls import chat_body, client, events, post, stream
from tests.running import AppServer, serving
from tests.upstreams import (
    DONE,
    Gate,
    Upstream,
    chunk,
    event,
    plain,
    text,
    usage_chunk,
    write_model_config,
)
from tests.upstreams import stream as streamed

EXTRAS = {
    "temperature": 0,
    "top_p": 0,
    "seed": 0,
    "logprobs": False,
    "n": 1,
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}},
    "reasoning_effort": "low",
    "parallel_tool_calls": False,
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
    "x_vendor": {"deep": [1, None, {"é": "☃"}], "zero": 0, "empty": ""},
}
PARTS = [
    {"type": "text", "text": "Look", "cache_control": {"type": "ephemeral"}},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
]


async def test_every_field_of_a_request_reaches_the_upstream(
    app_server: AppServer, upstream: Upstream
) -> None:
    messages = [{"role": "user", "content": PARTS, "x_mark": 1}]
    answer = await post(app_server, messages=messages, **EXTRAS)

    assert answer.status_code == 200
    assert upstream.last().json == {"model": "fast", "messages": messages, **EXTRAS}


async def test_a_stream_asks_for_usage_and_is_else_unchanged(
    app_server: AppServer, upstream: Upstream
) -> None:
    await stream(app_server, stream_options={"x_more": True}, **EXTRAS)

    sent = upstream.last().json
    assert sent.pop("stream_options") == {"x_more": True, "include_usage": True}
    assert sent == chat_body(stream=True, **EXTRAS) | {"model": "fast"}


async def test_an_unstreamed_answer_is_passed_on_byte_for_byte(
    app_server: AppServer, upstream: Upstream
) -> None:
    body = b'{ "choices" : [{"x":0, "message":{"content":"\\u2603 \xe2\x98\x83"}}],\n "extra":null}'
    upstream.answer("fast", plain(body))

    answer = await post(app_server)

    assert answer.content == body
    assert answer.headers["content-type"].startswith("application/json")


async def test_the_headers_say_who_served_and_what_it_cost(app_server: AppServer) -> None:
    answer = await post(app_server)
    (row,) = await app_server.rows()

    assert answer.headers["x-request-id"] == row.request_id
    assert answer.headers["x-aiportal-model"] == "acme/fast"
    assert answer.headers["x-aiportal-deployment"] == row.deployment
    assert float(answer.headers["x-aiportal-cost"]) == pytest.approx(row.cost_usd)
    assert row.cost_usd == pytest.approx((9 * 1.0 + 4 * 2.0) / 1e6)
    assert (row.prompt_tokens, row.completion_tokens, row.status) == (9, 4, 200)


async def test_a_request_id_of_the_caller_is_not_taken(app_server: AppServer) -> None:
    answers = [await post(app_server) for _ in range(2)]

    assert len({answer.headers["x-request-id"] for answer in answers}) == 2


async def test_a_stream_is_passed_on_byte_for_byte_however_it_was_cut(
    app_server: AppServer, upstream: Upstream
) -> None:
    whole = b"".join(
        [
            b": a comment\n\n",
            chunk("Ünïcödé ☃ "),
            b'data:{"choices":[{"delta":{"content":"no space"}}],"x":[1,2]}\r\n\r\n',
            b"event: extra\ndata: {}\n\n",
            chunk("end", finish="stop", x_vendor={"a": 1}),
            DONE,
        ]
    )
    upstream.answer("fast", streamed(*(whole[i : i + 3] for i in range(0, len(whole), 3))))

    assert await stream(app_server) == whole


async def test_lines_that_steer_reconnection_are_left_out(
    app_server: AppServer, upstream: Upstream
) -> None:
    plain_chunk = chunk("a", finish="stop")
    upstream.answer("fast", streamed(b"id: 7\nretry: 10\n" + plain_chunk, DONE))

    assert await stream(app_server) == plain_chunk + DONE


async def test_usage_that_was_not_asked_for_is_kept_back(
    app_server: AppServer, upstream: Upstream
) -> None:
    body = await stream(app_server)
    (row,) = await app_server.rows()

    assert upstream.last().wants_usage
    assert b"usage" not in body
    assert body.endswith(DONE)
    assert (row.prompt_tokens, row.completion_tokens, row.estimated) == (9, 4, False)


async def test_usage_that_was_asked_for_is_passed_on(app_server: AppServer) -> None:
    body = await stream(app_server, stream_options={"include_usage": True})

    assert body.endswith(usage_chunk() + DONE)


async def test_usage_is_estimated_where_the_upstream_sends_none(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", text("one two three", usage=None))

    found = events(await stream(app_server, stream_options={"include_usage": True}))
    (row,) = await app_server.rows()

    assert found[-1] == "[DONE]"
    assert found[-2]["choices"] == []
    assert found[-2]["usage"]["completion_tokens"] == row.completion_tokens >= 3
    assert row.prompt_tokens > 0
    assert row.estimated


async def test_an_unstreamed_answer_without_usage_is_estimated(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", text("one two three", usage=None))
    await post(app_server)
    (row,) = await app_server.rows()

    assert row.estimated
    assert row.completion_tokens > 0


async def test_cached_and_reasoning_tokens_are_counted(
    app_server: AppServer, upstream: Upstream
) -> None:
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "prompt_tokens_details": {"cached_tokens": 900},
        "completion_tokens_details": {"reasoning_tokens": 60},
    }
    upstream.answer("fast", text(usage=usage))
    await stream(app_server)
    (row,) = await app_server.rows()

    assert (row.cached_tokens, row.reasoning_tokens) == (900, 60)
    assert row.cost_usd == pytest.approx((100 * 1.0 + 900 * 0.1 + 100 * 2.0) / 1e6)


async def test_a_models_parameters_are_defaults_that_zero_overrides(
    tmp_path: Path, wired_settings: Settings, upstream: Upstream
) -> None:
    write_model_config(
        tmp_path / "model_config",
        upstream.url,
        model={"parameters": {"temperature": 0.7, "top_p": 0.5}},
    )
    async with serving(wired_settings) as server:
        await post(server, temperature=0)

    sent = upstream.last().json
    assert (sent["temperature"], sent["top_p"]) == (0, 0.5)


async def test_no_credential_of_the_caller_reaches_the_upstream(
    app_server: AppServer, upstream: Upstream
) -> None:
    await post(app_server)
    request = upstream.last()

    assert app_server.key not in json.dumps(request.headers) + request.body.decode()


@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
async def test_both_bases_answer_alike(app_server: AppServer, base: str) -> None:
    async with client(app_server) as session:
        answer = await session.post(f"{base}/chat/completions", json=chat_body())

    assert answer.json()["choices"][0]["message"]["content"] == "Hello from the upstream."


async def test_the_end_does_not_wait_for_the_upstream_to_end(
    app_server: AppServer, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.answer("fast", streamed(chunk("all", finish="stop"), DONE, gate))

    assert await stream(app_server) == chunk("all", finish="stop") + DONE
    assert not upstream.last().answered.is_open
    gate.open()


@pytest.mark.parametrize("is_stream", [False, True], ids=["unstreamed", "streamed"])
async def test_a_connection_to_the_upstream_is_kept_for_the_next_call(
    app_server: AppServer, upstream: Upstream, is_stream: bool
) -> None:
    for _ in range(5):
        await post(app_server, stream=is_stream)

    assert len(upstream.requests) == 5
    assert upstream.connections_made == 1


async def test_a_tool_call_without_text_comes_back_whole(
    app_server: AppServer, upstream: Upstream
) -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}
    upstream.answer("fast", streamed(event(delta), chunk(finish="tool_calls"), DONE))

    assert await stream(app_server) == event(delta) + chunk(finish="tool_calls") + DONE
