"""Anthropic's Messages to a provider that speaks them: the caller's body there, its bytes back."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.integration.calls import client
from tests.integration.messages_calls import MESSAGES, message_body
from tests.integration.native_calls import KEY, KEY_VARIABLE, native_settings, send
from tests.running import AppServer, serving
from tests.upstreams import plain, stream
from tests.upstreams.anthropic import events_of, message, says
from tests.upstreams.scripted import ScriptedUpstream

BETA, VERSION = "anthropic-beta", "anthropic-version"
# As no encoder of ours would write it, and with what nobody knows yet.
ANSWER = (
    b'{ "type":"message", "content": [ {"type":"text","text":"Par\\u00efs"},{"type":"hologram"} ],\n'
    b'"x_new":1e2, "usage":{"input_tokens":11, "output_tokens":3}}\n'
)
CACHED = {
    "input_tokens": 100,
    "cache_read_input_tokens": 40,
    "cache_creation_input_tokens": 20,
    "output_tokens": 9,
}


@pytest.fixture
def claude() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(says(message("It is\nParis."))) as upstream:
        yield upstream


@pytest.fixture
async def server(
    tmp_path: Path, claude: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AppServer]:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    async with serving(native_settings(tmp_path, claude.base)) as server:
        yield server


# Bytes


@pytest.mark.parametrize("path", [MESSAGES, "/api/v1/messages", "/v1/messages?beta=true"])
async def test_an_answer_comes_back_byte_for_byte(
    server: AppServer, claude: ScriptedUpstream, path: str
) -> None:
    claude.will_say(plain(ANSWER))

    answer = await send(server, path)
    (row,) = await server.rows()

    assert (answer.status_code, answer.content) == (200, ANSWER)
    assert claude.last().path == "/v1/messages"
    assert (row.prompt_tokens, row.completion_tokens, row.estimated) == (11, 3, False)
    assert (row.endpoint, row.model, row.status) == ("messages", "acme/fast", 200)
    assert answer.headers["x-aiportal-model"] == answer.headers["x-aiportal-deployment"]
    assert float(answer.headers["x-aiportal-cost"]) == pytest.approx(row.cost_usd)
    assert row.request_id == answer.headers["x-request-id"]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_stream_comes_back_byte_for_byte_wherever_it_is_cut(
    server: AppServer, claude: ScriptedUpstream, line_end: bytes, size: int
) -> None:
    whole = b"".join(events_of(message('It is\nParis.\nOr "Lyon".\n')))
    whole = whole.replace(b"\n", line_end)
    claude.will_say(stream(*(whole[at : at + size] for at in range(0, len(whole), size))))

    answer = await send(server, stream=True)
    (row,) = await server.rows()

    assert answer.content == whole
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (row.prompt_tokens, row.completion_tokens, row.estimated) == (11, 3, False)
    assert row.ttft_ms is not None


WHOLE_BODY: dict[str, Any] = {
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi", "x": None}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"},
                {"type": "redacted_thinking", "data": "xx"},
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": "a"}},
                {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
            ],
        },
        {"role": "user", "content": "Go on."},
    ],
    "tools": [
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
        {"name": "weather", "input_schema": {"type": "object"}, "defer_loading": True},
    ],
    "mcp_servers": [{"type": "url", "url": "https://mcp.example/sse", "name": "m"}],
    "container": {"skills": []},
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "temperature": 0,
    "thread": {"type": "create"},
    "x_unknown": [1.5, "é", {"z": 1, "a": 2}],
}


@pytest.mark.parametrize("is_stream", [False, True])
async def test_the_body_goes_out_as_it_came_but_for_the_models_name(
    server: AppServer, claude: ScriptedUpstream, is_stream: bool
) -> None:
    sent = message_body(**WHOLE_BODY, stream=is_stream)

    answer = await send(server, **WHOLE_BODY, stream=is_stream)

    assert answer.status_code == 200
    assert claude.last().body == orjson.dumps({**sent, "model": "fast"})


async def test_thinking_of_another_model_is_left_out(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    mark = "aiportal.reasoning_content.acme/other"
    theirs = {"type": "thinking", "thinking": "Hm.", "signature": mark}
    text = {"type": "text", "text": "Yes?"}
    question = {"role": "user", "content": "Hi"}
    thinker = {"role": "assistant", "content": [theirs]}

    await send(
        server,
        messages=[question, {"role": "assistant", "content": [theirs, text]}, thinker, question],
    )

    asked = claude.last().json["messages"]
    assert asked == [question, {"role": "assistant", "content": [text]}, question]


async def test_what_a_cache_holds_is_counted_and_charged_as_such(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    claude.will_say(says(message("Hi", usage=CACHED)))

    await send(server)
    await send(server, stream=True)
    rows = await server.rows(2)

    assert [(row.prompt_tokens, row.cached_tokens, row.completion_tokens) for row in rows] == [
        (160, 40, 9)
    ] * 2
    expected = (120 * 1.0 + 40 * 0.1 + 9 * 2.0) / 1_000_000
    assert [row.cost_usd for row in rows] == pytest.approx([expected] * 2)


# Headers


async def test_of_the_callers_headers_only_anthropics_go_on(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    callers = {
        BETA: "tools-2024-04-04, context-1m-2025-08-07",
        "user-agent": "evil",
        "cookie": "a=b",
        "x-evil": "1",
        "anthropic-organization-id": "evil",
        "anthropic-dangerous-direct-browser-access": "true",
        "x-stainless-lang": "python",
        "x-api-key": server.key,
    }

    await send(server, headers=callers)

    headers = claude.last().headers
    assert headers[BETA] == "tools-2024-04-04,context-1m-2025-08-07"
    assert (headers["x-api-key"], headers[VERSION]) == (KEY, "2023-06-01")
    transport = {"accept", "accept-encoding", "host", "content-type", "content-length"}
    assert headers.keys() - transport == {BETA, VERSION, "x-api-key"}
    assert server.key not in repr(headers)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("2024-10-22", "2024-10-22"), ("latest", "2023-06-01"), ("2024-10-22, x", "2023-06-01")],
)
async def test_a_version_goes_on_where_it_is_one(
    server: AppServer, claude: ScriptedUpstream, sent: str, expected: str
) -> None:
    await send(server, headers={VERSION: sent})

    assert claude.last().headers[VERSION] == expected


async def test_betas_in_several_lines_are_one_list(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    lines = [(BETA, "one"), ("content-type", "application/json"), (BETA, "two,one")]
    async with client(server) as session:
        await session.post(MESSAGES, content=orjson.dumps(message_body()), headers=lines)
        await session.post(MESSAGES, json=message_body())

    assert [request.headers.get(BETA) for request in claude.requests] == ["one,two", None]


@pytest.mark.parametrize("beta", ["a b", "ü", "a;b", "x" * 101, ",".join(map(str, range(65)))])
async def test_a_list_of_betas_that_is_none_is_refused(
    server: AppServer, claude: ScriptedUpstream, beta: str
) -> None:
    async with client(server) as session:
        answer = await session.post(
            MESSAGES, json=message_body(), headers=[(b"anthropic-beta", beta.encode())]
        )

    assert_is_error(answer, 400, "invalid_request_error")
    assert BETA in answer.json()["error"]["message"]
    assert claude.requests == []


async def test_the_providers_headers_go_along_and_its_betas_come_first(
    tmp_path: Path, claude: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "sk-ant-oat01-of-a-subscription")
    of_provider = {"Anthropic-Beta": "theirs,both", "x-team": "7"}
    async with serving(native_settings(tmp_path, claude.base, headers=of_provider)) as server:
        await send(server, headers={BETA: "both,mine"})

    headers = claude.last().headers
    assert headers[BETA] == "theirs,both,mine,oauth-2025-04-20"
    assert headers["x-team"] == "7"
    assert headers["authorization"] == "Bearer sk-ant-oat01-of-a-subscription"
    assert "x-api-key" not in headers


# Failures


def assert_is_error(answer: httpx.Response, status: int, kind: str) -> None:
    found = answer.json()
    assert answer.status_code == status, found
    assert found["type"] == "error"
    assert set(found["error"]) >= {"type", "message", "param", "code"}
    assert (found["error"]["type"], found["request_id"]) == (kind, answer.headers["request-id"])


ERRORS = [
    (400, "invalid_request_error", 400, "invalid_request_error"),
    (401, "authentication_error", 502, "api_error"),
    (404, "not_found_error", 502, "api_error"),
    (413, "request_too_large", 413, "request_too_large"),
    (429, "rate_limit_error", 429, "rate_limit_error"),
    (500, "api_error", 502, "api_error"),
    (529, "overloaded_error", 503, "overloaded_error"),
]


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(("status", "kind", "ours", "our_kind"), ERRORS)
async def test_a_refusal_has_our_status_and_anthropics_shape(
    server: AppServer,
    claude: ScriptedUpstream,
    status: int,
    kind: str,
    ours: int,
    our_kind: str,
    is_stream: bool,
) -> None:
    error = {"type": "error", "error": {"type": kind, "message": f"no, {KEY}"}}
    claude.will_say(plain(orjson.dumps(error), status=status, headers={"Retry-After": "7"}))

    answer = await send(server, stream=is_stream)
    (row,) = await server.rows()

    assert_is_error(answer, ours, our_kind)
    assert (row.status, row.prompt_tokens, row.cost_usd) == (ours, 0, 0)
    assert KEY not in answer.text
    if ours in {400, 413, 429}:
        assert answer.json()["error"]["message"] == "no, [key]"
    if ours == 429:
        assert answer.headers["retry-after"] == "7"


async def test_the_error_at_which_clients_send_the_whole_conversation_keeps_its_code(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    details = {"error_code": "thread_unsupported_request"}
    error = {"type": "invalid_request_error", "message": "no", "details": details}
    claude.will_say(plain(orjson.dumps({"type": "error", "error": error}), status=400))

    answer = await send(server, thread={"type": "create"})

    assert answer.json()["error"]["details"] == details


BROKEN: dict[str, tuple[bytes, int]] = {
    "no content": (b'{"type": "message", "usage": {}}', 502),
    "content of another kind": (b'{"content": "Hi"}', 502),
    "a list": (b"[]", 502),
    "no JSON": (b"<html>", 502),
    "an error": (b'{"type":"error","error":{"type":"overloaded_error","message":"!"}}', 503),
    "a content that is nested too deeply": (b'{"content": [%s]}' % (b"[" * 300 + b"]" * 300), 502),
}


@pytest.mark.parametrize(("body", "status"), BROKEN.values(), ids=BROKEN)
async def test_an_answer_that_is_none_is_the_providers_failure(
    server: AppServer, claude: ScriptedUpstream, body: bytes, status: int
) -> None:
    claude.will_say(plain(body))

    answer = await send(server)

    assert_is_error(answer, status, "api_error" if status == 502 else "overloaded_error")
    assert [row.status for row in await server.rows()] == [status]


async def test_usage_is_estimated_where_the_provider_tells_none(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    claude.will_say(plain(b'{"content": []}'), plain(b'{"content": [{"text": "four words"}]}'))

    answers = [await send(server) for _ in range(2)]
    rows = await server.rows(2)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert all(row.estimated and row.prompt_tokens == 2 for row in rows)
    assert max(row.completion_tokens for row in rows) > 4


IMAGE = {"type": "image", "source": {"type": "url", "url": "http://169.254.169.254/secret"}}
BAD_BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "no tokens": ({"max_tokens": None}, "max_tokens"),
    "negative tokens": ({"max_tokens": -1}, "max_tokens"),
    "messages of another kind": ({"messages": "Hi"}, "messages"),
    "no messages": ({"messages": []}, "messages"),
    "a message that is a text": ({"messages": ["Hi"]}, "messages.0"),
    "too many messages": ({"messages": [{"role": "user", "content": "a"}] * 1001}, "messages"),
    "too many blocks": (
        {"messages": [{"role": "user", "content": [{"type": "x"}] * 22_000}]},
        "messages",
    ),
    "a text too long": (
        {"messages": [{"role": "user", "content": "a" * 1_000_001}]},
        "messages.0.content",
    ),
    "a system prompt too long": ({"system": [{"text": "a" * 1_000_001}]}, "system"),
    "a stream that is neither": ({"stream": "yes"}, "stream"),
    "an address within": (
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [IMAGE]}]}]},
        "messages.0.content",
    ),
    "a server within": (
        {"mcp_servers": [{"type": "url", "url": "http://127.0.0.1/", "name": "m"}]},
        "mcp_servers.0",
    ),
}


@pytest.mark.parametrize(("fields", "param"), BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_body_out_of_bounds_is_refused_here(
    server: AppServer, claude: ScriptedUpstream, fields: dict[str, Any], param: str
) -> None:
    answer = await send(server, **fields)

    assert_is_error(answer, 400, "invalid_request_error")
    assert answer.json()["error"]["param"] == param
    assert claude.requests == []


@pytest.mark.parametrize(
    "field", [b'"x":NaN', b'"tools":' + b"[" * 500 + b"]" * 500, b'"system":"\\ud800"']
)
async def test_what_no_json_is_or_can_be_written_is_refused_here(
    server: AppServer, claude: ScriptedUpstream, field: bytes
) -> None:
    content = orjson.dumps(message_body())[:-1] + b"," + field + b"}"
    async with client(server) as session:
        answer = await session.post(MESSAGES, content=content)

    assert_is_error(answer, 400, "invalid_request_error")
    assert claude.requests == []
