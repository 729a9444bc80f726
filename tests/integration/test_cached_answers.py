"""Answers given again: byte for byte, for nothing, to the same caller only, and never a broken one."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.calls import CHAT, chat_body, client
from tests.running import AppServer
from tests.upstreams import (
    DONE,
    Gate,
    Reset,
    Upstream,
    chunk,
    embeddings,
    error,
    plain,
    stream,
    text,
    write_model_config,
)

CACHE = "x-aiportal-cache"


async def ask(
    server: AppServer,
    wish: str | None = "60",
    *,
    path: str = CHAT,
    key: str | None = None,
    **fields: Any,
) -> httpx.Response:
    headers = {} if wish is None else {CACHE: wish}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    async with client(server) as session:
        return await session.post(path, json=chat_body(**fields), headers=headers)


@pytest.mark.parametrize("is_stream", [False, True])
async def test_an_answer_comes_again_byte_for_byte_and_costs_nothing(
    app_server: AppServer, upstream: Upstream, is_stream: bool
) -> None:
    upstream.answer("fast", text("one", x_vendor=[1]), text("two"))

    first = await ask(app_server, stream=is_stream)
    second = await ask(app_server, stream=is_stream)

    assert second.content == first.content
    assert first.headers["content-type"] == second.headers["content-type"]
    assert (first.headers[CACHE], second.headers[CACHE]) == ("miss", "hit")
    assert "age" not in first.headers
    assert second.headers["age"] == "0"
    assert second.headers["x-aiportal-cost"] == "0"
    assert second.headers["x-aiportal-model"] == second.headers["x-aiportal-deployment"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert [row.request_id for row in await app_server.rows()] == [first.headers["x-request-id"]]
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("wish", [None, "off"])
async def test_nothing_is_cached_unasked(
    app_server: AppServer, upstream: Upstream, wish: str | None
) -> None:
    await ask(app_server)

    answer = await ask(app_server, wish)

    assert CACHE not in answer.headers
    assert len(upstream.requests) == 2


async def test_zero_asks_anew(app_server: AppServer, upstream: Upstream) -> None:
    await ask(app_server)

    assert (await ask(app_server, "0")).headers[CACHE] == "miss"
    assert len(upstream.requests) == 2


async def test_streamed_and_unstreamed_are_kept_apart(
    app_server: AppServer, upstream: Upstream
) -> None:
    await ask(app_server, stream=True)

    answer = await ask(app_server)

    assert answer.headers[CACHE] == "miss"
    assert answer.json()["choices"]


async def test_a_wish_that_is_none_is_refused(app_server: AppServer, upstream: Upstream) -> None:
    answer = await ask(app_server, "soon")

    assert answer.status_code == 400
    assert "x-aiportal-cache" in answer.json()["error"]["message"]
    assert upstream.requests == []


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_failure_is_not_kept(
    app_server: AppServer, upstream: Upstream, is_stream: bool
) -> None:
    upstream.answer("fast", error(400), text("well"))

    assert (await ask(app_server, stream=is_stream)).status_code == 400
    assert (await ask(app_server, stream=is_stream)).headers[CACHE] == "miss"


@pytest.mark.parametrize(
    "steps",
    [
        (chunk("half"), Reset()),
        (chunk("half"), DONE),
        (chunk("half"),),
        (chunk("half"), b'data: {"error": {"message": "no"}}\n\n', chunk(finish="stop"), DONE),
    ],
)
async def test_a_stream_that_failed_is_not_kept(
    app_server: AppServer, upstream: Upstream, steps: Any
) -> None:
    upstream.answer("fast", stream(*steps), text("whole"))

    assert b'"error"' in (await ask(app_server, stream=True)).content
    second = await ask(app_server, stream=True)

    assert second.headers[CACHE] == "miss"
    assert b"whole" in second.content


async def test_an_answer_whose_caller_left_is_not_kept(
    app_server: AppServer, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.answer("fast", stream(chunk("half"), gate, chunk(finish="stop"), DONE), text("whole"))
    async with (
        client(app_server) as session,
        session.stream("POST", CHAT, json=chat_body(stream=True), headers={CACHE: "60"}) as answer,
    ):
        await anext(answer.aiter_bytes())
    await app_server.rows()
    gate.open()

    assert (await ask(app_server, stream=True)).headers[CACHE] == "miss"


async def test_another_user_never_gets_it(app_server: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", text("for the admin"), text("for bob"))
    operator = await app_server.portal.users.operator()
    await app_server.portal.users.create(operator, username="bob", password="Passw0rd!")
    _, key = await app_server.portal.keys.create(operator, name="bob's", username="bob")
    await ask(app_server)

    answer = await ask(app_server, key=key)

    assert answer.headers[CACHE] == "miss"
    assert answer.json()["choices"][0]["message"]["content"] == "for bob"


async def test_the_same_user_by_another_key_gets_it(
    app_server: AppServer, upstream: Upstream
) -> None:
    operator = await app_server.portal.users.operator()
    _, key = await app_server.portal.keys.create(operator, name="second")
    await ask(app_server)

    assert (await ask(app_server, key=key)).headers[CACHE] == "hit"


async def test_a_restricted_key_gets_only_its_own(
    app_server: AppServer, upstream: Upstream
) -> None:
    operator = await app_server.portal.users.operator()
    _, key = await app_server.portal.keys.create(operator, name="restricted", models=["acme/fast"])
    await ask(app_server)

    assert (await ask(app_server, key=key)).headers[CACHE] == "miss"
    assert (await ask(app_server, key=key)).headers[CACHE] == "hit"


async def test_a_key_that_may_not_use_the_model_gets_nothing(
    app_server: AppServer, upstream: Upstream
) -> None:
    operator = await app_server.portal.users.operator()
    _, key = await app_server.portal.keys.create(operator, name="other", models=["acme/slow"])
    await ask(app_server)

    assert (await ask(app_server, key=key)).status_code == 403


async def test_embeddings_come_again_in_the_form_that_was_asked_for(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", embeddings("base64"))
    asked = {"path": "/v1/embeddings", "input": "a", "encoding_format": "float"}

    first, second = await ask(app_server, **asked), await ask(app_server, **asked)

    assert second.content == first.content
    assert second.headers[CACHE] == "hit"


async def test_a_providers_own_cache_fields_go_on_unchanged(
    app_server: AppServer, upstream: Upstream
) -> None:
    control = {"type": "ephemeral"}
    part = {"type": "text", "text": "Hi", "cache_control": control}

    await ask(app_server, messages=[{"role": "user", "content": [part]}], prompt_cache_key="k")

    assert upstream.last().json["prompt_cache_key"] == "k"
    assert upstream.last().json["messages"][0]["content"][0]["cache_control"] == control
    assert CACHE not in upstream.last().headers


async def test_calls_at_once_all_get_their_answer(
    app_server: AppServer, upstream: Upstream
) -> None:
    answers = await asyncio.gather(*(ask(app_server, stream=True) for _ in range(8)))

    assert {answer.content for answer in answers} == {answers[0].content}


async def test_a_models_setting_caches_without_a_header(
    app_server: AppServer, upstream: Upstream, portal_config: Path
) -> None:
    fields = {"model": "acme/kept"}

    answers = [await ask(app_server, wish, **fields) for wish in (None, None, "off")]

    assert [answer.headers.get(CACHE) for answer in answers] == ["miss", "hit", None]


async def test_what_stood_in_for_the_model_is_not_kept(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("kept", error(500))

    answers = [await ask(app_server, model="acme/kept") for _ in range(2)]

    assert [answer.headers["x-aiportal-model"] for answer in answers] == ["acme/fast"] * 2
    assert [answer.headers[CACHE] for answer in answers] == ["miss", "miss"]


async def test_an_answer_that_is_too_large_is_handed_on_all_the_same(
    app_server: AppServer, upstream: Upstream
) -> None:
    body = b'{"choices": [{"message": {}}], "x": "' + b"a" * 5_000_000 + b'"}'
    upstream.answer("fast", plain(body))

    answers = [await ask(app_server) for _ in range(2)]

    assert [answer.content == body for answer in answers] == [True, True]
    assert [answer.headers[CACHE] for answer in answers] == ["miss", "miss"]


@pytest.fixture
def portal_config(tmp_path: Path, upstream: Upstream) -> Path:
    """`acme/fast`, `acme/slow`, and `acme/kept` whose file asks for the cache and has a fallback."""
    folder = tmp_path / "model_config"
    write_model_config(folder, upstream.url)
    kept = {"cache": {"ttl": 60}, "fallbacks": ["acme/fast"], "retries": 0}
    return write_model_config(folder, upstream.url, models=("kept",), model=kept)
