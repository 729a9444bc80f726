"""Upstreams that mean harm, or are badly broken: an error of ours, one row, and no more memory."""

import gzip
import json
import tracemalloc
from typing import Any

import httpx
import pytest

from aiportal.routing.scanner import StreamScanner
from aiportal.routing.upstreams import openai
from tests.integration.calls import CHAT, chat_body, client, post
from tests.running import AppServer
from tests.upstreams import Answer, Head, Upstream, plain

DEEP = "[" * 300 + "]" * 300
MESSAGES = {"model": "acme/fast", "max_tokens": 5, "messages": chat_body()["messages"]}
RESPONSES = {"model": "acme/fast", "input": "Hi"}


async def refused(server: AppServer, answer: httpx.Response, status: int) -> dict[str, Any]:
    """The error, which has one row of the same status."""
    assert answer.status_code == status
    assert [row.status for row in await server.rows()] == [status]
    error: dict[str, Any] = answer.json()["error"]
    return error


@pytest.mark.parametrize(
    ("path", "body"),
    [(CHAT, chat_body()), ("/v1/messages", MESSAGES), ("/v1/responses", RESPONSES)],
)
async def test_an_answer_that_is_nested_too_deeply_is_refused_and_has_its_row(
    app_server: AppServer, upstream: Upstream, path: str, body: dict[str, Any]
) -> None:
    body_out = b'{"choices": [{"message": {"content": "a", "x": %s}, "finish_reason": "stop"}]}'
    upstream.answer("fast", plain(body_out % DEEP.encode()))
    async with client(app_server) as session:
        error = await refused(app_server, await session.post(path, json=body), 502)
    assert error["code"] == "upstream_protocol_error"


async def test_a_retry_delay_of_thousands_of_digits_is_none(
    app_server: AppServer, upstream: Upstream
) -> None:
    details = [{"retryDelay": "9" * 5000 + "s"}]
    body = json.dumps({"error": {"message": "Slower", "details": details}}).encode()
    upstream.answer("fast", plain(body, status=429))
    answer = await post(app_server)
    await refused(app_server, answer, 429)
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("value", ["\xff\xfe", "soon", "-5", "9" * 3000])
async def test_a_retry_after_that_is_none_does_not_go_on_to_the_caller(
    app_server: AppServer, upstream: Upstream, value: str
) -> None:
    def limited(_: Any) -> Any:
        return Head(status=429, headers={"Retry-After": value}), b"{}"

    answer: Answer = limited
    upstream.answer("fast", answer)
    response = await post(app_server)
    await refused(app_server, response, 429)
    assert "retry-after" not in response.headers


async def test_a_packed_answer_is_bounded_by_what_it_unpacks_to(
    app_server: AppServer, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai, "MAX_ANSWER_BYTES", 1_000_000)
    packed = gzip.compress(b" " * 10_000_000)
    upstream.answer("fast", plain(packed, headers={"Content-Encoding": "gzip"}))
    error = await refused(app_server, await post(app_server), 502)
    assert "too large" in error["message"]


async def test_a_tool_call_nested_too_deeply_for_json_reaches_anthropics_clients_as_text(
    app_server: AppServer, upstream: Upstream
) -> None:
    arguments = f'{{"a": {DEEP}}}'
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    upstream.answer("fast", plain(json.dumps({"choices": [choice], "usage": usage}).encode()))
    async with client(app_server) as session:
        answer = await session.post("/v1/messages", json=MESSAGES)
    assert answer.json()["content"][0]["input"] == {"INVALID_JSON": arguments}


def test_a_long_text_takes_no_more_memory_than_itself() -> None:
    event = b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n' % (b"a" * 1_000_000)
    scanner = StreamScanner(wants_usage=False)
    tracemalloc.start()
    try:
        scanner.feed(event)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * len(event)
