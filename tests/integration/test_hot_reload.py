"""Model files change under load: what is written is served, and no call fails for it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from aiportal.settings import Settings
from tests.integration.calls import CHAT, chat_body, client
from tests.loopback import NO_TLS
from tests.running import AppServer, serving
from tests.upstreams import Gate, Upstream, chunk, stream
from tests.upstreams.answers import DONE
from tests.waiting import until

CALLERS = 4
NUMBERS = range(10)


@pytest.fixture
def models(portal_config: Path) -> Path:
    """The folder of the models `acme/fast` and `acme/slow`."""
    return portal_config / "models" / "acme"


def write(models: Path, number: int, **fields: Any) -> None:
    """The file of the model `acme/N`."""
    entry = {"id": f"acme/{number}", "provider": "acme", "name": "new"} | fields
    (models / f"{number}.json").write_text(json.dumps(entry))


async def listed(session: httpx.AsyncClient) -> dict[str, str]:
    """Id and name of the ten models, those of them that there are."""
    data = (await session.get("/v1/models")).json()["data"]
    ours = {f"acme/{number}" for number in NUMBERS}
    return {model["id"]: model["name"] for model in data if model["id"] in ours}


async def until_listed(session: httpx.AsyncClient, is_so: Callable[[dict[str, str]], bool]) -> None:
    """Wait until the models are so."""

    async def is_listed() -> bool:
        return is_so(await listed(session))

    await until(is_listed)


async def problems(session: httpx.AsyncClient) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await session.get("/v1/routerbox/problems")).json()["data"]
    return found


async def until_told(session: httpx.AsyncClient, count: int) -> None:
    """Wait until there are that many problems."""

    async def is_told() -> bool:
        return len(await problems(session)) == count

    await until(is_told)


@asynccontextmanager
async def load(session: httpx.AsyncClient) -> AsyncIterator[list[int]]:
    """Calls of `acme/fast`, one after the other by each of some callers; their statuses."""
    statuses: list[int] = []
    is_over = asyncio.Event()

    async def call() -> None:
        while not is_over.is_set():
            statuses.append((await session.post(CHAT, json=chat_body())).status_code)

    async with asyncio.TaskGroup() as callers:
        for _ in range(CALLERS):
            callers.create_task(call())
        try:
            yield statuses
        finally:
            is_over.set()


async def test_ten_files_added_changed_broken_mended_and_removed_under_load(
    app_server: AppServer, models: Path
) -> None:
    async with client(app_server) as session, load(session) as statuses:
        for number in NUMBERS:
            write(models, number)
        await until_listed(session, lambda found: len(found) == 10)
        for number in NUMBERS:
            write(models, number, name="changed")
        await until_listed(session, lambda found: set(found.values()) == {"changed"})
        for number in NUMBERS:
            (models / f"{number}.json").write_text('{"id": "acme/')
        await until_listed(session, lambda found: set(found.values()) == {"changed"})
        await until_told(session, 10)
        assert set(await listed(session)) == {f"acme/{number}" for number in NUMBERS}
        for number in NUMBERS:
            write(models, number, name="mended")
        await until_listed(session, lambda found: set(found.values()) == {"mended"})
        assert await problems(session) == []
        for number in NUMBERS:
            (models / f"{number}.json").unlink()
        await until_listed(session, lambda found: not found)
    assert set(statuses) == {200}


async def test_a_stream_in_flight_outlives_the_file_of_its_model(
    app_server: AppServer, upstream: Upstream, models: Path
) -> None:
    rest = Gate()
    upstream.answer("0", stream(chunk("one"), rest, chunk(" two", finish="stop"), DONE))
    async with client(app_server) as session:
        write(models, 0)
        await until_listed(session, lambda found: len(found) == 1)
        body = chat_body(model="acme/0", stream=True)
        async with session.stream("POST", CHAT, json=body) as answer:
            pieces = answer.aiter_bytes()
            first = await anext(pieces)
            (models / "0.json").unlink()
            await until_listed(session, lambda found: not found)
            rest.open()
            whole = first + b"".join([piece async for piece in pieces])
        assert b"one" in whole
        assert whole.endswith(b"data: [DONE]\n\n")
        assert (await session.post(CHAT, json=chat_body(model="acme/0"))).status_code == 404


async def test_reload_tells_how_many_models_there_are_and_what_is_wrong(
    app_server: AppServer, models: Path
) -> None:
    (models / "bad.json").write_text(json.dumps({"id": "acme/bad", "provider": "none"}))
    async with client(app_server) as session:
        answer = await session.post("/v1/routerbox/reload")
    expected = {
        "file": "models/acme/bad.json",
        "field": "provider",
        "value": "'none'",
        "allowed": "one of: acme",
    }
    assert answer.json() == {"models": 2, "problems": [expected]}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/routerbox/reload"), ("GET", "/v1/routerbox/problems")]
)
async def test_the_model_config_is_for_administrators(
    app_server: AppServer, method: str, path: str
) -> None:
    portal = app_server.portal
    operator = await portal.users.operator()
    await portal.users.create(operator, username="ann", password=None)
    _, key = await portal.keys.create(operator, name="ann's", username="ann")
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url) as session:
        assert (await session.request(method, path)).status_code == 401
        refused = await session.request(method, path, headers={"x-api-key": key})
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "permission_error")


async def test_a_model_server_on_this_machine_serves_at_once(
    wired_settings: Settings, upstream: Upstream
) -> None:
    server = upstream.url.removesuffix("/v1")
    found = {"discover_local": True, "local_servers": (f"lmstudio={server}",)}
    async with (
        serving(wired_settings.model_copy(update=found)) as portal,
        client(portal) as session,
    ):
        shown = (await session.get("/v1/models/lmstudio/fast")).json()
        assert (shown["is_discovered"], shown["owned_by"]) == (True, "lmstudio")
        answer = await session.post(CHAT, json=chat_body(model="lmstudio/fast"))
    assert (answer.status_code, answer.headers["x-aiportal-model"]) == (200, "lmstudio/fast")
    assert upstream.last().json["model"] == "fast"
