"""Sources in conversations: told, kept, exported, brought back, gone on with, and after SIGKILL."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from aiportal.settings import Settings
from tests.contract.conversing import Client
from tests.loopback import NO_TLS
from tests.running import AppServer, PortalProcess, make_key, serving
from tests.upstreams import DONE, Gate, SearchSite, Upstream, chunk, stream
from tests.upstreams.answers import text
from tests.upstreams.searching import PATHS, wikipedia
from tests.web_portal import searching_settings

SAVED_WITHIN_S = 5
ORDER = ["turn", "web_search", "source", "source", "text_delta", "usage", "finished"]


@pytest.fixture
def site() -> Iterator[SearchSite]:
    with SearchSite() as site:
        site.finds("wikipedia", wikipedia("Eiffel Tower", "Gustave Eiffel"))
        yield site


@pytest.fixture
def settings(wired_settings: Settings, site: SearchSite, tmp_path: Path) -> Settings:
    return searching_settings(wired_settings, site, tmp_path / "tools")


@pytest.fixture
async def portal(settings: Settings) -> AsyncIterator[AppServer]:
    async with serving(settings) as server:
        yield server


@pytest.fixture
async def client(portal: AppServer) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, f"{portal.url}/v1", portal.headers)


async def _asked(client: Client, path: str, **body: Any) -> list[dict[str, Any]]:
    events = client.events("POST", path, json=body)
    return [event.json async for event in events if event.data != "[DONE]"]


async def _newest(client: Client, chat_id: str) -> dict[str, Any]:
    _, body = await client.call("GET", f"/conversations/{chat_id}/messages")
    newest: dict[str, Any] = body["data"][-1]
    return newest


async def test_a_turn_is_kept_with_its_sources_and_their_places(
    client: Client, upstream: Upstream, portal: AppServer
) -> None:
    upstream.answer("fast", text("🗼 Eiffel[1] and [2, 9]."))
    chat_id = await client.new_chat()
    path = f"/conversations/{chat_id}/turns"
    events = await _asked(client, path, content="Who built it?", web_search=True)
    kinds = [event["type"] for event in events]
    assert [
        kind for i, kind in enumerate(kinds) if kind != "text_delta" or kinds[i - 1] != kind
    ] == ORDER
    again = client.events("GET", f"/turns/{events[0]['turn_id']}/events")
    replayed = [event.json async for event in again if event.data != "[DONE]"]
    assert [one for one in replayed if one["type"] in ORDER[1:3]] == events[1:4]
    late = client.events(
        "GET", f"/turns/{events[0]['turn_id']}/events", headers={"Last-Event-ID": "3"}
    )
    assert (await anext(late)).json == events[3]

    message = await _newest(client, chat_id)
    assert "Only Wikipedia" in message["web_search"]["note"]
    assert [one["number"] for one in message["sources"]] == [1, 2]
    cited = [one["url_citation"] for one in message["annotations"]]
    places = [message["content"][one["start_index"] : one["end_index"]] for one in cited]
    assert places == ["[1]", "[2, 9]"]
    assert [one["title"] for one in cited] == ["Eiffel Tower", "Gustave Eiffel"]

    texts = {}
    for kind in ("md", "html", "ipynb", "json"):
        url = f"{client.url}/conversations/{chat_id}/export.{kind}"
        async with client.session.get(url, headers=client.headers) as answer:
            texts[kind] = await answer.text()
    assert all("/wikipedia/wiki/Eiffel_Tower" in text for text in texts.values())
    assert all("Only Wikipedia" in text for text in texts.values())
    operator = await portal.portal.users.operator()
    conversation = json.loads(texts["json"]) | {"id": "from-elsewhere"}
    report = await portal.portal.imports.run(operator, json.dumps(conversation).encode())
    (copy,) = report.conversations
    brought = await _newest(client, copy.id)
    for name in ("sources", "annotations", "web_search"):
        assert brought[name] == message[name]
    conversation["messages"][-1]["sources"][0]["url"] = "javascript:alert(1)"
    conversation["id"] = "elsewhere-again"
    report = await portal.portal.imports.run(operator, json.dumps(conversation).encode())
    assert not report.conversations


async def test_a_chat_searches_for_each_of_its_questions_until_it_is_told_not_to(
    client: Client, upstream: Upstream, site: SearchSite
) -> None:
    upstream.answer("fast", text("Yes [1]."))
    chat_id = await client.new_chat(web_search=True)
    path = f"/conversations/{chat_id}"
    await _asked(client, f"{path}/turns", content="Who was Gustave Eiffel?")
    first = await _newest(client, chat_id)
    await _asked(client, f"{path}/turns", parent_id=first["parent_id"])  # once more
    assert len((await _newest(client, chat_id))["sources"]) == 2
    assert site.calls("wikipedia") == 1  # remembered
    await _asked(client, f"{path}/turns", content="When did he die?")
    assert (
        site.asked(PATHS["wikipedia"])[-1].query["srsearch"]
        == "Who was Gustave Eiffel? When did he die?"
    )
    compared = await _asked(
        client, f"{path}/comparisons", content="And where?", models=["acme/fast", "acme/slow"]
    )
    assert [one["type"] for one in compared].count("source") == 4
    _, body = await client.call("PATCH", path, json={"web_search": False})
    assert body["web_search"] is False


async def test_an_answer_that_is_gone_on_with_keeps_its_sources(
    client: Client, upstream: Upstream, site: SearchSite
) -> None:
    gate = Gate()
    upstream.answer("fast", stream(chunk("Eiffel [1]"), gate, DONE), text(" and more [2]."))
    chat_id = await client.new_chat()
    path = f"/conversations/{chat_id}/turns"
    async for event in client.events("POST", path, json={"content": "Who?", "web_search": True}):
        if event.json["type"] == "turn":
            turn_id = event.json["turn_id"]
        if event.json["type"] == "text_delta":
            break
    await client.call("POST", f"/turns/{turn_id}/cancel")
    broken = await _newest(client, chat_id)
    assert (broken["status"], len(broken["sources"])) == ("cancelled", 2)
    events = await _asked(client, path, continue_id=broken["id"], web_search=True)
    assert [one["type"] for one in events if one["type"] in ORDER[1:3]] == []
    whole = await _newest(client, chat_id)
    assert len(whole["annotations"]) == 2
    assert site.calls("wikipedia") == 1
    assert "source 1]" in json.dumps(upstream.last().json["messages"])


async def test_a_temporary_chat_has_sources_too_and_keeps_them_where_it_is_kept(
    client: Client, upstream: Upstream
) -> None:
    upstream.answer("fast", text("Yes [1]."))
    events = await _asked(client, "/temporary-chats", content="Who?", web_search=True)
    chat_id = events[0]["conversation_id"]
    _, chat = await client.call("GET", f"/temporary-chats/{chat_id}")
    assert len(chat["messages"][-1]["annotations"]) == 1
    again = await _asked(client, "/temporary-chats", chat_id=chat_id)
    assert [one["type"] for one in again].count("source") == 2
    _, kept = await client.call("POST", f"/temporary-chats/{chat_id}/keep")
    assert len((await _newest(client, kept["id"]))["sources"]) == 2


def test_sources_survive_sigkill(settings: Settings, upstream: Upstream) -> None:
    upstream.answer("fast", stream(chunk("half [1] an"), Gate(), DONE))
    key = asyncio.run(make_key(settings))
    server = PortalProcess(settings, key=key, has_pages=False)
    with httpx.Client(
        verify=NO_TLS, base_url=server.url, headers=server.headers, timeout=20
    ) as client:
        server.start()
        chat_id = client.post("/v1/conversations", json={"web_search": True}).json()["id"]
        messages = f"/v1/conversations/{chat_id}/messages"
        turns = f"/v1/conversations/{chat_id}/turns"
        with client.stream("POST", turns, json={"content": "Who built it?"}) as answer:
            lines = (line for line in answer.iter_lines() if line.startswith("data: "))
            assert any('"text_delta"' in line for line in lines)
        deadline = time.monotonic() + SAVED_WITHIN_S
        while not client.get(messages).json()["data"][-1]["content"]:
            assert time.monotonic() < deadline
        server.kill()
        with server:
            newest = client.get(messages).json()["data"][-1]
            wire = client.get(f"/v1/turns/{newest['turn_id']}/events").text
    assert newest["status"] == "interrupted"
    assert [len(newest["sources"]), len(newest["annotations"])] == [2, 1]
    assert wire.index('"web_search"') < wire.index('"source"') < wire.index('"text_delta"')
