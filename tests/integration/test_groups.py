"""A group opens models and tools to its members, by every door, until they are taken out of it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from aiportal.settings import Settings
from tests.integration.calls import CHAT, chat_body, client
from tests.loopback import NO_TLS
from tests.running import AppServer, key_of_new_user, serving
from tests.tool_folder import write_tools
from tests.upstreams import Upstream, answers, write_model_config
from tests.upstreams.calling import call, calling

ACCESS = {"groups": ["Staff"]}
MODELS = {"acme/slow", "custom/clerk", "custom/narrow"}
QUESTION = {"parameters": {"expression": "6 * 7"}}


@dataclass
class Person:
    """A user and what they see and may do."""

    server: AppServer
    key: str

    @property
    def http(self) -> httpx.AsyncClient:
        headers = {"X-API-Key": self.key}
        return httpx.AsyncClient(
            verify=NO_TLS, base_url=self.server.url, headers=headers, timeout=30
        )

    async def models(self) -> set[str]:
        async with self.http as http:
            listed = (await http.get("/v1/models")).json()["data"]
        return {model["id"] for model in listed} & MODELS

    async def asks(self, **fields: Any) -> httpx.Response:
        async with self.http as http:
            return await http.post(CHAT, json=chat_body(**fields))

    async def tools(self) -> set[str]:
        async with self.http as http:
            return {tool["id"] for tool in (await http.get("/v1/tools")).json()["data"]}

    async def runs(self) -> httpx.Response:
        async with self.http as http:
            return await http.post("/v1/tools/calculator/execute", json=QUESTION)

    async def tools_over_mcp(self) -> set[str]:
        async with httpx2.AsyncClient(headers={"X-API-Key": self.key}, timeout=30) as http:
            transport = streamable_http_client(f"{self.server.url}/mcp", http_client=http)
            async with Client(transport, cache=None) as mcp:
                return {tool.name for tool in (await mcp.list_tools()).tools}


def change(path: Path, **fields: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


@pytest.fixture
async def server(
    wired_settings: Settings, upstream: Upstream, tmp_path: Path
) -> AsyncIterator[AppServer]:
    """The model `acme/slow`, custom ones of it and for the group alone, and the calculator."""
    folder = write_model_config(tmp_path / "grouped", upstream.url)
    change(folder / "models" / "acme" / "slow.json", access=ACCESS)
    customs = folder / "models" / "custom"
    customs.mkdir()
    clerk = {"id": "custom/clerk", "baseModel": "acme/slow"}
    (customs / "clerk.json").write_text(json.dumps(clerk))
    narrow = {"id": "custom/narrow", "baseModel": "acme/fast", "access": ACCESS}
    (customs / "narrow.json").write_text(json.dumps(narrow))
    tools = write_tools(tmp_path / "tools")
    change(tools / "calculator" / "config.json", access=ACCESS)
    settings = wired_settings.model_copy(update={"model_config_dir": folder, "tools_dir": tools})
    async with serving(settings) as server:
        yield server


@pytest.fixture
async def ann(server: AppServer) -> Person:
    return Person(server, await key_of_new_user(server.portal, "ann"))


@pytest.fixture
async def ben(server: AppServer) -> Person:
    return Person(server, await key_of_new_user(server.portal, "ben"))


@pytest.fixture
async def staff(server: AppServer, ann: Person) -> str:
    """The address of a group with ann in it."""
    async with client(server) as admin:
        made = await admin.post("/api/admin/groups", json={"name": "staff", "members": ["ann"]})
    return f"/api/admin/groups/{made.json()['id']}"


async def expect_shut_out(person: Person) -> None:
    assert await person.models() == set()
    for model in MODELS:
        refused = await person.asks(model=model)
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_not_found")
    assert "calculator" not in await person.tools()
    assert "calculator" not in await person.tools_over_mcp()
    refused = await person.runs()
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "tool_not_found")
    in_chat = await person.asks(tools={"enabled": True, "allowedTools": ["calculator"]})
    assert in_chat.status_code == 404


async def test_members_see_and_call_what_others_do_not(
    server: AppServer, ann: Person, ben: Person, staff: str
) -> None:
    assert await ann.models() == MODELS
    for model in MODELS:
        assert (await ann.asks(model=model)).status_code == 200
    assert {"calculator", "asks"} <= await ann.tools()
    assert "calculator" in await ann.tools_over_mcp()
    assert (await ann.runs()).json()["result"]["result"] == "42"
    await expect_shut_out(ben)


async def test_a_model_calls_the_tool_for_members_alone(
    server: AppServer, upstream: Upstream, ann: Person, ben: Person, staff: str
) -> None:
    tools = {"enabled": True}
    asked = call("calculator", "a", expression="6 * 7")
    upstream.answer("fast", calling(asked), answers.text("It is 42."))
    answer = (await ann.asks(tools=tools)).json()
    assert answer["tool_events"][1]["result"]["result"] == "42"
    upstream.answer("fast", answers.text("I cannot."))
    assert (await ben.asks(tools=tools)).status_code == 200
    offered = {tool["function"]["name"] for tool in upstream.last().json["tools"]}
    assert offered & {"calculator", "filer"} == {"filer"}


@pytest.mark.parametrize("way", ["out", "renamed", "deleted"])
async def test_who_is_no_member_any_more_loses_it_at_once(
    server: AppServer, ann: Person, staff: str, way: str
) -> None:
    assert await ann.models() == MODELS
    async with client(server) as admin:
        changed = await {
            "out": lambda: admin.patch(staff, json={"remove": ["ann"]}),
            "renamed": lambda: admin.patch(staff, json={"name": "crew"}),
            "deleted": lambda: admin.delete(staff),
        }[way]()
    assert changed.status_code == 200
    await expect_shut_out(ann)
