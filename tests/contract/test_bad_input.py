"""Whatever arrives, the answer is an error in OpenAI's shape within a second, and the server lives."""

import orjson
import pytest

from tests.contract.raw_http import RawAnswer, exchange, post
from tests.running import AppServer
from tests.upstreams import Upstream

CHAT = "/v1/chat/completions"
HI = {"role": "user", "content": "Hi"}
MIB = 1024 * 1024


def body(**fields: object) -> bytes:
    return orjson.dumps({"model": "acme/fast", "messages": [HI]} | fields)


DEEP = b"[" * 100_000 + b"]" * 100_000
BODIES: dict[str, tuple[bytes, int]] = {
    "an empty body": (b"", 400),
    "no JSON": (b"model=acme/fast&messages=Hi", 400),
    "cut JSON": (body()[:-5], 400),
    "two JSON values": (body() + body(), 400),
    "a list": (b"[" + body() + b"]", 400),
    "a string": (b'"Hi"', 400),
    "null": (b"null", 400),
    "100,000 deep": (DEEP, 400),
    "100,000 deep in a field": (body()[:-1] + b',"x":' + DEEP + b"}", 400),
    "100,000 deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    "invalid UTF-8": (body().replace(b"Hi", b"\xff\xfe"), 400),
    "UTF-16": (body().decode().encode("utf-16"), 400),
    "50 MB": (b'{"x":"' + b"a" * 50 * MIB + b'"}', 413),
    "1,001 messages": (body(messages=[HI] * 1001), 400),
    "no messages": (body(messages=[]), 400),
    "NaN": (body().replace(b"{", b'{"temperature":NaN,', 1), 400),
    "Infinity": (body().replace(b"{", b'{"temperature":Infinity,', 1), 400),
    "a number out of range": (body().replace(b"{", b'{"seed":1e999,', 1), 400),
    "a lone surrogate": (body().replace(b"Hi", b"\\ud800"), 400),
    "an unknown role": (body(messages=[HI | {"role": "boss"}]), 400),
    "a model of 10 KB": (body(model="a" * 10_240), 400),
    "a model with a slash too many": (body(model="../../etc/passwd\n"), 400),
    "a model that is a number": (body(model=7), 400),
    "no model": (orjson.dumps({"messages": [HI]}), 400),
    "messages as a string": (body(messages="Hi"), 400),
    "messages as an object": (body(messages=HI), 400),
    "a message as a string": (body(messages=["Hi"]), 400),
    "content as a number": (body(messages=[HI | {"content": 7}]), 400),
    "an unknown part": (body(messages=[HI | {"content": [{"type": "hologram"}]}]), 400),
    "a part without a type": (body(messages=[HI | {"content": [{"text": "Hi"}]}]), 400),
    "a text too long": (body(messages=[HI | {"content": "a" * 1_000_001}]), 400),
    "a temperature of 2.1": (body(temperature=2.1), 400),
    "a temperature below 0": (body(temperature=-0.1), 400),
    "a temperature in words": (body(temperature="hot"), 400),
    "a stream that is a word": (body(stream="yes"), 400),
    "stream options as a list": (body(stream=True, stream_options=[1]), 400),
    "an unknown model": (body(model="acme/none"), 404),
}
KEY_LINE = "authorization: Bearer "


def assert_is_error(answer: RawAnswer | None, status: int) -> None:
    assert answer is not None
    assert answer.status == status
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-request-id"].startswith("req_")
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert error["type"].endswith("_error")
    assert len(answer.body) < 2_000
    assert b"Traceback" not in answer.body
    assert b"pydantic" not in answer.body


async def assert_is_healthy(server: AppServer) -> None:
    answer = await exchange(server.url, b"GET /health HTTP/1.1\r\nhost: test\r\n\r\n")
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize("name", BODIES)
async def test_a_bad_body(app_server: AppServer, upstream: Upstream, name: str) -> None:
    content, status = BODIES[name]

    answer = await exchange(app_server.url, post(CHAT, content, KEY_LINE + app_server.key))

    assert_is_error(answer, status)
    await assert_is_healthy(app_server)
    assert upstream.requests == []
    assert await app_server.rows(0) == []


async def test_50_mb_without_a_length(app_server: AppServer) -> None:
    piece = b"100000\r\n" + b"a" * MIB + b"\r\n"
    head = post(CHAT, b"", KEY_LINE + app_server.key, "transfer-encoding: chunked")
    data = head.replace(b"content-length: 0\r\n", b"") + piece * 50 + b"0\r\n\r\n"

    assert_is_error(await exchange(app_server.url, data), 413)
    await assert_is_healthy(app_server)


