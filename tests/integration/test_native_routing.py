"""Which models are asked in Anthropic's own dialect, and that all else is with them as with a chat."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from aiportal.settings import Settings
from tests.integration.deployments import deployments
from tests.integration.native_calls import COUNT, KEY, KEY_VARIABLE, native_settings, send
from tests.running import serving
from tests.upstreams import Gate, Upstream, plain, stream, write_model_config
from tests.upstreams.anthropic import events_of, message, says
from tests.upstreams.scripted import ScriptedUpstream

CACHE = "x-aiportal-cache"
SERVER_TOOL = [{"type": "web_search_20250305", "name": "web_search"}]
QUICK = {"attempts": 2, "baseDelay": 0.01, "maxDelay": 0.05}
OVERLOADED = plain(
    b'{"type":"error","error":{"type":"overloaded_error","message":"no"}}', status=529
)
FINE = says(message("It is\nParis."))


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)


@pytest.fixture
def claude() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(FINE) as upstream:
        yield upstream


def with_custom(settings: Settings, **fields: Any) -> Settings:
    """The same portal with `custom/mine` on `acme/fast`."""
    folder = settings.model_config_dir
    assert folder is not None
    (folder / "models" / "custom").mkdir()
    entry = {"id": "custom/mine", "baseModel": "acme/fast", **fields}
    (folder / "models" / "custom" / "mine.json").write_bytes(orjson.dumps(entry))
    return settings


# Custom models


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (None, "Speak French."),
        (
            "Be brief.",
            [{"type": "text", "text": "Speak French."}, {"type": "text", "text": "Be brief."}],
        ),
        (
            [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            [
                {"type": "text", "text": "Speak French."},
                {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
            ],
        ),
    ],
)
async def test_a_custom_models_prompt_comes_before_the_callers(
    tmp_path: Path, claude: ScriptedUpstream, system: Any, expected: Any
) -> None:
    settings = with_custom(
        native_settings(tmp_path, claude.base),
        systemPrompt="Speak French.",
        parameters={"temperature": 0.5, "stop": "END", "top_k": 4, "max_tokens": 7, "seed": 1},
    )
    async with serving(settings) as server:
        answer = await send(server, model="custom/mine", system=system, top_k=9, tools=SERVER_TOOL)

    asked = claude.last().json
    assert answer.headers["x-aiportal-model"] == "custom/mine"
    assert (asked["model"], asked["system"]) == ("fast", expected)
    assert (asked["temperature"], asked["stop_sequences"]) == (0.5, ["END"])
    assert (asked["top_k"], asked["max_tokens"]) == (9, 100)
    assert "seed" not in asked


async def test_a_models_defaults_never_spoil_a_request(
    tmp_path: Path, claude: ScriptedUpstream
) -> None:
    sampling = {"parameters": {"temperature": 0.7, "top_p": 0.9}}
    thinking = {"type": "enabled", "budget_tokens": 1024}
    async with serving(native_settings(tmp_path, claude.base, fields={"fast": sampling})) as server:
        for fields in ({"thinking": thinking}, {"top_p": 0.5}, {"temperature": 0}):
            await send(server, **fields)

    asked = [request.json for request in claude.requests]
    assert [(one.get("temperature"), one.get("top_p")) for one in asked] == [
        (None, None),
        (None, 0.5),
        (0, None),
    ]


# Fallbacks, retries, cooldown


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_fallback_of_the_same_dialect_is_asked_in_it(
    tmp_path: Path, claude: ScriptedUpstream, is_stream: bool
) -> None:
    fields = {"fast": {"fallbacks": ["acme/slow"], "retries": 0}, "slow": {}}
    claude.will_say(OVERLOADED, FINE)
    async with serving(native_settings(tmp_path, claude.base, fields=fields)) as server:
        answer = await send(server, tools=SERVER_TOOL, stream=is_stream)
        (row,) = await server.rows()

    assert answer.status_code == 200
    assert [request.model for request in claude.requests] == ["fast", "slow"]
    assert claude.last().json["tools"] == SERVER_TOOL
    assert answer.headers["x-aiportal-model"] == row.model == "acme/slow"


async def test_a_model_with_a_fallback_of_another_dialect_is_translated(
    tmp_path: Path, claude: ScriptedUpstream, upstream: Upstream
) -> None:
    """What only one of them understood would be lost on the other."""
    other = {"dialect": "openai", "apiBase": upstream.url, "apiKeyEnv": None}
    fields: dict[str, Any] = {"fast": {"fallbacks": ["acme/other"]}, "other": other}
    async with serving(native_settings(tmp_path, claude.base, fields=fields)) as server:
        answer = await send(server, tools=SERVER_TOOL)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "tools.0.type")
    assert claude.requests == []


async def test_a_fallback_that_cannot_serve_changes_nothing(
    tmp_path: Path, claude: ScriptedUpstream, upstream: Upstream
) -> None:
    other = {"dialect": "openai", "apiBase": upstream.url, "apiKeyEnv": "ACME_NO_KEY"}
    fields: dict[str, Any] = {"fast": {"fallbacks": ["acme/other", "acme/gone"]}, "other": other}
    async with serving(native_settings(tmp_path, claude.base, fields=fields)) as server:
        answer = await send(server, tools=SERVER_TOOL)

    assert answer.status_code == 200


async def test_a_model_of_openais_dialect_is_never_sent_a_message(
    tmp_path: Path, claude: ScriptedUpstream, upstream: Upstream
) -> None:
    """Its file became that of another dialect while the first one was being asked."""
    other = {"dialect": "openai", "apiBase": upstream.url, "apiKeyEnv": None}
    fields = {"fast": {"fallbacks": ["acme/slow"], "retries": 0}, "slow": {}}
    settings = native_settings(tmp_path, claude.base, fields=fields)
    asked = Gate()
    claude.will_say(lambda request: (asked, *OVERLOADED(request)))
    async with serving(settings) as server:
        call = asyncio.create_task(send(server))
        await claude.arrival()
        write_model_config(tmp_path / "model_config", upstream.url, models=("slow",), model=other)
        await server.portal.registry.reload(await server.portal.users.operator())
        asked.open()
        answer = await call

    assert (answer.status_code, len(claude.requests)) == (503, 1)
    assert upstream.requests == []


@pytest.mark.parametrize("is_stream", [False, True])
async def test_what_fails_is_tried_again_and_makes_one_row(
    tmp_path: Path, claude: ScriptedUpstream, is_stream: bool
) -> None:
    claude.will_say(plain(b"{}", status=500), OVERLOADED, FINE)
    config = {"retries": QUICK}
    async with serving(native_settings(tmp_path, claude.base, config=config)) as server:
        answer = await send(server, stream=is_stream)
        rows = await server.rows()

    assert (answer.status_code, len(claude.requests), len(rows)) == (200, 3, 1)


async def test_a_deployment_that_breaks_off_again_and_again_cools_down(
    tmp_path: Path, claude: ScriptedUpstream
) -> None:
    events = events_of(message("Hi"))[:4]
    claude.will_say(stream(*events))
    config = {"retries": 0, "cooldown": {"failures": 2, "seconds": 60}}
    async with serving(native_settings(tmp_path, claude.base, config=config)) as server:
        for _ in range(2):
            await send(server, stream=True)
        states = {name: row["state"] for name, row in (await deployments(server)).items()}

    assert states == {"acme/fast": "cooling"}


# The cache of answers


@pytest.mark.parametrize("is_stream", [False, True])
async def test_an_answer_is_given_again_where_the_caller_asks_for_it(
    tmp_path: Path, claude: ScriptedUpstream, is_stream: bool
) -> None:
    wish = {CACHE: "60"}
    async with serving(native_settings(tmp_path, claude.base)) as server:
        first = await send(server, stream=is_stream, headers=wish)
        again = await send(server, stream=is_stream, headers=wish)
        other = await send(server, stream=is_stream, headers={**wish, "anthropic-beta": "x"})
        rows = await server.rows(2)

    assert [answer.headers[CACHE] for answer in (first, again, other)] == ["miss", "hit", "miss"]
    assert again.content == first.content
    assert len(rows) == len(claude.requests) == 2


# Counting


async def test_the_provider_counts(tmp_path: Path, claude: ScriptedUpstream) -> None:
    claude.will_say(plain(b'{"input_tokens": 2095}'))
    settings = with_custom(native_settings(tmp_path, claude.base), systemPrompt="Speak French.")
    async with serving(settings) as server:
        answer = await send(
            server,
            COUNT,
            model="custom/mine",
            tools=SERVER_TOOL,
            headers={"anthropic-beta": "token-counting-2024-11-01"},
        )
        rows = await server.rows(0)

    asked = claude.last()
    assert answer.json() == {"input_tokens": 2095, "estimated": False}
    assert asked.path == "/v1/messages/count_tokens"
    assert asked.headers["anthropic-beta"] == "token-counting-2024-11-01"
    assert asked.headers["x-api-key"] == KEY
    assert (asked.model, asked.json["system"]) == ("fast", "Speak French.")
    assert asked.json["tools"] == SERVER_TOOL
    assert "max_tokens" not in asked.json
    assert rows == []


@pytest.mark.parametrize(
    "answer",
    [
        plain(b'{"error": {"message": "no"}}', status=404),
        plain(b'{"input_tokens": "many"}'),
        plain(b'{"input_tokens": -1}'),
        plain(b"<html>"),
    ],
)
async def test_what_the_provider_does_not_count_is_estimated(
    tmp_path: Path, claude: ScriptedUpstream, answer: Any
) -> None:
    claude.will_say(answer)
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A"}}
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {"city": "Paris"}}
    async with serving(native_settings(tmp_path, claude.base)) as server:
        few = (await send(server, COUNT)).json()
        many = await send(
            server,
            COUNT,
            tools=[{"name": "f", "input_schema": {"type": "object"}}],
            messages=[{"role": "user", "content": [image, call]}],
        )

    assert few == {"input_tokens": 2, "estimated": True}
    assert many.json()["estimated"]
    assert 1600 + 10 < many.json()["input_tokens"] < 1700
