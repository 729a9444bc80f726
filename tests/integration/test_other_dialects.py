"""Providers that do not speak OpenAI's dialect, through LiteLLM, over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from aiportal.routing.upstreams.litellm import CHAT_FIELDS
from aiportal.settings import Settings, keep_litellm_offline
from tests.running import AppServer, serving
from tests.upstreams.anthropic import (
    ANSWER,
    AnthropicUpstream,
    anthropic_upstream,
    events_of,
    message,
)

# LiteLLM's own, which no caller can mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
QUESTION = {"model": "claude/x", "messages": [{"role": "user", "content": "Capital of France?"}]}


def write_config(folder: Path, url: str) -> None:
    (folder / "models").mkdir(parents=True)
    provider = {"dialect": "anthropic", "apiBase": url, "apiKeyEnv": "CLAUDE_TEST_KEY"}
    (folder / "config.json").write_text(json.dumps({"providers": {"claude": provider}}))
    model = {"id": "claude/x", "provider": "claude", "upstreamModel": "claude-sonnet-4-5"}
    (folder / "models" / "x.json").write_text(json.dumps(model))


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> None:
    """Not watched here: LiteLLM looks for files and certificates within its first calls."""


@pytest.fixture
async def claude() -> AsyncIterator[AnthropicUpstream]:
    async with anthropic_upstream() as upstream:
        yield upstream


@pytest.fixture
async def server(
    tmp_path: Path, claude: AnthropicUpstream, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AppServer]:
    monkeypatch.setenv("CLAUDE_TEST_KEY", "sk-test-secret")
    await asyncio.to_thread(write_config, tmp_path / "config", claude.url)
    settings = Settings(
        port=0,
        data_dir=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        model_config_dir=tmp_path / "config",
        local_model="off",
    )
    async with serving(settings) as server:
        yield server


async def ask(server: AppServer, **fields: Any) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession(headers=server.headers) as session,
        session.post(f"{server.url}/v1/chat/completions", json={**QUESTION, **fields}) as response,
    ):
        return response.status, await response.text()


async def test_an_answer_comes_back_in_openais_shape(
    server: AppServer, claude: AnthropicUpstream
) -> None:
    status, text = await ask(server, temperature=0)
    assert status == 200, text
    answer = json.loads(text)
    assert (status, answer["choices"][0]["message"]["content"]) == (200, "It is Paris.")
    assert answer["usage"]["prompt_tokens"] == 11
    assert claude.requests[0]["temperature"] == 0
    assert claude.keys == ["sk-test-secret"]


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_response_is_made_of_any_dialect(server: AppServer, is_stream: bool) -> None:
    body = {"model": "claude/x", "input": "Capital of France?", "max_output_tokens": 50}
    async with (
        aiohttp.ClientSession(headers=server.headers) as session,
        session.post(f"{server.url}/v1/responses", json=body | {"stream": is_stream}) as answer,
    ):
        text = await answer.text()
    last = text.split("\n\n")[-3].partition("data: ")[2] if is_stream else text
    response = json.loads(last)["response"] if is_stream else json.loads(last)

    assert response["output"][0]["content"][0]["text"] == "It is Paris."
    assert (response["usage"]["input_tokens"], response["usage"]["output_tokens"]) == (11, 3)


async def test_a_stream_comes_back_as_openais_events(server: AppServer) -> None:
    _, text = await ask(server, stream=True, stream_options={"include_usage": True})
    events = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    deltas = [chunk["choices"][0]["delta"].get("content") for chunk in chunks if chunk["choices"]]
    assert "".join(filter(None, deltas)) == "It is Paris."
    assert chunks[-1]["usage"]["completion_tokens"] == 3


async def test_both_make_a_row_with_the_upstreams_usage(server: AppServer) -> None:
    await ask(server)
    await ask(server, stream=True)
    rows = await server.portal.ledger.rows(await server.portal.users.operator())
    assert [(row.prompt_tokens, row.completion_tokens, row.estimated) for row in rows] == [
        (11, 3, False),
        (11, 3, False),
    ]


@pytest.mark.parametrize(("upstream_status", "status"), [(400, 400), (401, 502), (500, 502)])
async def test_its_errors_become_ours_without_the_key(
    server: AppServer, claude: AnthropicUpstream, upstream_status: int, status: int
) -> None:
    claude.failing_status = upstream_status
    answered, text = await ask(server)
    assert answered == status
    assert "sk-test-secret" not in text
    assert json.loads(text)["error"]["message"]


async def test_no_field_of_a_caller_steers_litellm(
    server: AppServer, claude: AnthropicUpstream
) -> None:
    async with anthropic_upstream() as stranger:
        for name, value in (
            ("base_url", stranger.url),
            ("api_base", stranger.url),
            ("api_key", "sk-other"),
            ("mock_response", "free"),
            ("fallbacks", ["openai/gpt-5"]),
            ("extra_headers", {"x-evil": "1"}),
            ("custom_llm_provider", "openai"),
        ):
            status, text = await ask(server, **{name: value})
            assert (status, "It is Paris." in text) == (200, True), name
        assert stranger.requests == []
    assert set(claude.keys) == {"sk-test-secret"}


def test_what_goes_on_to_litellm_is_never_an_argument_that_steers_it() -> None:
    keep_litellm_offline()
    from litellm.types.utils import all_litellm_params

    assert not CHAT_FIELDS & set(all_litellm_params)


# Anthropic's dialect on both sides


async def ask_anthropic(server: AppServer, **fields: Any) -> tuple[int, str]:
    body = {"max_tokens": 2000, **QUESTION, **fields}
    async with (
        aiohttp.ClientSession(headers=server.headers) as session,
        session.post(f"{server.url}/v1/messages", json=body) as response,
    ):
        return response.status, await response.text()


async def test_anthropics_own_fields_reach_anthropic(
    server: AppServer, claude: AnthropicUpstream
) -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"}
    said = {"type": "text", "text": "Yes?"}
    status, text = await ask_anthropic(
        server,
        system=[{"type": "text", "text": "Be brief.", **mark}],
        messages=[
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [thought, said]},
            {"role": "user", "content": "Capital of France?"},
        ],
        thinking={"type": "enabled", "budget_tokens": 1024},
        top_k=5,
    )
    assert (status, json.loads(text)["content"][0]["text"]) == (200, "It is Paris."), text
    (asked,) = claude.requests

    assert asked["system"] == [{"type": "text", "text": "Be brief.", **mark}]
    assert asked["thinking"] == {"type": "enabled", "budget_tokens": 1024}
    assert (asked["top_k"], asked["max_tokens"]) == (5, 2000)
    assert asked["messages"][1]["content"] == [thought, said]


async def test_anthropics_stream_comes_back_as_one(server: AppServer) -> None:
    status, text = await ask_anthropic(server, stream=True)

    assert status == 200
    assert text == b"".join(events_of(message(ANSWER))).decode()


CACHED = {
    "input_tokens": 100,
    "cache_read_input_tokens": 40,
    "cache_creation_input_tokens": 20,
    "output_tokens": 9,
    "output_tokens_details": {"thinking_tokens": 5},
}


@pytest.mark.parametrize("is_stream", [False, True])
async def test_the_ledger_counts_the_same_in_both_dialects(
    server: AppServer, claude: AnthropicUpstream, is_stream: bool
) -> None:
    claude.usage = CACHED
    await ask(server, stream=is_stream)
    await ask_anthropic(server, stream=is_stream)
    translated, passed = [
        (row.prompt_tokens, row.completion_tokens, row.cached_tokens, row.reasoning_tokens)
        for row in await server.rows(2)
    ]

    assert translated == passed == (160, 9, 40, 5)
