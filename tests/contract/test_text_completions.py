"""Bad input on `/completions`: always an error in OpenAI's shape, and no provider is asked."""

import orjson
import pytest

from tests.contract.raw_http import exchange, post
from tests.contract.test_bad_input import DEEP, KEY_LINE, assert_is_error, assert_is_healthy
from tests.running import AppServer
from tests.upstreams import Upstream

PATH = "/v1/completions"


def body(**fields: object) -> bytes:
    return orjson.dumps({"model": "acme/fast", "prompt": "Hi"} | fields)


BODIES: dict[str, tuple[bytes, int]] = {
    "an empty body": (b"", 400),
    "null": (b"null", 400),
    "100,000 deep": (DEEP, 400),
    "NaN": (body().replace(b"{", b'{"temperature":NaN,', 1), 400),
    "no prompt": (orjson.dumps({"model": "acme/fast"}), 400),
    "tokens": (body(prompt=[1, 2]), 400),
    "several prompts": (body(prompt=["a", "b"]), 400),
    "a text too long": (body(prompt="a" * 1_000_001), 400),
    "a gap": (body(suffix="end"), 400),
    "a stream that is a word": (body(stream="yes"), 400),
    "a model that is a number": (body(model=7), 400),
    "an unknown model": (body(model="acme/none"), 404),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_bad_body(app_server: AppServer, upstream: Upstream, name: str) -> None:
    content, status = BODIES[name]

    answer = await exchange(app_server.url, post(PATH, content, KEY_LINE + app_server.key))

    assert_is_error(answer, status)
    await assert_is_healthy(app_server)
    assert upstream.requests == []
    assert await app_server.rows(0) == []
