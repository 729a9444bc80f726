"""Embeddings, images, moderations and rerank through the portal, as bytes and through the client."""

import base64
import io
import json
import resource
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types import ModerationTextInputParam

from aiportal.dialects.operations import ANSWER_KEYS, Operation
from tests.integration.calls import client
from tests.running import AppServer
from tests.upstreams import (
    PIXEL,
    VECTOR,
    Upstream,
    embeddings,
    error,
    images,
    plain,
    ranking,
    write_model_config,
)

MODEL = "acme/fast"
BODIES: dict[Operation, dict[str, Any]] = {
    "embeddings": {"input": ["a", "b"], "encoding_format": "float"},
    "images/generations": {"prompt": "a cat", "n": 1},
    "images/edits": {"prompt": "a hat", "images": [{"image_url": "data:image/png;base64,AA=="}]},
    "moderations": {"input": "Hi"},
    "rerank": {"query": "Hi", "documents": ["a", {"text": "b"}], "top_n": 2},
}


async def ask(server: AppServer, operation: Operation, **fields: Any) -> httpx.Response:
    async with client(server) as session:
        return await session.post(
            f"/v1/{operation}", json={"model": MODEL} | BODIES[operation] | fields
        )


@pytest.fixture(params=["/v1", "/api/v1"])
async def openai_client(
    request: pytest.FixtureRequest, app_server: AppServer
) -> AsyncIterator[openai.AsyncOpenAI]:
    base = f"{app_server.url}{request.param}"
    async with openai.AsyncOpenAI(
        base_url=base, api_key=app_server.key, max_retries=0, timeout=10
    ) as client:
        yield client


@pytest.mark.parametrize("operation", BODIES)
async def test_an_answer_comes_back_byte_for_byte(
    app_server: AppServer, upstream: Upstream, operation: Operation
) -> None:
    body = f'{{ "{ANSWER_KEYS[operation]}": [ ], "x":1e2}}\n'.encode()
    upstream.answer("fast", plain(body))

    answer = await ask(app_server, operation, x_vendor={"zero": 0})

    assert answer.content == body
    assert upstream.last().path == f"/v1/{operation}"
    assert upstream.last().json["x_vendor"] == {"zero": 0}
    assert upstream.last().json["model"] == "fast"


@pytest.mark.parametrize("operation", BODIES)
async def test_a_call_has_its_headers_and_its_row(
    app_server: AppServer, operation: Operation
) -> None:
    answer = await ask(app_server, operation)
    (row,) = await app_server.rows()

    assert answer.status_code == 200
    assert answer.headers["x-aiportal-model"] == answer.headers["x-aiportal-deployment"] == MODEL
    assert float(answer.headers["x-aiportal-cost"]) == pytest.approx(row.cost_usd)
    assert (row.endpoint, row.status, row.model) == (operation, 200, MODEL)
    assert row.request_id == answer.headers["x-request-id"]
    assert row.prompt_tokens > 0


@pytest.mark.parametrize("operation", BODIES)
async def test_an_upstreams_refusal_comes_back_and_has_a_row(
    app_server: AppServer, upstream: Upstream, operation: Operation
) -> None:
    upstream.answer("fast", error(400, "Not this.", code="nope", param="input"))

    answer = await ask(app_server, operation)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "nope"
    assert [row.status for row in await app_server.rows()] == [400]


@pytest.mark.parametrize("operation", BODIES)
async def test_an_answer_that_is_none_is_the_upstreams_failure(
    app_server: AppServer, upstream: Upstream, operation: Operation
) -> None:
    upstream.answer("fast", plain(b'{"object": "list"}'))

    assert (await ask(app_server, operation)).status_code == 502


async def test_vectors_as_floats(openai_client: openai.AsyncOpenAI, upstream: Upstream) -> None:
    answer = await openai_client.embeddings.create(
        model=MODEL, input=["a", "b"], encoding_format="float"
    )

    assert [tuple(each.embedding) for each in answer.data] == [VECTOR, VECTOR]
    assert answer.usage.total_tokens == 7


@pytest.mark.parametrize("form", ["float", "base64"])
async def test_vectors_as_the_client_asks_by_itself(
    openai_client: openai.AsyncOpenAI, upstream: Upstream, form: Any
) -> None:
    upstream.answer("fast", embeddings(form))

    answer = await openai_client.embeddings.create(model=MODEL, input=[1, 2, 3], dimensions=3)

    assert tuple(answer.data[0].embedding) == VECTOR
    assert upstream.last().json["encoding_format"] == "base64"
    assert upstream.last().json["input"] == [1, 2, 3]


