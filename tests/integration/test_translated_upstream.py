"""Anthropic and Gemini over our pool: what goes wrong there, and what a caller must not reach."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import pytest

from aiportal.errors import (
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
)
from aiportal.routing.upstreams.call import Upstream
from aiportal.routing.upstreams.http_pool import HttpPool
from aiportal.routing.upstreams.litellm_library import import_litellm
from aiportal.routing.upstreams.translated import TranslatedUpstream
from tests.contract.dialect_calls import KEY, asked, joined, request_of, streamed
from tests.upstreams import Close, Gate, Hang, event, plain, stream
from tests.upstreams.anthropic import event as claude_event
from tests.upstreams.anthropic import events_of, message
from tests.upstreams.anthropic import says as claude_says
from tests.upstreams.gemini import response
from tests.upstreams.gemini import says as gemini_says
from tests.upstreams.scripted import ScriptedUpstream

# LiteLLM's own, which no caller can mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
EVENTS = events_of(message("It is\nParis."))
OVERLOADED = claude_event({"type": "error", "error": {"type": "overloaded_error", "message": "!"}})


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    import_litellm()


@pytest.fixture
def provider() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(claude_says(message("Hi"))) as provider:
        yield provider


@pytest.fixture
async def ours(provider: ScriptedUpstream) -> AsyncIterator[TranslatedUpstream]:
    async with HttpPool.open() as pool:
        yield TranslatedUpstream(pool)


async def claude(upstream: Upstream, provider: ScriptedUpstream, **fields: Any) -> dict[str, Any]:
    return await asked(upstream, request_of("anthropic", provider.base, fields))


def with_image(url: str) -> dict[str, Any]:
    parts = [{"type": "image_url", "image_url": {"url": url}}]
    return {"messages": [{"role": "user", "content": parts}]}


async def test_a_stream_that_breaks_off_has_no_finish(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    provider.will_say(stream(*EVENTS[:-2]))
    chunks = await streamed(ours, request_of("anthropic", provider.base, STREAM))
    assert joined(chunks)["content"] == "It is\nParis."
    assert joined(chunks)["finishes"] == []


async def test_a_stream_that_is_cut_after_its_finish_is_whole(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    provider.will_say(stream(*EVENTS[:-1], Close()))
    chunks = await streamed(ours, request_of("anthropic", provider.base, STREAM))
    assert joined(chunks)["finishes"] == [(0, "stop")]
    assert joined(chunks)["usage"]["completion_tokens"] == 3


async def test_a_stream_ends_with_its_last_event_though_the_provider_holds_on(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    provider.will_say(stream(*EVENTS, Hang()))
    chunks = await streamed(ours, request_of("anthropic", provider.base, STREAM))
    assert joined(chunks)["finishes"] == [(0, "stop")]


async def test_events_may_be_cut_anywhere(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    whole = b"".join(EVENTS).replace(b"\n", b"\r\n")
    provider.will_say(stream(*(whole[at : at + 7] for at in range(0, len(whole), 7))))
    chunks = await streamed(ours, request_of("anthropic", provider.base, STREAM))
    assert joined(chunks)["content"] == "It is\nParis."
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert {chunk["id"] for chunk in chunks} == {chunks[0]["id"]}


async def test_what_came_before_an_error_event_is_handed_on(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    provider.will_say(stream(b"".join([*EVENTS[:4], OVERLOADED])))
    call = await ours.send(request_of("anthropic", provider.base, STREAM))
    pieces = call.pieces()
    assert b"It is" in await anext(pieces)
    with pytest.raises(UpstreamOverloaded):
        await anext(pieces)
    await call.close()


async def test_googles_error_in_a_stream_keeps_its_meaning(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    error = {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}
    provider.will_say(stream(event({"error": error})))
    with pytest.raises(UpstreamRateLimited, match="slow down"):
        await streamed(ours, request_of("gemini", provider.base, STREAM))


async def test_a_refusal_keeps_words_and_retry_after(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    error = {"type": "error", "error": {"type": "rate_limit_error", "message": f"{KEY} is busy"}}
    body = orjson.dumps(error)
    provider.will_say(plain(body, status=429, headers={"Retry-After": "7"}))
    with pytest.raises(UpstreamRateLimited) as refused:
        await claude(ours, provider)
    assert (refused.value.retry_after, refused.value.message) == ("7", "[key] is busy")


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        ("anthropic", "prompt is too long: 210000 tokens > 200000 maximum"),
        ("gemini", "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
    ],
)
async def test_too_long_a_prompt_has_openais_code(
    ours: TranslatedUpstream, provider: ScriptedUpstream, dialect: str, words: str
) -> None:
    provider.will_say(plain(orjson.dumps({"error": {"code": 400, "message": words}}), status=400))
    with pytest.raises(UpstreamRejected) as refused:
        await asked(ours, request_of(dialect, provider.base, {}))
    assert refused.value.code == "context_length_exceeded"


async def test_googles_word_for_a_wrong_key_and_for_a_pause_are_understood(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    wrong = {"code": 400, "message": "no", "details": [{"reason": "API_KEY_INVALID"}]}
    busy = {"code": 429, "message": "no", "details": [{"retryDelay": "6.5s"}]}
    provider.will_say(
        plain(orjson.dumps({"error": wrong}), status=400),
        plain(orjson.dumps({"error": busy}), status=429),
    )
    with pytest.raises(UpstreamError) as refused:
        await asked(ours, request_of("gemini", provider.base, {}))
    assert (refused.value.status, "key" in refused.value.message) == (502, True)
    with pytest.raises(UpstreamRateLimited) as limited:
        await asked(ours, request_of("gemini", provider.base, {}))
    assert (limited.value.retry_after, limited.value.code) == ("7", "rate_limit_exceeded")


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"{", b'"error"'])
@pytest.mark.parametrize("dialect", ["anthropic", "gemini"])
async def test_an_answer_that_is_no_object_is_the_providers_failure(
    ours: TranslatedUpstream, provider: ScriptedUpstream, dialect: str, body: bytes
) -> None:
    provider.will_say(plain(body))
    with pytest.raises(UpstreamError) as failed:
        await asked(ours, request_of(dialect, provider.base, {}))
    assert (failed.value.status, failed.value.code) == (502, "upstream_protocol_error")


@pytest.mark.parametrize("body", [b"{}", b'{"content": 3}', b'{"content": [], "usage": null}'])
async def test_an_object_that_is_no_message_is_the_providers_failure(
    ours: TranslatedUpstream, provider: ScriptedUpstream, body: bytes
) -> None:
    provider.will_say(plain(body))
    with pytest.raises(UpstreamError) as failed:
        await claude(ours, provider)
    assert failed.value.status == 502


@pytest.mark.parametrize("dialect", ["anthropic", "gemini", "cohere"])
@pytest.mark.parametrize("scheme", ["http://", " http://", "gs://", "HTTP://"])
async def test_no_picture_is_fetched_for_a_caller(
    ours: TranslatedUpstream, provider: ScriptedUpstream, dialect: str, scheme: str
) -> None:
    url = f"{scheme}127.0.0.1:{provider.port}/secret"
    body = with_image(url)
    with pytest.raises(UpstreamRejected) as refused:
        await asked(ours, request_of(dialect, provider.base, body, model="some-model"))
    assert refused.value.param == "messages.0.content"
    assert provider.requests == []


@pytest.mark.parametrize("dialect", ["anthropic", "gemini"])
async def test_no_picture_is_fetched_that_calls_itself_a_text(
    ours: TranslatedUpstream, provider: ScriptedUpstream, dialect: str
) -> None:
    image = {"type": "text", "url": f"http://127.0.0.1:{provider.port}/secret"}
    parts = [{"type": "image_url", "image_url": image}]
    body = {"messages": [{"role": "user", "content": parts}]}
    with pytest.raises(UpstreamRejected) as refused:
        await asked(ours, request_of(dialect, provider.base, body, model="some-model"))
    assert refused.value.param == "messages.0.content"


async def test_a_picture_that_the_provider_fetches_itself_goes_on_by_its_address(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    await claude(ours, provider, **with_image("https://pictures.example/cat.png"))
    part = provider.last().json["messages"][0]["content"][0]
    assert part["source"] == {"type": "url", "url": "https://pictures.example/cat.png"}


@pytest.mark.parametrize(
    ("dialect", "header"), [("anthropic", "x-api-key"), ("gemini", "x-goog-api-key")]
)
async def test_no_key_and_no_address_comes_from_the_environment(
    ours: TranslatedUpstream,
    provider: ScriptedUpstream,
    monkeypatch: pytest.MonkeyPatch,
    dialect: str,
    header: str,
) -> None:
    for name in ("ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "sk-of-somebody-else")
    provider.will_say(
        claude_says(message("Hi")) if dialect == "anthropic" else gemini_says(response("Hi"))
    )
    await asked(ours, request_of(dialect, provider.base, {}, key=None))
    headers = provider.last().headers
    assert header not in headers
    assert "somebody" not in repr(headers)


async def test_no_field_of_a_caller_steers_the_translator(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    await claude(ours, provider)
    plain_request = provider.last()
    for name, value in (
        ("base_url", "http://127.0.0.1:9/"),
        ("api_key", "sk-other"),
        ("mock_response", "free"),
        ("extra_headers", {"x-evil": "1"}),
        ("extra_body", {"model": "other"}),
        ("model", "other"),
        ("cached_content", "x"),
    ):
        await claude(ours, provider, **({name: value} if name != "model" else {}))
        assert provider.last().json == plain_request.json, name
        assert provider.last().headers == plain_request.headers, name


async def test_a_parameter_that_the_provider_does_not_know_is_named(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    with pytest.raises(UpstreamRejected) as refused:
        await claude(ours, provider, logit_bias={"1": 2})
    assert (refused.value.param, provider.requests) == ("logit_bias", [])
    await claude(ours, provider, logit_bias={}, frequency_penalty=0, n=1)
    assert provider.last().json["messages"]


async def test_the_callers_body_stays_as_it_was(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f/g", "arguments": "{}"}}
    body: dict[str, Any] = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
        ],
        "tools": [{"type": "function", "function": {"name": "f/g", "parameters": {}}}],
    }
    before = orjson.dumps(body)
    for dialect, answer in (
        ("anthropic", claude_says(message("Hi"))),
        ("gemini", gemini_says(response("Hi"))),
    ):
        provider.will_say(answer)
        await asked(ours, request_of(dialect, provider.base, body))
    assert orjson.dumps(body) == before


async def test_thinking_without_a_count_does_not_block_the_loop(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    thinking = {"type": "thinking", "thinking": "Well, well.", "signature": "c2ln"}
    provider.will_say(claude_says(message(thinking, "Paris.")))
    answer = await claude(ours, provider)
    assert answer["choices"][0]["message"]["reasoning_content"] == "Well, well."
    whole = joined(await streamed(ours, request_of("anthropic", provider.base, STREAM)))
    assert whole["usage"]["reasoning_tokens"] > 0
    assert [block.get("signature") for block in whole["thinking"]] == [None, "c2ln"]


async def test_what_cannot_be_translated_is_refused_in_words(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    messages = [{"role": "tool", "content": "an answer to nothing"}]
    with pytest.raises(UpstreamRejected, match="cannot be put into the dialect"):
        await claude(ours, provider, messages=messages)
    assert provider.requests == []


async def test_leaving_a_stream_closes_the_connection(
    ours: TranslatedUpstream, provider: ScriptedUpstream
) -> None:
    provider.will_say(stream(*EVENTS[:4], Gate()))
    call = await ours.send(request_of("anthropic", provider.base, STREAM))
    pieces = call.pieces()
    await anext(pieces)
    await call.close()
    await provider.last().closed.arrival(1)
