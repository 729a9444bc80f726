"""OpenAI's legacy Completions by OpenAI's own client."""

from collections.abc import AsyncIterator

import openai
import pytest

from tests.running import AppServer
from tests.upstreams import Reset, Upstream, chunk, error
from tests.upstreams import stream as streamed

MODEL = "acme/fast"


@pytest.fixture(params=["/v1", "/api/v1"])
async def sdk(
    request: pytest.FixtureRequest, app_server: AppServer
) -> AsyncIterator[openai.AsyncOpenAI]:
    base = f"{app_server.url}{request.param}"
    async with openai.AsyncOpenAI(
        base_url=base, api_key=app_server.key, max_retries=0, timeout=10
    ) as found:
        yield found


async def test_an_answer(sdk: openai.AsyncOpenAI, app_server: AppServer) -> None:
    answer = await sdk.completions.create(model=MODEL, prompt="Hi", temperature=0)
    (row,) = await app_server.rows()

    assert answer.choices[0].text == "Hello from the upstream."
    assert answer.usage is not None
    assert answer.usage.total_tokens == 13
    assert (row.endpoint, row.status) == ("completions", 200)


async def test_a_streamed_answer(sdk: openai.AsyncOpenAI) -> None:
    stream = await sdk.completions.create(model=MODEL, prompt="Hi", stream=True)
    found = [each.choices[0] async for each in stream]

    assert "".join(choice.text for choice in found) == "Hello from the upstream."
    assert found[-1].finish_reason == "stop"


async def test_failures_are_the_clients_own(sdk: openai.AsyncOpenAI, upstream: Upstream) -> None:
    upstream.answer("fast", error(429), streamed(chunk("half"), Reset()))
    with pytest.raises(openai.RateLimitError):
        await sdk.completions.create(model=MODEL, prompt="Hi")
    stream = await sdk.completions.create(model=MODEL, prompt="Hi", stream=True)
    with pytest.raises(openai.APIError, match="broke off"):
        [each async for each in stream]