@pytest.mark.parametrize("size", [64 * 1024, 256 * 1024, 2 * MIB])
async def test_a_huge_header(app_server: AppServer, size: int) -> None:
    line = "x-much: " + "a" * size
    data = post(CHAT, body(), KEY_LINE + app_server.key, line)

    assert_is_error(await exchange(app_server.url, data), 431)
    await assert_is_healthy(app_server)


async def test_a_header_within_the_bound_is_taken(app_server: AppServer) -> None:
    line = "x-much: " + "a" * 60 * 1024
    answer = await exchange(app_server.url, post(CHAT, body(), KEY_LINE + app_server.key, line))

    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999", "abc"])
async def test_a_length_that_is_none_is_refused(app_server: AppServer, length: str) -> None:
    data = post(CHAT, body(), KEY_LINE + app_server.key).replace(
        b"content-length: %d" % len(body()), b"content-length: " + length.encode()
    )
    answer = await exchange(app_server.url, data)

    assert answer is None or 400 <= answer.status < 500
    await assert_is_healthy(app_server)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "BREW"])
@pytest.mark.parametrize("path", [CHAT, "/api/v1/chat/completions"])
async def test_a_wrong_method(app_server: AppServer, method: str, path: str) -> None:
    data = f"{method} {path} HTTP/1.1\r\nhost: test\r\n{KEY_LINE}{app_server.key}\r\n\r\n".encode()
    answer = await exchange(app_server.url, data)

    if method != "BREW":  # the HTTP parser itself knows no such method
        assert_is_error(answer, 405)
    await assert_is_healthy(app_server)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nope",
        "/api/nope",
        "/api/v1/nope",
        "/v1/",
        "/api",
        "/v1/chat/completions/more",
        "/v1/models/acme/none",
        "/v1/%2e%2e/%2e%2e/etc/passwd",
        "/api/%00",
        "/v1/" + "a" * 10_000,
    ],
)
async def test_an_unknown_path(app_server: AppServer, path: str) -> None:
    data = f"GET {path} HTTP/1.1\r\nhost: test\r\n{KEY_LINE}{app_server.key}\r\n\r\n".encode()

    assert_is_error(await exchange(app_server.url, data), 404)
    await assert_is_healthy(app_server)


@pytest.mark.parametrize(
    "line",
    [
        "x-nothing: 1",
        "authorization: Bearer",
        "authorization: Bearer ak_" + "0" * 64,
        "authorization: Basic YTpi",
        "authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "authorization: Bearer \xff\xfe",
        "x-api-key: ",
        "x-api-key: ak_" + "f" * 10_000,
        "cookie: aiportal_session=nonsense",
    ],
)
async def test_a_wrong_credential(app_server: AppServer, line: str) -> None:
    data = post(CHAT, body()).replace(
        b"\r\n\r\n", b"\r\n" + line.encode("latin-1") + b"\r\n\r\n", 1
    )

    assert_is_error(await exchange(app_server.url, data), 401)


RUBBISH: dict[str, bytes] = {
    "random bytes": bytes(range(256)) * 8,
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "no version": b"POST " + CHAT.encode() + b"\r\n\r\n",
    "a header without a colon": b"GET /health HTTP/1.1\r\nrubbish\r\n\r\n",
    "both lengths": post(CHAT, body(), "transfer-encoding: chunked"),
    "a bad chunk": post(CHAT, b"", "transfer-encoding: chunked").replace(
        b"content-length: 0\r\n", b""
    )
    + b"zz\r\nabc\r\n",
}


@pytest.mark.parametrize("name", RUBBISH)
async def test_what_is_not_http_is_refused(app_server: AppServer, name: str) -> None:
    answer = await exchange(app_server.url, RUBBISH[name])

    assert answer is None or 400 <= answer.status < 500
    await assert_is_healthy(app_server)


async def test_rubbish_behind_a_good_request(app_server: AppServer) -> None:
    good = post(CHAT, body(), KEY_LINE + app_server.key)

    answer = await exchange(app_server.url, good + b"\x00\x01 rubbish\r\n\r\n")

    assert answer is None or answer.status in {200, 400}
    await assert_is_healthy(app_server)


async def test_pipelined_requests_are_answered_in_order(app_server: AppServer) -> None:
    good = post(CHAT, body(), KEY_LINE + app_server.key)

    answer = await exchange(app_server.url, good + post(CHAT, b"{", KEY_LINE + app_server.key))

    assert answer is not None
    assert answer.status == 200
    await assert_is_healthy(app_server)
