"""The official OpenAI client against the portal, on both bases."""

from collections.abc import AsyncIterator

import openai
import pytest

from tests.running import AppServer
from tests.upstreams import Reset, Upstream, chunk, error
from tests.upstreams import stream as streamed

MODEL = "acme/fast"
EXCEPTIONS: list[tuple[int, type[openai.APIStatusError]]] = [
    (400, openai.BadRequestError),
    (401, openai.InternalServerError),
    (429, openai.RateLimitError),
    (500, openai.InternalServerError),
]


@pytest.fixture(params=["/v1", "/api/v1"])
async def openai_client(
    request: pytest.FixtureRequest, app_server: AppServer
) -> AsyncIterator[openai.AsyncOpenAI]:
    base = f"{app_server.url}{request.param}"
    async with openai.AsyncOpenAI(
        base_url=base, api_key=app_server.key, max_retries=0, timeout=10
    ) as client:
        yield client


async def test_an_unstreamed_answer(openai_client: openai.AsyncOpenAI) -> None:
    answer = await openai_client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Hi"}], temperature=0
    )

    assert answer.choices[0].message.content == "Hello from the upstream."
    assert answer.usage is not None
    assert answer.usage.total_tokens == 13
    assert answer._request_id is not None
    assert answer._request_id.startswith("req_")


async def test_a_streamed_answer_with_usage(openai_client: openai.AsyncOpenAI) -> None:
    stream = await openai_client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Hi"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [each async for each in stream]

    words = [each.choices[0].delta.content or "" for each in chunks if each.choices]
    assert "".join(words) == "Hello from the upstream."
    assert [each.usage.total_tokens for each in chunks if each.usage] == [13]


async def test_a_stream_that_breaks_raises(
    openai_client: openai.AsyncOpenAI, upstream: Upstream
) -> None:
    upstream.answer("fast", streamed(chunk("half"), Reset()))
    stream = await openai_client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Hi"}], stream=True
    )

    with pytest.raises(openai.APIError, match="broke off"):
        [each async for each in stream]


@pytest.mark.parametrize(("status", "kind"), EXCEPTIONS)
async def test_errors_arrive_as_the_clients_own(
    openai_client: openai.AsyncOpenAI,
    upstream: Upstream,
    status: int,
    kind: type[openai.APIStatusError],
) -> None:
    upstream.answer("fast", error(status, code="why", param="where"))

    with pytest.raises(kind) as caught:
        await openai_client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "Hi"}]
        )
    assert caught.value.request_id is not None
    if status in {400, 429}:
        assert (caught.value.code, caught.value.param) == ("why", "where")


async def test_an_unknown_model_is_not_found(openai_client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await openai_client.chat.completions.create(
            model="acme/none", messages=[{"role": "user", "content": "Hi"}]
        )
    assert caught.value.code == "model_not_found"


async def test_a_wrong_key_is_refused(openai_client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.AuthenticationError):
        await openai_client.with_options(api_key="ak_" + "0" * 64).models.list()


async def test_the_models_are_listed(openai_client: openai.AsyncOpenAI) -> None:
    models = [model async for model in openai_client.models.list()]

    assert {model.id for model in models} == {"acme/fast", "acme/slow"}
    assert (await openai_client.models.retrieve("acme/fast")).id == "acme/fast"
