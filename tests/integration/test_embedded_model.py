"""The embedded model, the real one: `aiportal models pull` has to have brought its weights."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from aiportal.dialects.openai_chat import ChatRequest
from aiportal.local import LocalEndpoint, LocalModels, Weights, pull, weights_path
from aiportal.portal import Portal
from aiportal.settings import Settings
from tests.running import PortalProcess, make_key, serving
from tests.unit.local.files import FileServer

MODEL = "local/smollm2-135m-instruct"
CONFIG = Path(__file__).parents[2] / "model_config"
QUESTION = "What is the capital of France? Answer in one sentence."
LONG = {"messages": [{"role": "user", "content": "Tell me a very long story."}], "ignore_eos": True}
DEADLINE_S = 60
POLL_S = 0.02


@pytest.fixture(scope="session")
def weights() -> Weights:
    """The shipped model's, as its config names them."""
    file = CONFIG / "models/local/smollm2-135m-instruct.json"
    entry = json.loads(file.read_text())["weights"]
    return Weights(
        entry["source"], entry["file"], entry["sha256"], entry["sizeBytes"], None, 400_000_000
    )


@pytest.fixture(scope="session")
def gguf(weights: Weights, weights_cache: Path) -> Path:
    path = weights_path(weights, weights_cache)
    if path is None:
        pytest.fail("The embedded model is not here. Run: aiportal models pull")
    return path


@pytest.fixture
def local_settings(tmp_path: Path, gguf: Path, weights_cache: Path) -> Settings:
    """A portal whose default model is the real embedded one."""
    return Settings(
        port=0, data_dir=tmp_path / "data", cache_dir=weights_cache, model_config_dir=CONFIG
    )


@dataclass
class _Engine:
    """LocalModels with one leased model, and a client that has its key."""

    models: LocalModels
    endpoint: LocalEndpoint
    client: aiohttp.ClientSession

    async def ask(self, **body: Any) -> dict[str, Any]:
        body = {"messages": [{"role": "user", "content": QUESTION}], "temperature": 0.2} | body
        async with self.client.post(self.url, json=body) as answer:
            return dict(await answer.json())

    @property
    def url(self) -> str:
        return f"{self.endpoint.base_url}/chat/completions"


@asynccontextmanager
async def _engine(gguf: Path, *, parallel: int = 2) -> AsyncIterator[_Engine]:
    own = Weights(f"path:{gguf}")
    async with (
        LocalModels(cache_dir=gguf.parent, idle_s=60, parallel=parallel, is_enabled=True) as models,
        models.lease(MODEL, own, context_window=1024) as endpoint,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {endpoint.api_key}"}) as client,
    ):
        yield _Engine(models, endpoint, client)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            if await asyncio.to_thread(condition):
                return
            await asyncio.sleep(POLL_S)


