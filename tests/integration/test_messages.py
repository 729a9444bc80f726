"""Anthropic's Messages over an upstream of OpenAI's dialect."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from aiportal.settings import Settings
from tests.integration.calls import client
from tests.integration.messages_calls import MESSAGES, ask, message_body, stream_message
from tests.running import AppServer, serving
from tests.upstreams import (
    DONE,
    Answer,
    Gate,
    Hang,
    Reset,
    Upstream,
    chunk,
    error,
    event,
    hang,
    plain,
    text,
    usage_chunk,
    write_model_config,
)
from tests.upstreams import stream as streamed

SOON_S = 1
COUNT = "/v1/messages/count_tokens"
WEATHER = {
    "name": "weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
ANTHROPICS_WORDS = {
    400: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    502: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def calls_chunk(*calls: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"tool_calls": calls}, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "choices": [choice]})


@pytest.mark.parametrize("path", [MESSAGES, "/api/v1/messages"])
async def test_an_unstreamed_message(app_server: AppServer, upstream: Upstream, path: str) -> None:
    answer = await ask(app_server, path, system="Be brief.", temperature=0)
    found = answer.json()

    assert found["content"] == [{"type": "text", "text": "Hello from the upstream."}]
    assert (found["model"], found["stop_reason"]) == ("acme/fast", "end_turn")
    assert (found["usage"]["input_tokens"], found["usage"]["output_tokens"]) == (9, 4)
    assert found["id"].startswith("msg_")
    assert answer.headers["request-id"] == answer.headers["x-request-id"]
    assert float(answer.headers["x-aiportal-cost"]) > 0
    assert upstream.last().json["messages"][0] == {"role": "system", "content": "Be brief."}
    (row,) = await app_server.rows()
    assert (row.endpoint, row.status, row.prompt_tokens) == ("messages", 200, 9)
    assert row.request_id == answer.headers["request-id"]


async def test_a_streamed_message(app_server: AppServer, upstream: Upstream) -> None:
    found = await stream_message(app_server)

    assert all(name == data["type"] for name, data in found)
    words = [data["delta"]["text"] for name, data in found if name == "content_block_delta"]
    assert "".join(words) == "Hello from the upstream."
    assert found[-2][1]["usage"]["output_tokens"] == 4
    assert found[-1] == ("message_stop", {"type": "message_stop"})
    assert upstream.last().json["stream_options"] == {"include_usage": True}
    (row,) = await app_server.rows()
    assert (row.endpoint, row.status, row.completion_tokens) == ("messages", 200, 4)
    assert row.ttft_ms is not None


async def test_words_are_sent_as_they_come(app_server: AppServer, upstream: Upstream) -> None:
    gate = Gate()
    upstream.answer("fast", streamed(chunk("one"), gate, chunk("two", finish="stop"), DONE))
    async with (
        client(app_server) as session,
        session.stream("POST", MESSAGES, json=message_body(stream=True)) as answer,
    ):
        pieces = answer.aiter_text()
        first = await anext(pieces)
        gate.open()
        rest = "".join([piece async for piece in pieces])

    assert '"text":"one"' in first
    assert "message_stop" in rest


async def test_usage_is_estimated_where_the_provider_tells_none(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", text("Four words it is", usage=None))
    found = await stream_message(app_server)

    assert found[-2][1]["usage"]["output_tokens"] > 0


async def test_tools_there_and_back(app_server: AppServer, upstream: Upstream) -> None:
    first = {"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": '{"ci'}}
    second = {"index": 1, "id": "call_2", "function": {"name": "weather", "arguments": ""}}
    ends = [{"index": 1, "function": {"arguments": "{}"}}]
    ends.append({"index": 0, "function": {"arguments": 'ty": "Rome"}'}})
    chunks = [calls_chunk(first, second), calls_chunk(*ends, finish="tool_calls")]
    upstream.answer("fast", streamed(*chunks, usage_chunk(), DONE), text("Sunny."))
    found = await stream_message(app_server, tools=[WEATHER], tool_choice={"type": "any"})
    starts = [data["content_block"] for name, data in found if name == "content_block_start"]
    deltas = [data["delta"] for name, data in found if name == "content_block_delta"]
    inputs = [delta["partial_json"] for delta in deltas]

    assert [(one["id"], one["name"]) for one in starts] == [
        ("call_1", "weather"),
        ("call_2", "weather"),
    ]
    assert [json.loads("".join(inputs[:2])), json.loads(inputs[2])] == [{"city": "Rome"}, {}]
    assert found[-2][1]["delta"]["stop_reason"] == "tool_use"
    assert upstream.last().json["tool_choice"] == "required"

    call = {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Rome"}}
    result = {"type": "tool_result", "tool_use_id": "call_1", "content": "sun"}
    history = [
        *message_body()["messages"],
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    answer = await ask(app_server, messages=history, tools=[WEATHER])
    assert answer.json()["content"][0]["text"] == "Sunny."
    assert upstream.last().json["messages"][-1] == {
        "role": "tool",
        "tool_call_id": "call_1",
        "content": "sun",
    }


async def test_cached_and_thinking_tokens_are_told(
    app_server: AppServer, upstream: Upstream
) -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    upstream.answer("fast", text("Hi", usage=usage))
    found = (await ask(app_server)).json()["usage"]

    assert (found["input_tokens"], found["cache_read_input_tokens"]) == (40, 60)
    assert found["output_tokens_details"] == {"thinking_tokens": 5}


async def test_a_model_that_reasons_is_asked_in_its_own_words(
    tmp_path: Path, upstream: Upstream, wired_settings: Settings, portal_config: Path
) -> None:
    reasoning = {"capabilities": ["chat", "reasoning"]}
    await asyncio.to_thread(
        write_model_config, portal_config, upstream.url, models=["deep"], model=reasoning
    )
    thinking = {"type": "enabled", "budget_tokens": 2048}
    async with serving(wired_settings) as server:
        await ask(server, model="acme/deep", thinking=thinking)
        deep = upstream.last().json
        await ask(server, thinking=thinking)

    assert (deep["reasoning_effort"], deep["max_completion_tokens"]) == ("medium", 100)
    assert {"reasoning_effort", "thinking"} & upstream.last().json.keys() == set()


# Failures


def assert_is_error(answer: httpx.Response, status: int, kind: str) -> None:
    found = answer.json()
    assert answer.status_code == status
    assert found["type"] == "error"
    assert set(found["error"]) == {"type", "message", "param", "code"}
    assert (found["error"]["type"], found["request_id"]) == (kind, answer.headers["request-id"])
    assert answer.headers["x-request-id"] == answer.headers["request-id"]


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(
    ("status", "ours"),
    [
        (400, 400),
        (401, 502),
        (413, 413),
        (429, 429),
        (500, 502),
        (503, 503),
        (529, 503),
        (504, 504),
    ],
)
async def test_an_upstreams_error_has_anthropics_word(
    app_server: AppServer, upstream: Upstream, status: int, ours: int, is_stream: bool
) -> None:
    upstream.answer("fast", error(status, code="why", headers={"Retry-After": "7"}))
    answer = await ask(app_server, stream=is_stream)

    assert_is_error(answer, ours, ANTHROPICS_WORDS[ours])
    if ours == 429:
        assert (answer.headers["retry-after"], answer.json()["error"]["code"]) == ("7", "why")
    (row,) = await app_server.rows()
    assert (row.status, row.endpoint) == (ours, "messages")


@pytest.mark.parametrize("path", [MESSAGES, COUNT])
async def test_the_portals_own_errors_have_anthropics_shape(
    app_server: AppServer, path: str
) -> None:
    async with client(app_server) as session:
        stranger = {"authorization": "Bearer ak_" + "0" * 64}
        unknown = await session.post(path, json=message_body(), headers=stranger)
        assert_is_error(unknown, 401, "authentication_error")
        assert_is_error(await session.get(path), 405, "invalid_request_error")
        assert_is_error(await session.post(path, content=b"{"), 400, "invalid_request_error")
        missing = await session.post(path, json=message_body(model="acme/none"))
        assert_is_error(missing, 404, "not_found_error")
        big_head = await session.post(path, json={}, headers={"x-much": "a" * 70_000})
        assert_is_error(big_head, 431, "invalid_request_error")
    assert await app_server.rows(0) == []


async def test_a_thread_is_refused_in_the_words_that_clients_wait_for(
    app_server: AppServer,
) -> None:
    """They go on by sending the whole conversation; ignored, they would send its end alone."""
    found = (await ask(app_server, thread={"type": "create"})).json()

    assert found["error"]["details"] == {"error_code": "thread_unsupported_request"}
    assert found["error"]["param"] == "thread"


async def test_other_addresses_keep_openais_shape(app_server: AppServer) -> None:
    async with client(app_server) as session:
        answer = await session.post("/v1/messages/more", json={})

    assert answer.status_code == 404
    assert set(answer.json()) == {"error"}
    assert "request-id" not in answer.headers


BROKEN_STREAMS: dict[str, tuple[Answer, int]] = {
    "a reset": (streamed(chunk("half"), Reset()), 502),
    "an end without a finish": (streamed(chunk("half")), 502),
    "an error event": (streamed(chunk("half"), event({"error": {"message": "no"}})), 502),
    "no JSON": (streamed(chunk("half"), b'data: {"choices": [}\n\n', DONE), 502),
}


@pytest.mark.parametrize("name", BROKEN_STREAMS)
async def test_a_stream_that_breaks_ends_with_an_error_event(
    app_server: AppServer, upstream: Upstream, name: str
) -> None:
    answer, status = BROKEN_STREAMS[name]
    upstream.answer("fast", answer)
    found = await stream_message(app_server)

    assert found[-1][0] == found[-1][1]["type"] == "error"
    assert found[-1][1]["error"]["type"] == "api_error"
    assert not {"message_delta", "message_stop"} & {kind for kind, _ in found}
    (row,) = await app_server.rows()
    assert row.status == status


async def test_an_answer_without_a_message_is_a_failure(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", plain(b'{"choices": []}'))

    assert_is_error(await ask(app_server), 502, "api_error")


# Leaving callers

ANSWERS: list[tuple[str, bool, Answer]] = [
    ("unstreamed", False, hang()),
    ("streamed, nothing sent", True, hang()),
    ("streamed, a comment sent", True, streamed(b": wait\n\n", Hang())),
]


@pytest.mark.parametrize(
    ("is_stream", "answer"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS]
)
async def test_a_caller_that_leaves_before_the_first_byte(
    app_server: AppServer, upstream: Upstream, is_stream: bool, answer: Answer
) -> None:
    upstream.answer("fast", answer)
    async with client(app_server) as session:
        call = asyncio.create_task(session.post(MESSAGES, json=message_body(stream=is_stream)))
        request = await upstream.arrival()
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call
        await request.closed.arrival(SOON_S)
    (row,) = await app_server.rows()

    assert (row.status, row.error_code, row.endpoint) == (499, "cancelled", "messages")


async def test_a_caller_that_leaves_a_stream(app_server: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", streamed(chunk("one "), chunk("two "), Hang()))
    async with client(app_server) as session:
        async with session.stream("POST", MESSAGES, json=message_body(stream=True)) as answer:
            await anext(answer.aiter_raw())
        await upstream.last().closed.arrival(SOON_S)
    (row,) = await app_server.rows()

    assert (row.status, row.endpoint) == (499, "messages")
    assert row.completion_tokens >= 1


# Counting


async def test_a_count_asks_nobody_and_costs_nothing(
    app_server: AppServer, upstream: Upstream
) -> None:
    plain_count = await count(app_server)
    with_tools = await count(app_server, tools=[WEATHER], system="Be brief, please.")
    image = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
    with_image = await count(app_server, messages=[{"role": "user", "content": [image]}])

    assert plain_count == {"input_tokens": 2, "estimated": True}
    assert with_tools["input_tokens"] > 20
    assert with_image["input_tokens"] == 1600
    assert upstream.requests == []
    assert await app_server.rows(0) == []


async def count(server: AppServer, **fields: Any) -> dict[str, Any]:
    body = message_body(**fields)
    del body["max_tokens"]
    async with client(server) as session:
        answer = await session.post(COUNT, json=body)
    assert answer.status_code == 200
    return dict(answer.json())
