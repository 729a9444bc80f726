"""The portal's tools in conversations: what is kept of them, seen again and told again."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from aiportal.settings import Settings
from tests.contract.conversing import Client
from tests.loopback import NO_TLS
from tests.running import AppServer, PortalProcess, make_key, serving
from tests.tool_folder import write_tools
from tests.upstreams import Upstream, answers
from tests.upstreams.calling import call, calling

TOOLS = {"enabled": True, "allowedTools": ["calculator", "asks", "sleeper", "filer"]}


@pytest.fixture
def tool_settings(wired_settings: Settings, tmp_path: Path) -> Settings:
    return wired_settings.model_copy(update={"tools_dir": write_tools(tmp_path / "tools")})


@pytest.fixture
async def portal(tool_settings: Settings) -> AsyncIterator[AppServer]:
    async with serving(tool_settings) as server:
        yield server


@pytest.fixture
async def client(portal: AppServer) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, f"{portal.url}/v1", portal.headers)


async def _turn(client: Client, chat_id: str, content: str, **fields: Any) -> list[dict[str, Any]]:
    body = {"content": content, "tools": TOOLS} | fields
    path = f"/conversations/{chat_id}/turns"
    events = client.events("POST", path, json=body)
    return [event.json async for event in events if event.data != "[DONE]"]


async def _newest(client: Client, chat_id: str) -> dict[str, Any]:
    _, body = await client.call("GET", f"/conversations/{chat_id}/messages")
    newest: dict[str, Any] = body["data"][-1]
    return newest


def _order(events: list[dict[str, Any]]) -> list[str]:
    """The types of the events; deltas that follow one another count once."""
    kinds = [event["type"] for event in events]
    return [kind for i, kind in enumerate(kinds) if i == 0 or kind != kinds[i - 1]]


ORDER = ["turn", "text_delta", "tool_call", "tool_result", "text_delta", "usage", "finished"]


async def test_a_turn_is_kept_with_its_calls_in_their_places(
    client: Client, upstream: Upstream
) -> None:
    first = calling(call("calculator", "a", expression="6 * 7"), text="Let me see.")
    upstream.answer("fast", first, answers.text("It is 42."), answers.text("You are welcome."))
    chat_id = await client.new_chat()
    events = await _turn(client, chat_id, "6 times 7?")
    assert _order(events) == ORDER

    again = client.events("GET", f"/turns/{events[0]['turn_id']}/events")
    replayed = [event.json async for event in again if event.data != "[DONE]"]
    assert _order(replayed) == ORDER
    assert [e for e in replayed if e["type"].startswith("tool")] == [
        e for e in events if e["type"].startswith("tool")
    ]

    message = await _newest(client, chat_id)
    assert message["content"] == "Let me see.\n\nIt is 42."
    assert message["usage"]["calls"] == 2
    (used,) = message["tool_calls"]
    assert (used["at"], used["status"], used["result"]["result"]) == (11, "done", "42")

    await _turn(client, chat_id, "Thanks", tools=None)
    told = upstream.last().json["messages"]
    assert [one["role"] for one in told] == ["user", "assistant", "tool", "assistant", "user"]
    assert told[1]["tool_calls"][0]["id"] == told[2]["tool_call_id"] == "a"
    assert "42" in told[2]["content"]


async def test_exports_have_the_calls_and_our_own_comes_back(
    client: Client, upstream: Upstream, portal: AppServer
) -> None:
    upstream.answer(
        "fast",
        calling(call("calculator", "a", expression="6 * 7"), text="Let me see."),
        answers.text("It is 42."),
    )
    chat_id = await client.new_chat()
    await _turn(client, chat_id, "6 times 7?")
    texts = {}
    for kind in ("md", "html", "ipynb", "json"):
        url = f"{client.url}/conversations/{chat_id}/export.{kind}"
        async with client.session.get(url, headers=client.headers) as answer:
            texts[kind] = await answer.text()
    assert all("Calculator" in text and "6 * 7" in text for text in texts.values())
    for kind in ("md", "html"):
        places = [texts[kind].index(one) for one in ("Let me see.", "6 * 7", "It is 42.")]
        assert places == sorted(places)
    operator = await portal.portal.users.operator()
    conversation = json.loads(texts["json"]) | {"id": "from-elsewhere"}
    report = await portal.portal.imports.run(operator, json.dumps(conversation).encode())
    (copy,) = report.conversations
    assert (await _newest(client, copy.id))["tool_calls"][0]["result"]["result"] == "42"


async def test_files_of_a_tool_are_kept_for_their_owner(
    client: Client, upstream: Upstream, portal: AppServer
) -> None:
    upstream.answer("fast", calling(call("filer", "a")), answers.text("Made."))
    chat_id = await client.new_chat()
    await _turn(client, chat_id, "Make one")
    (used,) = (await _newest(client, chat_id))["tool_calls"]
    (file,) = used["artifacts"]
    assert (used["stdout"], file["name"]) == ("made\n", "note.txt")
    url = f"{client.url}/tool-artifacts/{file['id']}"
    async with client.session.get(url, headers=client.headers) as answer:
        assert await answer.read() == b"hello"
        assert answer.headers["content-disposition"].startswith("attachment")
    operator = await portal.portal.users.operator()
    await portal.portal.users.create(operator, username="ben", password="Correct-1-horse")
    _, key = await portal.portal.keys.create(operator, name="k", username="ben")
    async with client.session.get(url, headers={"Authorization": f"Bearer {key}"}) as answer:
        assert answer.status == 404


async def test_an_approval_waits_while_nobody_follows(client: Client, upstream: Upstream) -> None:
    upstream.answer("fast", calling(call("asks", "a", x=1)), answers.text("Done."))
    chat_id = await client.new_chat()
    path = f"/conversations/{chat_id}/turns"
    called: dict[str, Any] = {}
    turn: dict[str, Any] = {}
    async for event in client.events("POST", path, json={"content": "?", "tools": TOOLS}):
        turn = turn or event.json
        if event.json["type"] == "tool_call":
            called = event.json
            break
    approval = f"/tools/approvals/{called['approval_id']}"
    status, body = await client.call("POST", approval, json={"approve": False})
    assert status == 200, body
    events = client.events("GET", f"/turns/{turn['turn_id']}/events")
    ended = [event.json async for event in events if event.data != "[DONE]"]
    assert next(e for e in ended if e["type"] == "tool_result")["error_type"] == "declined"
    assert ended[-1]["status"] == "done"


async def test_a_cancelled_turn_marks_its_call(client: Client, upstream: Upstream) -> None:
    upstream.answer("fast", calling(call("sleeper", "a", seconds=60), text="Wait."))
    chat_id = await client.new_chat()
    path = f"/conversations/{chat_id}/turns"
    turn: dict[str, Any] = {}
    async for event in client.events("POST", path, json={"content": "?", "tools": TOOLS}):
        turn = turn or event.json
        if event.json["type"] == "tool_call":
            break
    await client.call("POST", f"/turns/{turn['turn_id']}/cancel")
    message = await _newest(client, chat_id)
    assert (message["status"], message["content"]) == ("cancelled", "Wait.")
    assert message["tool_calls"][0]["status"] == "cancelled"


async def test_a_custom_model_brings_its_tools(
    client: Client, upstream: Upstream, portal: AppServer
) -> None:
    draft = {"id": "custom/sums", "baseModel": "acme/fast", "tools": ["calculator"]}
    status, body = await client.call("POST", "/custom-models", json=draft)
    assert status == 201, body
    upstream.answer("fast", answers.text("Hello."))
    chat_id = await client.new_chat()
    await _turn(client, chat_id, "?", tools=None, model="custom/sums")
    asked = upstream.last().json["tools"]
    assert [one["function"]["name"] for one in asked] == ["calculator"]
    await _turn(client, chat_id, "?", tools={"enabled": False}, model="custom/sums")
    assert "tools" not in upstream.last().json


def test_after_sigkill_in_a_call_the_beginning_is_there(
    tool_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer("fast", calling(call("sleeper", "a", seconds=60), text="Wait."))
    key = asyncio.run(make_key(tool_settings))
    server = PortalProcess(tool_settings, key=key, has_pages=False)
    with httpx.Client(
        verify=NO_TLS, base_url=server.url, headers=server.headers, timeout=10
    ) as client:
        server.start()
        chat_id = client.post("/v1/conversations", json={}).json()["id"]
        path, body = f"/v1/conversations/{chat_id}", {"content": "?", "tools": TOOLS}
        with client.stream("POST", f"{path}/turns", json=body) as answer:
            next(line for line in answer.iter_lines() if "tool_call" in line)
        while not client.get(f"{path}/messages").json()["data"][-1]["tool_calls"]:
            pass
        server.kill()

        with server:
            message = client.get(f"{path}/messages").json()["data"][-1]
            wire = client.get(f"/v1/turns/{message['turn_id']}/events").text

    assert (message["status"], message["content"]) == ("interrupted", "Wait.")
    assert message["tool_calls"][0]["status"] == "interrupted"
    kinds = [json.loads(line[6:])["type"] for line in wire.splitlines() if line[:7] == "data: {"]
    assert kinds == ["turn", "text_delta", "tool_call", "tool_result", "finished"]


async def test_a_conversation_remembers_its_tools_and_goes_on_where_one_is_gone(
    client: Client, upstream: Upstream
) -> None:
    upstream.answer("fast", answers.text("Hello."))
    chat_id = await client.new_chat()
    for named in (["calculator", "no-such-tool"], ["no-such-tool"], None):
        chosen = {"enabled": named is not None} | ({"allowedTools": named} if named else {})
        fields = {"parameters": {"top_p": 0.5, "tools": chosen}}
        status, body = await client.call("PATCH", f"/conversations/{chat_id}", json=fields)
        assert status == 200, body
        await _turn(client, chat_id, "?", tools=None)
        sent = upstream.last().json
        offered = [one["function"]["name"] for one in sent.get("tools", [])]
        assert offered == (["calculator"] if named and len(named) > 1 else [])
        assert sent["top_p"] == 0.5
    await _turn(client, chat_id, "?", tools={"allowedTools": ["filer"]})
    assert [one["function"]["name"] for one in upstream.last().json["tools"]] == ["filer"]


async def test_a_temporary_chat_that_is_kept_brings_its_files(
    client: Client, upstream: Upstream
) -> None:
    upstream.answer("fast", calling(call("filer", "a")), answers.text("Made."))
    body = {"content": "Make one", "parameters": {"tools": {"allowedTools": ["filer"]}}}
    events = [event.json async for event in client.events("POST", "/temporary-chats", json=body)
              if event.data != "[DONE]"]  # fmt: skip
    chat_id = events[0]["conversation_id"]
    _, kept = await client.call("POST", f"/temporary-chats/{chat_id}/keep")
    (used,) = (await _newest(client, kept["id"]))["tool_calls"]
    (file,) = used["artifacts"]
    url = f"{client.url}/tool-artifacts/{file['id']}"
    async with client.session.get(url, headers=client.headers) as answer:
        assert await answer.read() == b"hello"
