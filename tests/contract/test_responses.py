"""Bad input on `/responses`, other people's responses, and the shape of every error."""

import json
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.raw_http import exchange, post
from tests.contract.test_any_body import ANY_JSON, assert_is_right
from tests.contract.test_bad_input import DEEP, KEY_LINE, MIB, assert_is_error, assert_is_healthy
from tests.loopback import NO_TLS
from tests.running import AppServer
from tests.upstreams import Upstream

PATH = "/v1/responses"
HI = {"role": "user", "content": "Hi"}
MISSING = "resp_" + "0" * 32


def body(**fields: object) -> bytes:
    return orjson.dumps({"model": "acme/fast", "input": "Hi"} | fields)


BODIES: dict[str, tuple[bytes, int]] = {
    "an empty body": (b"", 400),
    "no JSON": (b"model=acme/fast&input=Hi", 400),
    "cut JSON": (body()[:-5], 400),
    "a list": (b"[" + body() + b"]", 400),
    "null": (b"null", 400),
    "100,000 deep in a field": (body()[:-1] + b',"x":' + DEEP + b"}", 400),
    "300 deep in a tool": (
        body(tools=[{"type": "function", "name": "f", "parameters": {"a": 1}}]).replace(
            b'"a":1', b'"a":' + b"[" * 300 + b"]" * 300
        ),
        400,
    ),
    "invalid UTF-8": (body().replace(b"Hi", b"\xff\xfe"), 400),
    "50 MB": (b'{"x":"' + b"a" * 50 * MIB + b'"}', 413),
    "1,001 items": (body(input=[HI] * 1001), 400),
    "no items": (body(input=[]), 400),
    "no input": (orjson.dumps({"model": "acme/fast"}), 400),
    "NaN": (body().replace(b"{", b'{"temperature":NaN,', 1), 400),
    "a lone surrogate": (body().replace(b"Hi", b"\\ud800"), 400),
    "an unknown role": (body(input=[HI | {"role": "boss"}]), 400),
    "a model that is a number": (body(model=7), 400),
    "a model with a slash too many": (body(model="../../etc/passwd\n"), 400),
    "input as a number": (body(input=7), 400),
    "an item as a string": (body(input=["Hi"]), 400),
    "an item as null": (body(input=[None]), 400),
    "content as a number": (body(input=[HI | {"content": 7}]), 400),
    "an unknown part": (body(input=[HI | {"content": [{"type": "hologram"}]}]), 400),
    "a part without a type": (body(input=[HI | {"content": [{"text": "Hi"}]}]), 400),
    "a part as a string": (body(input=[HI | {"content": ["Hi"]}]), 400),
    "a text too long": (body(input="a" * 1_000_001), 400),
    "a stream that is a word": (body(stream="yes"), 400),
    "a temperature of 2.1": (body(temperature=2.1), 400),
    "an unknown tool": (body(tools=[{"type": "web_search"}]), 400),
    "tools as a text": (body(tools="all"), 400),
    "metadata that is a list": (body(metadata=[1]), 400),
    "in the background": (body(background=True), 400),
    "no tokens at all": (body(max_output_tokens=0), 400),
    "an unknown model": (body(model="acme/none"), 404),
    "an unknown previous response": (body(previous_response_id=MISSING), 404),
    "a previous response that is a number": (body(previous_response_id=7), 400),
    "a reference to nothing": (body(input=[{"type": "item_reference", "id": "msg_1"}]), 400),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_bad_body(app_server: AppServer, upstream: Upstream, name: str) -> None:
    content, status = BODIES[name]

    answer = await exchange(app_server.url, post(PATH, content, KEY_LINE + app_server.key))

    assert_is_error(answer, status)
    await assert_is_healthy(app_server)
    assert upstream.requests == []
    assert await app_server.rows(0) == []


CALLS = [
    ("GET", ""),
    ("DELETE", ""),
    ("POST", "/cancel"),
    ("GET", "/input_items"),
]


@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
async def test_anothers_response_is_not_found(app_server: AppServer, base: str) -> None:
    portal = app_server.portal
    operator = await portal.users.operator()
    await portal.users.create(operator, username="ben", password="Abcdefg1!")
    _, bens = await portal.keys.create(operator, name="ben's", username="ben")
    ben = {"Authorization": f"Bearer {bens}"}
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url) as session:
        url = f"{base}/responses"
        own = app_server.headers
        made = (await session.post(url, content=body(), headers=own)).json()
        for method, tail in CALLS:
            answer = await session.request(method, f"{url}/{made['id']}{tail}", headers=ben)
            assert answer.status_code == 404
            assert answer.json()["error"]["type"] == "not_found_error"
        going_on = body(previous_response_id=made["id"])
        assert (await session.post(url, content=going_on, headers=ben)).status_code == 404
        assert (await session.post(url, content=going_on, headers=own)).status_code == 200
        assert (await session.get(f"{url}/{made['id']}", headers=own)).status_code == 200