def _engines(pid: int | None = None) -> list[psutil.Process]:
    """The llama.cpp processes that a process, by default this one, has started."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        try:
            if "llama_process.py" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


# Answers


async def test_the_default_model_knows_the_capital_of_france(local_settings: Settings) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": QUESTION}]}
    async with serving(local_settings) as server, aiohttp.ClientSession() as client:
        for _ in range(5):
            url = f"{server.url}/v1/chat/completions"
            async with client.post(url, json=body, headers=server.headers) as answer:
                found = await answer.json()
            assert "Paris" in found["choices"][0]["message"]["content"]
            assert found["usage"]["prompt_tokens"] > 0


async def test_the_shipped_custom_models_answer_at_once(local_settings: Settings) -> None:
    names = sorted(path.stem for path in (CONFIG / "models/custom").glob("*.json"))
    assert names == ["coding-assistant", "data-analyst", "fast-responder"]
    async with serving(local_settings) as server, aiohttp.ClientSession() as client:
        for name in names:
            body = {"model": f"custom/{name}", "messages": LONG["messages"], "max_tokens": 8}
            url = f"{server.url}/v1/chat/completions"
            async with client.post(url, json=body, headers=server.headers) as answer:
                assert answer.status == 200
                assert (await answer.json())["choices"][0]["message"]["content"]


async def test_the_default_model_answers_in_the_dialect_of_responses(
    local_settings: Settings,
) -> None:
    body = {"model": MODEL, "input": QUESTION, "temperature": 0, "max_output_tokens": 20}
    async with serving(local_settings) as server, aiohttp.ClientSession() as client:
        url = f"{server.url}/v1/responses"
        async with client.post(url, json=body, headers=server.headers) as answer:
            whole = await answer.json()
        streamed = body | {"stream": True, "previous_response_id": whole["id"]}
        async with client.post(url, json=streamed, headers=server.headers) as answer:
            *_, last, done, _ = (await answer.text()).split("\n\n")
    response = json.loads(last.partition("data: ")[2])["response"]

    assert "Paris" in whole["output"][0]["content"][0]["text"]
    assert (whole["status"], response["status"]) == ("completed", "completed")
    assert response["usage"]["input_tokens"] > whole["usage"]["input_tokens"] > 0
    assert done == "data: [DONE]"


@pytest.mark.parametrize("is_stream", [False, True])
async def test_it_answers_in_anthropics_dialect(local_settings: Settings, is_stream: bool) -> None:
    question = {"messages": [{"role": "user", "content": QUESTION}], "system": "You know much."}
    body = {"model": MODEL, "max_tokens": 50, "temperature": 0, "stream": is_stream, **question}
    async with serving(local_settings) as server, aiohttp.ClientSession() as client:
        url = f"{server.url}/v1/messages"
        async with client.post(url, json=body, headers=server.headers) as answer:
            text = await answer.text()
        counted = {"model": MODEL, **question}
        url = f"{url}/count_tokens"
        async with client.post(url, json=counted, headers=server.headers) as answer:
            count = await answer.json()
        (row,) = await server.rows()
    assert "Paris" in text
    assert count == {"input_tokens": row.prompt_tokens, "estimated": False}


async def test_a_stream_ends_with_its_usage_where_that_is_asked_for(gguf: Path) -> None:
    body = {
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    async with _engine(gguf) as engine, engine.client.post(engine.url, json=body) as answer:
        text = await answer.text()
    events = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    last = json.loads(events[-2])
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] > 0


async def test_more_requests_than_slots_are_all_answered(gguf: Path) -> None:
    async with _engine(gguf, parallel=2) as engine:
        answers = await asyncio.gather(*(engine.ask(max_tokens=8) for _ in range(12)))
    assert {answer["usage"]["prompt_tokens"] for answer in answers} == {42}


async def test_an_answer_names_the_model_and_no_path(gguf: Path) -> None:
    async with _engine(gguf) as engine:
        answer = await engine.ask(max_tokens=8)
    assert answer["model"] == MODEL
    assert str(gguf.parent) not in json.dumps(answer)


async def test_a_prompt_longer_than_the_context_is_refused(gguf: Path) -> None:
    async with _engine(gguf) as engine:
        answer = await engine.ask(messages=[{"role": "user", "content": "word " * 3_000}])
        assert answer["error"]["type"] == "exceed_context_size_error"
        assert "choices" in await engine.ask(max_tokens=2)


async def test_an_answer_can_be_held_to_a_schema(gguf: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 30}},
        "required": ["city"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": schema}}
    async with _engine(gguf) as engine:
        answer = await engine.ask(response_format=form, max_tokens=100)
    assert set(json.loads(answer["choices"][0]["message"]["content"])) == {"city"}


# What others on this machine can reach


@pytest.mark.parametrize("path", ["v1/models", "v1/chat/completions", "props", "slots", "metrics"])
async def test_nothing_is_told_without_the_key(path: str, gguf: Path) -> None:
    async with _engine(gguf) as engine, aiohttp.ClientSession() as stranger:
        url = engine.endpoint.base_url.removesuffix("v1") + path
        async with stranger.get(url) as answer:
            assert answer.status in {401, 404}
        async with stranger.post(url, json=LONG, headers={"Authorization": "Bearer x"}) as answer:
            assert answer.status in {401, 404}


async def test_there_is_no_web_page_and_no_view_of_others_prompts(gguf: Path) -> None:
    async with _engine(gguf) as engine:
        root = engine.endpoint.base_url.removesuffix("/v1")
        assert root.startswith("http://127.0.0.1:")
        for path in ("/", "/slots", "/metrics", "/tools"):
            async with engine.client.get(f"{root}{path}") as answer:
                assert answer.status in {403, 404, 501}, path


def test_the_key_is_not_shown(gguf: Path) -> None:
    assert "secret" not in repr(LocalEndpoint("http://127.0.0.1:1/v1", "secret"))


# Life


async def test_a_stream_that_is_left_makes_room_for_the_next(gguf: Path) -> None:
    async with _engine(gguf, parallel=1) as engine:
        async with engine.client.post(engine.url, json={**LONG, "stream": True}) as answer:
            await answer.content.readany()
            waiting = asyncio.create_task(engine.ask(max_tokens=4))
        found = await asyncio.wait_for(waiting, DEADLINE_S)
    assert found["usage"]["completion_tokens"] <= 4


async def test_callers_who_come_at_once_share_one_load(gguf: Path) -> None:
    own = Weights(f"path:{gguf}")
    async with LocalModels(cache_dir=gguf.parent, idle_s=60, parallel=1, is_enabled=True) as models:

        async def lease() -> LocalEndpoint:
            async with models.lease(MODEL, own, context_window=256) as endpoint:
                return endpoint

        endpoints = await asyncio.gather(*(lease() for _ in range(5)))
        assert len(set(endpoints)) == 1
        assert len(await asyncio.to_thread(_engines)) == 1
        assert [(one.state, one.leases) for one in models.status()] == [("ready", 0)]


async def test_a_model_that_nobody_uses_leaves_memory_and_comes_back(gguf: Path) -> None:
    own = Weights(f"path:{gguf}")
    async with LocalModels(
        cache_dir=gguf.parent, idle_s=0.01, parallel=1, is_enabled=True
    ) as models:
        for _ in range(5):
            async with models.lease(MODEL, own, context_window=256):
                assert len(await asyncio.to_thread(_engines)) == 1
            await _until(lambda: not _engines())
            assert models.status() == []


async def test_an_engine_that_died_is_started_again(gguf: Path) -> None:
    own = Weights(f"path:{gguf}")
    async with _engine(gguf) as engine:
        (process,) = await asyncio.to_thread(_engines)
        process.kill()
        await _until(lambda: not engine.models.status())
        async with engine.models.lease(MODEL, own, context_window=1024) as endpoint:
            assert endpoint != engine.endpoint


async def test_closing_ends_running_answers_and_leaves_no_process(gguf: Path) -> None:
    async with asyncio.timeout(DEADLINE_S), _engine(gguf) as engine:
        await engine.client.post(engine.url, json={**LONG, "stream": True})
        await engine.models.__aexit__(None, None, None)
    assert await asyncio.to_thread(_engines) == []


async def test_a_lease_waits_for_weights_that_are_being_fetched(gguf: Path, tmp_path: Path) -> None:
    content = await asyncio.to_thread(gguf.read_bytes)
    async with (
        FileServer(content, gate_at=1_000_000).serving() as server,
        LocalModels(cache_dir=tmp_path, idle_s=60, parallel=1, is_enabled=True) as models,
    ):
        server.gate.clear()
        fetched = Weights(f"{server.url}/tiny.gguf")
        pulling = asyncio.create_task(pull(fetched, tmp_path, on_progress=lambda _: None))
        await server.is_held.wait()
        assert (await models.status_of(MODEL, fetched)).state == "pulling"
        lease = models.lease(MODEL, fetched, context_window=256)
        leasing = asyncio.create_task(lease.__aenter__())
        await _until(lambda: [one.state for one in models.status()] == ["pulling"])
        server.gate.set()
        assert (await leasing).base_url
        await lease.__aexit__(None, None, None)
        await pulling


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_engine_ends_with_the_portal(number: signal.Signals, local_settings: Settings) -> None:
    key = asyncio.run(make_key(local_settings))
    with PortalProcess(local_settings, key=key, has_pages=False) as process:
        engines = asyncio.run(_stream_until_signal(process, number))
        gone, alive = psutil.wait_procs(engines, timeout=DEADLINE_S)
    assert (len(gone), alive) == (1, [])


async def _stream_until_signal(
    process: PortalProcess, number: signal.Signals
) -> list[psutil.Process]:
    """Start an answer, read its beginning, send the signal; the engines that were running."""
    async with aiohttp.ClientSession(headers=process.headers) as client:
        url = f"{process.url}/v1/chat/completions"
        body = {**LONG, "model": MODEL, "stream": True}
        async with client.post(url, json=body) as answer:
            await answer.content.readany()
            engines = await asyncio.to_thread(_engines, process.pid)
            await asyncio.to_thread(psutil.Process(process.pid).send_signal, number)
    return engines


async def test_no_call_of_many_at_once_is_lost(local_settings: Settings) -> None:
    async with Portal.open(local_settings) as portal:
        operator = await portal.users.operator()

        async def ask_often(who: int) -> None:
            for number in range(10):
                message = {"role": "user", "content": f"{who}, {number}"}
                body = {"model": MODEL, "messages": [message], "max_tokens": 1, "stream": True}
                request = ChatRequest.parse(body, portal.registry.limits)
                async with portal.chat(operator, request, source="cli") as completion:
                    async for _ in completion.deltas():
                        pass

        await asyncio.gather(*map(ask_often, range(4)))
        rows = await portal.ledger.rows(operator)
    assert [row.status for row in rows] == [200] * 40


async def test_it_calls_a_tool_and_answers_with_the_result(local_settings: Settings) -> None:
    question = "What is 123456789 × 987654321?"
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": question}],
        "tools": {"enabled": True, "allowedTools": ["calculator"]},
        "tool_choice": "required",
    }
    settings = local_settings.model_copy(update={"tools_dir": CONFIG.parent / "tools"})
    async with (
        serving(settings) as server,
        aiohttp.ClientSession(headers=server.headers) as session,
        session.post(f"{server.url}/v1/chat/completions", json=body) as response,
    ):
        answer = await response.json()
    called, returned = answer["tool_events"]
    assert (called["tool_id"], returned["result"]["result"]) == ("calculator", "121932631112635269")
    assert "121932631112635269" in answer["choices"][0]["message"]["content"]
