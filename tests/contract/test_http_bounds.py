"""What the HTTP protocol itself refuses, before there is a request."""

import pytest

from tests.contract.raw_http import exchange
from tests.running import AppServer


async def test_a_head_that_does_not_end_is_refused_before_it_fills_the_memory(
    app_server: AppServer,
) -> None:
    endless = b"GET /health HTTP/1.1\r\nx-much: " + b"a" * 1024 * 1024
    answer = await exchange(app_server.url, endless)
    assert answer is not None
    assert (answer.status, answer.json()["error"]["code"]) == (431, "headers_too_large")


async def test_many_short_headers_count_together(app_server: AppServer) -> None:
    endless = b"GET /health HTTP/1.1\r\n" + b"x: y\r\n" * 200_000
    answer = await exchange(app_server.url, endless)
    assert answer is not None
    assert answer.status == 431


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET\r\n\r\n"])
async def test_what_is_no_http_gets_an_error_of_our_shape(
    app_server: AppServer, data: bytes
) -> None:
    answer = await exchange(app_server.url, data)
    assert answer is not None
    assert (answer.status, answer.json()["error"]["type"]) == (400, "invalid_request_error")


async def test_a_body_of_any_size_is_no_head(app_server: AppServer) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
    answer = await exchange(app_server.url, head + b"a" * 1_000_000)
    assert answer is not None
    assert answer.status == 404