async def test_floats_become_base64_where_that_was_asked(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", embeddings("float"))

    answer = await ask(app_server, "embeddings", encoding_format="base64")

    packed = base64.b64decode(answer.json()["data"][0]["embedding"])
    assert struct.unpack("<3f", packed) == VECTOR


async def test_base64_becomes_floats_where_those_were_asked(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", embeddings("base64", vector=VECTOR * 40_000))  # off the loop

    answer = await ask(app_server, "embeddings", encoding_format="float")

    assert answer.json()["data"][1]["embedding"] == list(VECTOR * 40_000)


async def test_a_vector_that_cannot_be_read(app_server: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", plain(b'{"data": [{"embedding": "AAA"}]}'))

    assert (await ask(app_server, "embeddings")).status_code == 502


async def test_an_image(openai_client: openai.AsyncOpenAI) -> None:
    answer = await openai_client.images.generate(model=MODEL, prompt="a cat", size="1024x1024")

    assert answer.data is not None
    assert answer.data[0].b64_json == PIXEL
    assert answer.usage is not None
    assert answer.usage.input_tokens_details.image_tokens == 40


async def test_images_are_changed_by_a_form(
    openai_client: openai.AsyncOpenAI, upstream: Upstream, app_server: AppServer
) -> None:
    pictures = [("a.png", bytes(range(256)) * 9000), ("b.png", b"\r\n--b")]
    files = [(name, io.BytesIO(content), "image/png") for name, content in pictures]

    answer = await openai_client.images.edit(
        model=MODEL, prompt="añade un sombrero", image=files, n=2, extra_body={"x_vendor": "0"}
    )

    assert answer.data is not None
    form = upstream.last().form
    assert sorted(content for name, content in form if name == "image[]") == sorted(
        content for _, content in pictures
    )
    fields = dict(form)
    assert fields["prompt"].decode() == "añade un sombrero"
    assert (fields["model"], fields["n"], fields["x_vendor"]) == (b"fast", b"2", b"0")
    assert [row.endpoint for row in await app_server.rows()] == ["images/edits"]


async def test_a_field_that_comes_twice_goes_on_twice(
    app_server: AppServer, upstream: Upstream
) -> None:
    data = {"model": MODEL, "prompt": "a hat", "tag": ["a", "b"]}
    async with client(app_server) as session:
        await session.post("/v1/images/edits", data=data, files={"image": b"png"})

    assert [content for name, content in upstream.last().form if name == "tag"] == [b"a", b"b"]


async def test_names_in_a_form_cannot_break_out(app_server: AppServer, upstream: Upstream) -> None:
    files = {"image": ('a".png\r\nX: 1', b"png", "image/png\r\nX: 1")}
    async with client(app_server) as session:
        answer = await session.post(
            "/v1/images/edits", data={"model": MODEL, "prompt": "a hat"}, files=files
        )

    assert answer.status_code in {200, 400}
    assert not any(b"\r\nX: 1" in request.body for request in upstream.requests)


@pytest.fixture
def no_large_files() -> Iterator[None]:
    """A write that would make a file larger than 2 MiB fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 1024 * 1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("no_large_files")
async def test_a_large_form_is_never_written_to_a_file(
    app_server: AppServer, upstream: Upstream
) -> None:
    picture = bytes(3_000_000)
    async with client(app_server) as session:
        answer = await session.post(
            "/v1/images/edits", data={"model": MODEL, "prompt": "hat"}, files={"image": picture}
        )

    assert answer.status_code == 200
    assert dict(upstream.last().form)["image"] == picture


async def test_a_form_is_sent_again_after_a_failure(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", error(500), images())
    async with client(app_server) as session:
        answer = await session.post(
            "/v1/images/edits", data={"model": MODEL, "prompt": "hat"}, files={"image": b"png"}
        )

    assert answer.status_code == 200
    assert [dict(each.form)["image"] for each in upstream.requests] == [b"png", b"png"]


async def test_a_moderation(openai_client: openai.AsyncOpenAI, upstream: Upstream) -> None:
    part: ModerationTextInputParam = {"type": "text", "text": "Hi"}

    answer = await openai_client.moderations.create(model=MODEL, input=[part])

    assert answer.results[0].flagged is False
    assert upstream.last().json["input"] == [part]


@pytest.mark.parametrize(
    ("told", "tokens", "is_estimated"),
    [
        ({"usage": {"total_tokens": 815}}, 815, False),
        ({"meta": {"tokens": {"input_tokens": 33, "output_tokens": 0}}}, 33, False),
        ({"meta": {"billed_units": {"input_tokens": 34}}}, 34, False),
        ({"meta": {"billed_units": {"search_units": 1}}}, 1, True),
    ],
)
async def test_what_a_ranking_used(
    app_server: AppServer, upstream: Upstream, told: Any, tokens: int, is_estimated: bool
) -> None:
    upstream.answer("fast", ranking(**told))

    answer = await ask(app_server, "rerank")
    (row,) = await app_server.rows()

    assert [each["index"] for each in answer.json()["results"]] == [1, 0]
    assert (row.prompt_tokens, row.estimated) == (tokens, is_estimated)


async def test_tokens_of_images_have_their_row(app_server: AppServer, upstream: Upstream) -> None:
    await ask(app_server, "images/generations")
    (row,) = await app_server.rows()

    assert (row.prompt_tokens, row.completion_tokens) == (50, 272)
    assert json.loads(upstream.last().body)["prompt"] == "a cat"


async def test_an_unknown_model_is_not_found(openai_client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        await openai_client.embeddings.create(model="acme/none", input="a")


async def test_a_fallback_that_cannot_do_it_is_passed_over(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fallen", error(500))

    answer = await ask(app_server, "embeddings", model="acme/fallen")

    assert answer.status_code == 502
    assert [(row.model, row.status) for row in await app_server.rows()] == [("acme/fallen", 502)]


@pytest.fixture
def portal_config(tmp_path: Path, upstream: Upstream) -> Path:
    """`acme/fast`, and `acme/fallen` whose fallback can only chat."""
    folder = tmp_path / "model_config"
    write_model_config(folder, upstream.url)
    write_model_config(folder, upstream.url, models=("claude",), model={"dialect": "anthropic"})
    fallen = {"fallbacks": ["acme/claude"], "retries": 0}
    return write_model_config(folder, upstream.url, models=("fallen",), model=fallen)
