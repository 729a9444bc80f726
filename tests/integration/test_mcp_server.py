"""Our tools over MCP, by the official client, in both of its protocols."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Literal

import httpx2
import mcp_types
import pytest
import pytest_asyncio
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from aiportal.principal import Principal
from aiportal.settings import Settings
from tests.contract.tool_cases import CITY, write_tools
from tests.running import AppServer, serving
from tests.waiting import until

Mode = Literal["auto", "legacy"]
MODES: tuple[Mode, ...] = ("auto", "legacy")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AppServer]:
    folder = tmp_path_factory.mktemp("mcp")
    settings = Settings(
        port=0,
        data_dir=folder / "data",
        tools_dir=write_tools(folder / "tools"),
        local_model="off",
        cors_origins=("https://inspector.example",),
    )
    async with serving(settings) as server:
        admin = await server.portal.users.operator()
        await server.portal.users.create(admin, username="ben", password=None)
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ben(server: AppServer) -> str:
    admin = await server.portal.users.operator()
    return (await server.portal.keys.create(admin, name="mcp", username="ben"))[1]


@asynccontextmanager
async def client_of(server: AppServer, key: str, mode: Mode = "auto") -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(f"{server.url}/mcp", http_client=http)
        async with Client(transport, mode=mode, cache=None) as client:
            yield client


async def _waits(server: AppServer, person: Principal, *, is_empty: bool = False) -> bool:
    """Whether calls of this person wait for approval, or none does."""
    return bool(await server.portal.tools.approvals(person)) is not is_empty


def text_of(result: mcp_types.CallToolResult, place: int = 0) -> str:
    block = result.content[place]
    assert isinstance(block, mcp_types.TextContent)
    return block.text


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("mode", MODES)
async def test_a_client_sees_what_it_may_use_and_calls_it(
    server: AppServer, ben: str, mode: Mode
) -> None:
    async with client_of(server, ben, mode) as client:
        found = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"for-admins", "switched-off", "needs-key"} & set(found) == set()
        assert found["echo"].input_schema == CITY
        assert found["echo"].description == "The tool echo."
        annotations = found["asks-portal"].annotations
        assert annotations is not None
        assert (annotations.destructive_hint, annotations.open_world_hint) == (False, False)
        assert found["asks-first"].description is not None
        assert found["asks-first"].description.endswith("A person has to agree to each call.")
        result = await client.call_tool("echo", {"city": "Rome"})
    assert not result.is_error
    assert text_of(result) == '{"city": "Rome"}'
    assert result.structured_content == {"city": "Rome"}


@pytest.mark.parametrize("mode", MODES)
async def test_what_goes_wrong_is_told_to_the_model(
    server: AppServer, ben: str, mode: Mode
) -> None:
    async with client_of(server, ben, mode) as client:
        wrong = await client.call_tool("echo", {"town": "Rome"})
        assert wrong.is_error
        assert "'city' is a required property" in text_of(wrong)
        raised = await client.call_tool("raises", {})
        assert raised.is_error
        assert text_of(raised).startswith("KeyError")
        lacking = await client.call_tool("needs-key", {})
        assert lacking.is_error
        assert "NO_SUCH_APP_ID" in text_of(lacking)
        for tool_id in ("none", "for-admins"):
            with pytest.raises(MCPError, match=f"There is no tool '{tool_id}'"):
                await client.call_tool(tool_id, {})


async def test_pictures_and_files_come_as_what_they_are(server: AppServer, ben: str) -> None:
    async with client_of(server, ben) as client:
        result = await client.call_tool("plot", {})
    assert [text_of(result), text_of(result, 1)] == ["[1, 2]", "stdout:\ndrawn\n"]
    assert result.structured_content is None
    kinds = {type(block).__name__: block for block in result.content[2:]}
    picture = kinds["ImageContent"]
    assert isinstance(picture, mcp_types.ImageContent)
    assert picture.mime_type == "image/png"
    resources = [
        block.resource for block in result.content if isinstance(block, mcp_types.EmbeddedResource)
    ]
    found = {resource.uri: resource for resource in resources}
    table = found["artifact:///table.csv"]
    assert isinstance(table, mcp_types.TextResourceContents)
    assert table.text == "a,b\n1,2\n"
    assert isinstance(found["artifact:///raw.bin"], mcp_types.BlobResourceContents)


async def test_without_a_key_nobody_comes_in(server: AppServer, ben: str) -> None:
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"Accept": "application/json, text/event-stream"}
    async with httpx2.AsyncClient(headers=accept) as http:
        for headers in ({}, {"Authorization": "Bearer ak_wrong"}, {"Cookie": f"session={ben}"}):
            answer = await http.post(f"{server.url}/mcp", json=hello, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["error"]["type"] == "authentication_error"
        key = {"X-API-Key": ben}
        assert (await http.post(f"{server.url}/mcp", json=hello, headers=key)).status_code == 200
        other = key | {"Origin": "https://evil.example"}
        assert (await http.post(f"{server.url}/mcp", json=hello, headers=other)).status_code == 403
        for origin in (server.url, "https://inspector.example"):
            ours = key | {"Origin": origin}
            answer = await http.post(f"{server.url}/mcp", json=hello, headers=ours)
            assert answer.status_code == 200
        refused = await http.get(f"{server.url}/mcp", headers=key)
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST, DELETE")


async def test_no_message_brings_it_down(server: AppServer, ben: str) -> None:
    headers = {
        "X-API-Key": ben,
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
    }
    async with httpx2.AsyncClient(headers=headers) as http:
        for body, status in (
            (b"", 400),
            (b"rubbish", 400),
            (b"[" * 100_000, 400),
            (b'{"jsonrpc":"2.0","id":1,"method":' + b"9" * 5_000 + b"}", 400),
            (b'{"a":"' + b"x" * (12 * 1024**2) + b'"}', 413),
        ):
            answer = await http.post(f"{server.url}/mcp", content=body)
            assert answer.status_code == status, answer.text[:200]
            assert "Traceback" not in answer.text
    async with client_of(server, ben) as client:
        assert not (await client.call_tool("echo", {"city": "Rome"})).is_error


@pytest.mark.parametrize("mode", MODES)
async def test_a_call_that_is_taken_back_ends_its_program(
    server: AppServer, ben: str, mode: Mode
) -> None:
    async with client_of(server, ben, mode) as client:
        call = asyncio.ensure_future(client.call_tool("hangs", {}))
        await until(lambda: server.portal.tools.running == 1)
        call.cancel()
        await asyncio.wait([call])
        await until(lambda: server.portal.tools.running == 0)


@pytest.mark.parametrize("mode", MODES)
async def test_a_client_that_is_gone_ends_its_program(
    server: AppServer, ben: str, mode: Mode
) -> None:
    connected = asyncio.Event()

    async def call() -> None:
        headers = {"X-API-Key": ben, "Accept": "application/json, text/event-stream"}
        if mode == "auto":
            headers |= {"MCP-Protocol-Version": "2026-07-28"}
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "hangs", "arguments": {}},
        }
        if mode == "auto":
            body["params"] |= {"_meta": _META}  # type: ignore[operator] # a dict of dicts
            headers |= {"Mcp-Method": "tools/call", "Mcp-Name": "hangs"}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            connected.set()
            answer = await http.post(f"{server.url}/mcp", json=body)
            pytest.fail(answer.text)

    task = asyncio.ensure_future(call())
    await until(lambda: server.portal.tools.running == 1 or task.done())
    assert not task.done(), task
    task.cancel()
    await asyncio.wait([task])
    await until(lambda: server.portal.tools.running == 0)


_META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


@pytest.mark.parametrize("mode", MODES)
async def test_a_person_agrees_while_the_client_waits(
    server: AppServer, ben: str, mode: Mode
) -> None:
    told: list[str | None] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    person = await server.portal.credentials.authenticate(
        authorization=f"Bearer {ben}", api_key=None, cookie=None
    )
    other = await server.portal.users.operator()
    async with client_of(server, ben, mode) as client:
        call = asyncio.ensure_future(
            client.call_tool("asks-first", {"a": 1}, progress_callback=heard)
        )
        await until(lambda: bool(told) or call.done())
        waiting = await server.portal.tools.approvals(person)
        assert [one.id for one in waiting if one.id in (told[0] or "")]
        assert await server.portal.tools.approvals(other) == []
        await server.portal.tools.decide(person, waiting[-1].id, approve=True)
        result = await call
        assert result.structured_content == {"a": 1}
        again = asyncio.ensure_future(client.call_tool("asks-first", {}))
        await until(partial(_waits, server, person))
        waiting = await server.portal.tools.approvals(person)
        await server.portal.tools.decide(person, waiting[0].id, approve=False)
        declined = await again
        assert declined.is_error
        assert "declined" in text_of(declined)


async def test_a_client_that_leaves_takes_its_question_back(server: AppServer, ben: str) -> None:
    person = await server.portal.credentials.authenticate(
        authorization=f"Bearer {ben}", api_key=None, cookie=None
    )
    async with client_of(server, ben) as client:
        call = asyncio.ensure_future(client.call_tool("asks-first", {}))
        await until(partial(_waits, server, person))
        call.cancel()
        await asyncio.wait([call])
        await until(partial(_waits, server, person, is_empty=True))


async def test_many_call_at_once(server: AppServer, ben: str) -> None:
    async with client_of(server, ben) as one, client_of(server, server.key, "legacy") as two:
        results = await asyncio.gather(
            *(
                client.call_tool("echo", {"city": f"{place}"})
                for place, client in enumerate([one, two] * 10)
            )
        )
    assert [text_of(result) for result in results] == [
        f'{{"city": "{place}"}}' for place in range(20)
    ]
