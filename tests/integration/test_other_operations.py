"""Embeddings, pictures and ranking by providers of other dialects, over a real socket."""

import base64
import json
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from aiportal.dialects.openai_chat import ChatLimits
from aiportal.dialects.openai_embeddings import OpenAiEmbeddings, parse_embeddings
from aiportal.dialects.operations import Operation
from aiportal.errors import ModelUnavailable, UpstreamError, UpstreamRejected, UpstreamTimeout
from aiportal.routing.upstreams.litellm_library import import_litellm
from aiportal.routing.upstreams.other_operations import OPERATION_FIELDS, OtherOperations
from tests.contract.dialect_calls import KEY, asked, request_of
from tests.upstreams import Close, hang, plain
from tests.upstreams.scripted import ScriptedUpstream

# LiteLLM's own, which no caller can mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
VECTORS = {"embeddings": [{"values": [0.5, -1.0]}, {"values": [0.25, 2.0]}]}
RANKING = {
    "id": "r-1",
    "results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}],
    "meta": {"billed_units": {"search_units": 1}},
}
PICTURE = {"predictions": [{"bytesBase64Encoded": "aGk=", "mimeType": "image/png"}]}


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> None:
    """Not watched here: LiteLLM looks for files and certificates within its first calls."""


@pytest.fixture
def provider() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(plain(json.dumps(VECTORS).encode())) as provider:
        yield provider


@pytest.fixture
async def operations(provider: ScriptedUpstream) -> AsyncIterator[OtherOperations]:
    yield OtherOperations()
    await import_litellm().close_litellm_async_clients()


async def ask(
    operations: OtherOperations,
    provider: ScriptedUpstream,
    operation: Operation,
    *,
    model: str = "gemini/gemini-embedding-001",
    timeout_s: float = 5,
    **body: Any,
) -> dict[str, Any]:
    dialect, _, name = model.partition("/")
    chat = request_of(dialect, provider.base, {}, model=name)
    request = replace(
        chat, operation=operation, body=body, timeouts=replace(chat.timeouts, total_s=timeout_s)
    )
    return await asked(operations, request)


async def test_embeddings_come_in_openais_shape(
    operations: OtherOperations, provider: ScriptedUpstream
) -> None:
    answer = await ask(operations, provider, "embeddings", input=["one", "two"])
    assert [row["embedding"] for row in answer["data"]] == [[0.5, -1.0], [0.25, 2.0]]
    assert [row["index"] for row in answer["data"]] == [0, 1]
    assert (answer["object"], "prompt_tokens" in answer["usage"]) == ("list", True)
    assert provider.last().headers["x-goog-api-key"] == KEY


async def test_embeddings_come_as_base64_where_asked(
    operations: OtherOperations, provider: ScriptedUpstream
) -> None:
    asked: dict[str, Any] = {"input": ["one", "two"], "encoding_format": "base64"}
    exchange = OpenAiEmbeddings(parse_embeddings({"model": "m", **asked}, ChatLimits()))
    answer = await ask(operations, provider, "embeddings", **asked)
    told = json.loads(await exchange.answer(json.dumps(answer).encode()))
    packed = base64.b64decode(told["data"][1]["embedding"])
    assert struct.unpack("<2f", packed) == (0.25, 2.0)


@pytest.mark.parametrize("text", ["files/secret", "gs://bucket/file", "data:image/png;base64,aGk="])
async def test_a_text_is_never_taken_for_a_file(
    operations: OtherOperations, provider: ScriptedUpstream, text: str
) -> None:
    with pytest.raises(UpstreamRejected) as refused:
        await ask(operations, provider, "embeddings", input=["fine", text])
    assert (refused.value.param, provider.requests) == ("input", [])


