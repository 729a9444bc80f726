"""Whatever arrives in Anthropic's dialect, the answer is an error in its shape, and the server lives."""

import orjson
import pytest

from tests.contract.raw_http import RawAnswer, exchange, post
from tests.running import AppServer
from tests.upstreams import Upstream

MESSAGES = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
HI = {"role": "user", "content": "Hi"}
MIB = 1024 * 1024


def body(**fields: object) -> bytes:
    return orjson.dumps({"model": "acme/fast", "max_tokens": 9, "messages": [HI]} | fields)


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


def with_raw(field: bytes) -> bytes:
    return body()[:-1] + b"," + field + b"}"


CALL = {"type": "tool_use", "id": "a", "name": "b", "input": 7}
DEEP_CALL = orjson.dumps([{"role": "assistant", "content": [CALL]}])
BODIES: dict[str, tuple[bytes, int]] = {
    "an empty body": (b"", 400),
    "cut JSON": (body()[:-5], 400),
    "a list": (b"[" + body() + b"]", 400),
    "null": (b"null", 400),
    "100,000 deep": (b"[" * 100_000 + b"]" * 100_000, 400),
    "an input 500 deep": (
        with_raw(b'"messages":' + DEEP_CALL.replace(b"7", nested(500))),
        400,
    ),
    "a tool 500 deep": (
        with_raw(b'"tools":[{"name":"a","input_schema":' + nested(500) + b"}]"),
        400,
    ),
    "invalid UTF-8": (body().replace(b"Hi", b"\xff\xfe"), 400),
    "50 MB": (b'{"x":"' + b"a" * 50 * MIB + b'"}', 413),
    "1,001 messages": (body(messages=[HI] * 1001), 400),
    "no messages": (body(messages=[]), 400),
    "NaN": (with_raw(b'"temperature":NaN'), 400),
    "a lone surrogate": (body().replace(b"Hi", b"\\ud800"), 400),
    "an unknown role": (body(messages=[HI | {"role": "boss"}]), 400),
    "a model of 10 KB": (body(model="a" * 10_240), 400),
    "a model that is a number": (body(model=7), 400),
    "messages as a string": (body(messages="Hi"), 400),
    "a message as a string": (body(messages=["Hi"]), 400),
    "content as a number": (body(messages=[HI | {"content": 7}]), 400),
    "an unknown block": (body(messages=[HI | {"content": [{"type": "hologram"}]}]), 400),
    "a block with a list as type": (body(messages=[HI | {"content": [{"type": [1]}]}]), 400),
    "a block that is a string": (body(messages=[HI | {"content": ["Hi"]}]), 400),
    "a text too long": (body(messages=[HI | {"content": "a" * 1_000_001}]), 400),
    "a type of 10 KB": (body(messages=[HI | {"content": [{"type": "a" * 10_240}]}]), 400),
    "a tool of a type of 10 KB": (body(tools=[{"type": "a" * 10_240, "name": "a"}]), 400),
    "a temperature of 2.1": (body(temperature=2.1), 400),
    "a stream that is a word": (body(stream="yes"), 400),
    "tools as an object": (body(tools={"enabled": True}), 400),
    "required names that are none": (
        body(
            output_config={
                "format": {
                    "type": "json_schema",
                    "schema": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"a": 1},
                        "required": [{}],
                    },
                }
            },
            max_tokens=-1,
        ),
        400,
    ),
    "an unknown model": (body(model="acme/none"), 404),
}


def assert_is_error(answer: RawAnswer | None, status: int) -> None:
    assert answer is not None
    assert answer.status == status
    found = answer.json()
    assert set(found) == {"type", "error", "request_id"}
    assert found["type"] == "error"
    assert found["request_id"] == answer.headers["request-id"] == answer.headers["x-request-id"]
    assert set(found["error"]) == {"message", "type", "param", "code"}
    assert found["error"]["message"]
    assert len(answer.body) < 2_000
    assert b"Traceback" not in answer.body
    assert b"pydantic" not in answer.body


@pytest.mark.parametrize("path", [MESSAGES, COUNT])
@pytest.mark.parametrize("name", BODIES)
async def test_a_bad_body(app_server: AppServer, upstream: Upstream, name: str, path: str) -> None:
    content, status = BODIES[name]
    key = f"x-api-key: {app_server.key}"

    assert_is_error(await exchange(app_server.url, post(path, content, key)), status)
    answer = await exchange(app_server.url, b"GET /health HTTP/1.1\r\nhost: test\r\n\r\n")
    assert answer is not None
    assert answer.status == 200
    assert upstream.requests == []
    assert await app_server.rows(0) == []


async def test_only_a_message_needs_a_bound(app_server: AppServer) -> None:
    content = orjson.dumps({"model": "acme/fast", "messages": [HI]})
    key = f"x-api-key: {app_server.key}"

    assert_is_error(await exchange(app_server.url, post(MESSAGES, content, key)), 400)
    answer = await exchange(app_server.url, post(COUNT, content, key))
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize("line", ["x-nothing: 1", "x-api-key: ak_" + "0" * 64, "x-api-key: "])
@pytest.mark.parametrize("path", [MESSAGES, COUNT])
async def test_a_wrong_credential(app_server: AppServer, path: str, line: str) -> None:
    assert_is_error(await exchange(app_server.url, post(path, body(), line)), 401)
