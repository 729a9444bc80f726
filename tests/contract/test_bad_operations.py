"""Bad input on the routes beside chat: an error in OpenAI's shape, and no upstream is asked."""

from typing import Any

import httpx
import orjson
import pytest

from tests.contract.raw_http import RawAnswer, exchange, post
from tests.contract.test_bad_input import DEEP, MIB, assert_is_error, assert_is_healthy
from tests.loopback import NO_TLS
from tests.running import AppServer
from tests.upstreams import Upstream, write_model_config

GOOD: dict[str, dict[str, Any]] = {
    "embeddings": {"input": "Hi"},
    "images/generations": {"prompt": "a cat"},
    "images/edits": {"prompt": "a hat", "images": [{"image_url": "https://example.org/a.png"}]},
    "moderations": {"input": "Hi"},
    "rerank": {"query": "Hi", "documents": ["a"]},
}
NOT_OBJECTS = {
    "an empty body": b"",
    "no JSON": b"input=Hi",
    "a list": b"[]",
    "null": b"null",
    "100,000 deep": DEEP,
    "invalid UTF-8": b'{"model": "\xff"}',
}
LONG = "a" * 1_000_001
FIELDS: list[tuple[str, dict[str, Any]]] = [
    *((operation, {"model": 7}) for operation in GOOD),
    *((operation, {"model": "a" * 10_240}) for operation in GOOD),
    *((operation, {"model": "../x\n"}) for operation in GOOD),
    ("embeddings", {"input": ""}),
    ("embeddings", {"input": []}),
    ("embeddings", {"input": [""]}),
    ("embeddings", {"input": ["a", 1]}),
    ("embeddings", {"input": [[]]}),
    ("embeddings", {"input": [-1]}),
    ("embeddings", {"input": [1.5]}),
    ("embeddings", {"input": {"text": "a"}}),
    ("embeddings", {"input": ["a"] * 2_049}),
    ("embeddings", {"input": [1] * 131_073}),
    ("embeddings", {"input": LONG}),
    ("embeddings", {"input": ["a", LONG]}),
    ("embeddings", {"encoding_format": "hex"}),
    ("embeddings", {"dimensions": 0}),
    ("embeddings", {"dimensions": "3"}),
    ("images/generations", {"prompt": ""}),
    ("images/generations", {"prompt": ["a"]}),
    ("images/generations", {"prompt": LONG}),
    ("images/generations", {"n": 0}),
    ("images/generations", {"n": 11}),
    ("images/generations", {"n": "1"}),
    ("images/generations", {"size": 1024}),
    ("images/generations", {"stream": True}),
    ("images/edits", {"images": []}),
    ("images/edits", {"images": [{"file_id": "a"}] * 17}),
    ("images/edits", {"stream": True}),
    ("moderations", {"input": 7}),
    ("moderations", {"input": []}),
    ("moderations", {"input": [{"type": "audio"}]}),
    ("moderations", {"input": [{"text": "a"}]}),
    ("moderations", {"input": ["a", {"type": "text", "text": "a"}]}),
    ("moderations", {"input": LONG}),
    ("rerank", {"query": ""}),
    ("rerank", {"query": LONG}),
    ("rerank", {"documents": []}),
    ("rerank", {"documents": "a"}),
    ("rerank", {"documents": [7]}),
    ("rerank", {"documents": [{"title": "a"}]}),
    ("rerank", {"documents": [LONG]}),
    ("rerank", {"documents": ["a"] * 10_001}),
    ("rerank", {"top_n": 0}),
    ("rerank", {"top_n": "1"}),
    ("rerank", {"return_documents": "yes"}),
]


async def send(server: AppServer, operation: str, body: bytes, *lines: str) -> RawAnswer | None:
    key = f"authorization: Bearer {server.key}"
    return await exchange(server.url, post(f"/v1/{operation}", body, key, *lines), timeout_s=2)


async def assert_is_refused(
    server: AppServer, upstream: Upstream, operation: str, body: bytes, status: int = 400
) -> RawAnswer:
    answer = await send(server, operation, body)
    assert_is_error(answer, status)
    assert answer is not None
    assert upstream.requests == []
    assert await server.rows(0) == []
    return answer


@pytest.mark.parametrize("operation", GOOD)
async def test_what_is_no_object(
    app_server: AppServer, upstream: Upstream, operation: str, subtests: pytest.Subtests
) -> None:
    for name, body in NOT_OBJECTS.items():
        with subtests.test(name):
            await assert_is_refused(app_server, upstream, operation, body)


async def test_a_bad_field_is_named(
    app_server: AppServer, upstream: Upstream, subtests: pytest.Subtests
) -> None:
    for operation, fields in FIELDS:
        with subtests.test(f"{operation} {str(fields)[:60]}"):
            body = orjson.dumps({"model": "acme/fast"} | GOOD[operation] | fields)
            answer = await assert_is_refused(app_server, upstream, operation, body)
            param = answer.json()["error"]["param"]
            assert param.split(".")[0] == next(iter(fields))
            assert "constrained" not in param


@pytest.mark.parametrize("operation", GOOD)
async def test_a_missing_field_is_named(
    app_server: AppServer, upstream: Upstream, operation: str
) -> None:
    body = {"model": "acme/fast"} | GOOD[operation]
    for name in body:
        less = {key: value for key, value in body.items() if key != name}
        answer = await assert_is_refused(app_server, upstream, operation, orjson.dumps(less))
        assert answer.json()["error"]["param"] == name