@pytest.mark.parametrize(
    ("operation", "body", "param"),
    [
        ("embeddings", {"input": [[1, 2]]}, "input"),
        ("embeddings", {}, "input"),
        ("images/generations", {"prompt": 3}, "prompt"),
        ("rerank", {"query": "a"}, "documents"),
        ("rerank", {"documents": ["a"]}, "query"),
    ],
)
async def test_what_is_missing_is_named(
    operations: OtherOperations,
    provider: ScriptedUpstream,
    operation: Operation,
    body: dict[str, Any],
    param: str,
) -> None:
    model = "cohere/rerank-v3.5" if operation == "rerank" else "gemini/gemini-embedding-001"
    with pytest.raises(UpstreamRejected) as refused:
        await ask(operations, provider, operation, model=model, **body)
    assert refused.value.param == param


async def test_a_ranking_comes_in_coheres_shape(
    operations: OtherOperations, provider: ScriptedUpstream
) -> None:
    provider.will_say(plain(json.dumps(RANKING).encode()))
    answer = await ask(
        operations,
        provider,
        "rerank",
        model="cohere/rerank-v3.5",
        query="capital",
        documents=["Rome", "Paris"],
        top_n=2,
    )
    assert answer["results"] == RANKING["results"]
    request = provider.last()
    assert (request.path, request.headers["authorization"].lower()) == (
        "/v2/rerank",
        f"bearer {KEY}",
    )
    assert request.json["top_n"] == 2


async def test_a_picture_comes_in_openais_shape(
    operations: OtherOperations, provider: ScriptedUpstream
) -> None:
    answered = plain(json.dumps(PICTURE).encode(), headers={"Connection": "close"})
    # LiteLLM would keep this connection open, and forget it.
    provider.will_say(lambda request: (*answered(request), Close()))
    model = "gemini/imagen-4.0-generate-001"
    answer = await ask(operations, provider, "images/generations", model=model, prompt="a cat", n=1)
    assert answer["data"][0]["b64_json"] == "aGk="
    assert provider.last().json["instances"] == [{"prompt": "a cat"}]


async def test_a_refusal_becomes_ours_without_the_key(
    operations: OtherOperations, provider: ScriptedUpstream
) -> None:
    error = {"error": {"code": 400, "message": f"bad {KEY}", "status": "INVALID_ARGUMENT"}}
    provider.will_say(plain(json.dumps(error).encode(), status=400))
    with pytest.raises(UpstreamError) as refused:
        await ask(operations, provider, "embeddings", input="one")
    assert (refused.value.status, KEY in refused.value.message) == (400, False)


async def test_a_silent_provider_is_left_in_time(
    operations: OtherOperations, provider: ScriptedUpstream
) -> None:
    provider.will_say(hang())
    with pytest.raises(UpstreamTimeout):
        await ask(operations, provider, "embeddings", input="one", timeout_s=0.3)


async def test_no_field_of_a_caller_steers_litellm(
    operations: OtherOperations, provider: ScriptedUpstream
) -> None:
    await ask(operations, provider, "embeddings", input="one")
    plain_request = provider.last()
    with ScriptedUpstream(plain(json.dumps(VECTORS).encode())) as stranger:
        await ask(
            operations, provider, "embeddings", input="one", api_base=stranger.base, api_key="sk-x"
        )
        assert stranger.requests == []
    assert provider.last().json == plain_request.json
    assert provider.last().headers["x-goog-api-key"] == KEY


def test_what_goes_on_to_litellm_is_never_an_argument_that_steers_it() -> None:
    import_litellm()
    from litellm.types.utils import all_litellm_params

    assert not frozenset().union(*OPERATION_FIELDS.values()) & set(all_litellm_params)


async def test_a_cloud_is_not_searched_for_credentials(operations: OtherOperations) -> None:
    request = request_of("bedrock", "http://127.0.0.1:9", {}, model="titan", key=None)
    with pytest.raises(ModelUnavailable, match="apiKeyEnv"):
        await operations.send(replace(request, operation="embeddings", body={"input": "one"}))