@pytest.mark.parametrize(("method", "tail"), CALLS)
async def test_nothing_is_told_without_a_key(app_server: AppServer, method: str, tail: str) -> None:
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url) as session:
        answer = await session.request(method, f"{PATH}/{MISSING}{tail}")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "order=up", "after=nothing", "after="]
)
async def test_a_bad_page(app_server: AppServer, query: str) -> None:
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=app_server.url, headers=app_server.headers
    ) as session:
        made = (await session.post(PATH, content=body())).json()
        answer = await session.get(f"{PATH}/{made['id']}/input_items?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == query.partition("=")[0]


async def test_no_response_is_streamed_twice(app_server: AppServer) -> None:
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=app_server.url, headers=app_server.headers
    ) as session:
        made = (await session.post(PATH, content=body())).json()
        answer = await session.get(f"{PATH}/{made['id']}?stream=true")
    assert answer.status_code == 400


# Generated bodies

TYPES = ["message", "function_call", "function_call_output", "reasoning", "item_reference"]
PART = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["input_text", "input_image", "input_file", "output_text", "refusal"]
        )
    },
    optional={"text": st.text(max_size=9) | ANY_JSON, "image_url": ANY_JSON, "refusal": ANY_JSON},
)
ITEM = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(TYPES) | ANY_JSON,
        "role": st.sampled_from(["user", "assistant", "system"]) | ANY_JSON,
        "content": st.text(max_size=9) | st.lists(PART, max_size=3) | ANY_JSON,
        "call_id": st.just("call_1") | ANY_JSON,
        "name": st.just("f") | ANY_JSON,
        "arguments": st.just("{}") | ANY_JSON,
        "output": st.text(max_size=9) | st.lists(PART, max_size=2) | ANY_JSON,
        "summary": ANY_JSON,
        "id": st.text(max_size=5) | ANY_JSON,
    },
)
GENERATED = st.fixed_dictionaries(
    {
        "model": st.just("acme/fast"),
        "input": st.text(max_size=9) | st.lists(ITEM, max_size=4) | ANY_JSON,
    },
    optional={
        "instructions": st.text(max_size=9) | ANY_JSON,
        "stream": st.booleans() | ANY_JSON,
        "store": st.booleans() | ANY_JSON,
        "tools": ANY_JSON,
        "tool_choice": ANY_JSON,
        "text": ANY_JSON,
        "reasoning": ANY_JSON,
        "metadata": ANY_JSON,
        "include": ANY_JSON,
        "previous_response_id": ANY_JSON,
        "top_logprobs": st.integers(-1, 21) | ANY_JSON,
        "prompt_cache_options": ANY_JSON,
        "x_vendor": ANY_JSON,
    },
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(generated=GENERATED)
def test_any_json_as_body(portal: httpx.Client, generated: Any) -> None:
    content = json.dumps(generated).encode()

    assert_is_right(portal.post(PATH, content=content), content)