@pytest.mark.parametrize("operation", GOOD)
async def test_a_model_that_is_not_there(
    app_server: AppServer, upstream: Upstream, operation: str
) -> None:
    body = orjson.dumps(GOOD[operation] | {"model": "acme/none"})

    await assert_is_refused(app_server, upstream, operation, body, 404)


@pytest.mark.parametrize("operation", GOOD)
async def test_50_mb(app_server: AppServer, upstream: Upstream, operation: str) -> None:
    body = b'{"x":"' + b"a" * 50 * MIB + b'"}'

    await assert_is_refused(app_server, upstream, operation, body, 413)


@pytest.mark.parametrize("operation", GOOD)
async def test_another_method(app_server: AppServer, operation: str) -> None:
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=app_server.url, headers=app_server.headers
    ) as client:
        answer = await client.get(f"/v1/{operation}")

    assert answer.status_code == 405


@pytest.mark.parametrize("operation", GOOD)
async def test_a_call_without_a_key(app_server: AppServer, operation: str) -> None:
    body = orjson.dumps({"model": "acme/fast"} | GOOD[operation])

    assert_is_error(await exchange(app_server.url, post(f"/v1/{operation}", body)), 401)


PNG = ("a.png", b"png", "image/png")
FORMS: dict[str, tuple[dict[str, Any], list[tuple[str, Any]]]] = {
    "no image": ({"prompt": "hat"}, [("mask", PNG)]),
    "no prompt": ({}, [("image", PNG)]),
    "18 images": ({"prompt": "hat"}, [("image[]", PNG)] * 18),
    "n of 0": ({"prompt": "hat", "n": "0"}, [("image", PNG)]),
    "n in words": ({"prompt": "hat", "n": "two"}, [("image", PNG)]),
    "a stream": ({"prompt": "hat", "stream": "true"}, [("image", PNG)]),
    "two prompts": ({"prompt": ["hat", "cat"]}, [("image", PNG)]),
    "a prompt too long": ({"prompt": LONG}, [("image", PNG)]),
    "a prompt far too long": ({"prompt": "a" * 5 * MIB}, [("image", PNG)]),
    "a prompt as a file": ({}, [("image", PNG), ("prompt", PNG)]),
    "101 fields": ({"prompt": "hat", "x": ["a"] * 100}, [("image", PNG)]),
    "a field without a name": ({"prompt": "hat", "": "a"}, [("image", PNG)]),
}


@pytest.mark.parametrize("name", FORMS)
async def test_a_bad_form(app_server: AppServer, upstream: Upstream, name: str) -> None:
    fields, files = FORMS[name]
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=app_server.url, headers=app_server.headers
    ) as client:
        answer = await client.post(
            "/v1/images/edits", data={"model": "acme/fast"} | fields, files=files
        )

    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert upstream.requests == []


RUBBISH = {
    "no boundary": ("multipart/form-data", b"--x\r\n\r\n--x--\r\n"),
    "another boundary": ("multipart/form-data; boundary=x", b"--y\r\n\r\n--y--\r\n"),
    "cut": (
        "multipart/form-data; boundary=x",
        b'--x\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\npng',
    ),
    "cut behind its parts": (
        "multipart/form-data; boundary=x",
        (
            b'--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nacme/fast\r\n'
            b'--x\r\ncontent-disposition: form-data; name="prompt"\r\n\r\na\r\n'
            b'--x\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\npng\r\n--x'
        ),
    ),
    "no disposition": ("multipart/form-data; boundary=x", b"--x\r\na: b\r\n\r\nc\r\n--x--\r\n"),
    "bytes": ("multipart/form-data; boundary=x", bytes(range(256)) * 100),
    "nothing": ("multipart/form-data; boundary=x", b""),
}


@pytest.mark.parametrize("name", RUBBISH)
async def test_what_is_no_form(app_server: AppServer, upstream: Upstream, name: str) -> None:
    content_type, content = RUBBISH[name]
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=app_server.url, headers=app_server.headers
    ) as client:
        headers = {"content-type": content_type}
        answer = await client.post("/v1/images/edits", content=content, headers=headers)

    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert upstream.requests == []
    await assert_is_healthy(app_server)


async def test_a_form_that_is_too_large(app_server: AppServer) -> None:
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=app_server.url, headers=app_server.headers
    ) as client:
        files = {"image": ("a.png", b"a" * 33 * MIB, "image/png")}
        answer = await client.post("/v1/images/edits", data={"prompt": "a"}, files=files)

    assert answer.status_code == 413


@pytest.mark.parametrize("operation", GOOD)
async def test_a_model_without_its_key(
    app_server: AppServer, wired_settings: Any, upstream: Upstream, operation: str
) -> None:
    body = orjson.dumps(GOOD[operation] | {"model": "acme/locked"})

    await assert_is_refused(app_server, upstream, operation, body, 503)


@pytest.mark.parametrize("operation", GOOD)
async def test_a_model_of_another_dialect_says_so(
    app_server: AppServer, upstream: Upstream, operation: str
) -> None:
    body = orjson.dumps(GOOD[operation] | {"model": "acme/claude"})

    answer = await assert_is_refused(app_server, upstream, operation, body)

    assert "does not offer" in answer.json()["error"]["message"]


@pytest.fixture
def portal_config(tmp_path: Any, upstream: Upstream) -> Any:
    """`acme/fast`, `acme/locked` whose key is missing, and `acme/claude` of Anthropic's dialect."""
    folder = tmp_path / "model_config"
    write_model_config(folder, upstream.url)
    write_model_config(folder, upstream.url, models=("locked",), model={"apiKeyEnv": "ACME_NO_KEY"})
    return write_model_config(
        folder, upstream.url, models=("claude",), model={"dialect": "anthropic"}
    )
