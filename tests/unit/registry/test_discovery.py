"""Model servers on this machine, here real ones on free ports."""

import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from aiportal.registry import Model, registry
from aiportal.registry.discovery import LocalServers
from aiportal.settings import Settings
from tests.unit.registry.configs import ADMIN, CONFIG, FAST, write_config
from tests.unit.registry.following import following
from tests.waiting import until

MIB = 1024 * 1024


def openai_list(*names: object) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name} for name in names]}


class ModelServer:
    """Answers GET with what stands in `answers` for a path: JSON, text, or a response."""

    def __init__(self, url: str, answers: dict[str, Any]) -> None:
        self.url = url
        self.answers = answers
        self.asked = 0


@asynccontextmanager
async def model_server(answers: Mapping[str, Any]) -> AsyncIterator[ModelServer]:
    """On a free loopback port."""
    server = ModelServer("", dict(answers))

    async def answer(request: web.Request) -> web.Response:
        server.asked += 1
        found = server.answers.get(request.path)
        if isinstance(found, int):
            raise web.HTTPFound("http://127.0.0.1:9/") if found == 302 else web.HTTPNotFound
        text = found if isinstance(found, str) else json.dumps(found)
        return web.Response(text=text, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()


def settings_for(tmp_path: Path, **servers: str) -> Settings:
    return Settings(
        data_dir=tmp_path,
        discover_local=True,
        local_servers=tuple(f"{name}={url}" for name, url in servers.items()),
    )


async def found_at(tmp_path: Path, url: str, *, name: str = "lmstudio") -> tuple[Model, ...]:
    return await LocalServers(settings_for(tmp_path, **{name: url})).find()


async def test_what_a_server_offers_is_a_model_that_is_asked_there(tmp_path: Path) -> None:
    async with model_server({"/v1/models": openai_list("qwen3-4b")}) as server:
        (model,) = await found_at(tmp_path, server.url)
    assert (model.id, model.provider, model.is_discovered) == (
        "lmstudio/qwen3-4b",
        "lmstudio",
        True,
    )
    (deployment,) = model.deployments
    assert (deployment.dialect, deployment.upstream_model) == ("openai", "qwen3-4b")
    assert deployment.api_base == f"{server.url}/v1"


async def test_ollama_is_asked_by_its_own_route_too(tmp_path: Path) -> None:
    tags = {"models": [{"model": "llama3.2:latest"}, {"model": "qwen3:4b"}]}
    answers = {"/v1/models": openai_list("qwen3:4b"), "/api/tags": tags}
    async with model_server(answers) as server:
        models = await found_at(tmp_path, server.url, name="ollama")
    assert [model.id for model in models] == ["ollama/qwen3:4b", "ollama/llama3.2:latest"]


async def test_a_model_that_is_named_by_a_path_is_called_by_the_files_name(tmp_path: Path) -> None:
    async with model_server({"/v1/models": openai_list("/models/qwen3.gguf")}) as server:
        (model,) = await found_at(tmp_path, server.url, name="llamacpp")
    assert model.id == "llamacpp/qwen3.gguf"
    assert model.deployments[0].upstream_model == "/models/qwen3.gguf"


async def test_a_model_for_embeddings_is_not_offered_for_chat(tmp_path: Path) -> None:
    async with model_server({"/v1/models": openai_list("nomic-embed-text")}) as server:
        (model,) = await found_at(tmp_path, server.url)
    assert model.capabilities == ("embeddings",)


@pytest.mark.parametrize(
    "answer",
    [
        "<html>",
        "[" * 100_000,
        "[]",
        "null",
        {"data": "x"},
        {"data": [1, None, {"id": 7}, {"id": ""}, {"id": "a b"}, {"id": "a" * 101}, {"x": "y"}]},
        {"data": [{"id": "a\r\nb"}, {"id": "\u202egnp"}]},
        '{"data": [{"id": "a"}], "x": "' + "a" * MIB + '"}',
        302,
        404,
    ],
    ids=range(10),
)
async def test_nothing_else_is_believed(tmp_path: Path, answer: object) -> None:
    async with model_server({"/v1/models": answer}) as server:
        assert await found_at(tmp_path, server.url) == ()


async def test_a_server_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections wait to be accepted
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with model_server({"/v1/models": openai_list("a")}) as server:
            settings = settings_for(tmp_path, ollama=url, lmstudio=server.url)
            models = await LocalServers(settings).find()
    assert [model.id for model in models] == ["lmstudio/a"]


async def test_a_server_offers_two_hundred_models_at_most(tmp_path: Path) -> None:
    many = openai_list(*(f"m{number}" for number in range(201)))
    async with model_server({"/v1/models": many}) as server:
        assert len(await found_at(tmp_path, server.url)) == 200


async def test_the_portals_own_port_is_not_asked(tmp_path: Path) -> None:
    async with model_server({"/v1/models": openai_list("a")}) as server:
        settings = settings_for(tmp_path, lmstudio=server.url)
        own = settings.model_copy(update={"port": int(server.url.rsplit(":", 1)[1])})
        assert await LocalServers(own).find() == ()
        assert server.asked == 0


@pytest.mark.parametrize(
    "server",
    [
        "a=http://10.0.0.1:1",
        "a=http://127.0.0.1.evil.example:1",
        "a=https://x:1",
        "http://127.0.0.1:1",
    ],
)
def test_only_loopback_addresses_are_asked(tmp_path: Path, server: str) -> None:
    with pytest.raises(ValidationError, match="loopback"):
        Settings(data_dir=tmp_path, local_servers=(server,))


async def test_the_registry_offers_them_at_once_and_looks_again_when_told(tmp_path: Path) -> None:
    folder = write_config(tmp_path, FAST)
    async with model_server({"/v1/models": openai_list("a")}) as server:
        settings = {"discover_local": True, "local_servers": (f"lmstudio={server.url}",)}
        async with following(tmp_path, folder, **settings) as followed:
            assert followed.has("lmstudio/a")
            server.answers["/v1/models"] = openai_list("b")
            await followed.registry.reload(ADMIN)
            assert followed.has("lmstudio/b")
            assert not followed.has("lmstudio/a")


async def test_a_file_of_the_same_id_goes_first(tmp_path: Path) -> None:
    config = CONFIG | {"providers": {"lmstudio": {"apiBase": "http://127.0.0.1:9/v1"}}}
    own = {"id": "lmstudio/a", "provider": "lmstudio", "name": "Mine"}
    folder = write_config(tmp_path, own, config=config)
    async with model_server({"/v1/models": openai_list("a")}) as server:
        settings = {"discover_local": True, "local_servers": (f"lmstudio={server.url}",)}
        async with following(tmp_path, folder, **settings) as followed:
            assert followed.has("lmstudio/a", name="Mine", is_discovered=False)


async def test_a_custom_model_may_build_on_one_that_was_found(tmp_path: Path) -> None:
    custom = {"id": "custom/poet", "baseModel": "lmstudio/a"}
    folder = write_config(tmp_path, FAST, custom)
    async with model_server({"/v1/models": openai_list("a")}) as server:
        settings = {"discover_local": True, "local_servers": (f"lmstudio={server.url}",)}
        async with following(tmp_path, folder, **settings) as followed:
            assert followed.has("custom/poet", base_model="lmstudio/a", is_discovered=False)


async def test_a_list_looks_again_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_config(tmp_path, FAST)
    async with model_server({"/v1/models": openai_list("a")}) as server:
        settings = {"discover_local": True, "local_servers": (f"lmstudio={server.url}",)}
        async with following(tmp_path, folder, **settings) as followed:
            asked = server.asked
            server.answers["/v1/models"] = openai_list("b")
            await followed.registry.list(ADMIN)
            assert server.asked == asked
            monkeypatch.setattr(registry, "LOOK_AROUND_S", 0)
            await followed.registry.list(ADMIN)
            await until(lambda: followed.has("lmstudio/b"))


async def test_switched_off_nobody_is_asked(tmp_path: Path) -> None:
    async with model_server({"/v1/models": openai_list("a")}) as server:
        settings = settings_for(tmp_path, lmstudio=server.url)
        off = settings.model_copy(update={"discover_local": False})
        assert await LocalServers(off).find() == ()
        assert server.asked == 0
