"""Files of projects over HTTP: arranged, bounded, private, and sent with every kind of turn."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiportal.chat.attachments import attachments as module
from aiportal.settings import Settings
from tests.contract.attaching import attach, with_eyes
from tests.contract.conversing import Client
from tests.running import AppServer, serving
from tests.unit.files.samples import picture
from tests.upstreams import Upstream, chunk, stream, text

FRAMED = '<file name="plan.md">\nRoses first.\n</file>\n\n'


@pytest.fixture
async def app_server(wired_settings: Settings, upstream: Upstream) -> AsyncIterator[AppServer]:
    """With a model that sees beside those that do not."""
    assert wired_settings.model_config_dir is not None
    await asyncio.to_thread(with_eyes, wired_settings.model_config_dir, upstream.url)
    async with serving(wired_settings) as server:
        yield server


@pytest.fixture
async def project(ann: Client) -> str:
    """The path of an empty project of Ann's."""
    _, made = await ann.call("POST", "/projects", json={"name": "Garden"})
    return f"/projects/{made['id']}"


async def _add(client: Client, project: str, name: str, data: bytes) -> dict[str, Any]:
    """Upload a file and add it to the project; what the portal says of it."""
    file = await attach(client, name, data)
    body = {"attachment_id": file["id"]}
    status, added = await client.call("POST", f"{project}/files", json=body)
    assert (status, added) == (201, file)
    return file


async def _chat(client: Client, project: str, **fields: Any) -> str:
    """A conversation in the project."""
    return await client.new_chat(project_id=project.removeprefix("/projects/"), **fields)


async def _stream(client: Client, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    events = client.events("POST", path, json=body)
    return [event.json async for event in events if event.data != "[DONE]"]


def _first(upstream: Upstream) -> list[Any]:
    """The content of the first message of each request so far; forgets them."""
    found = [request.json["messages"][0]["content"] for request in upstream.requests]
    upstream.requests.clear()
    return found


async def test_files_are_listed_added_and_removed(ann: Client, project: str) -> None:
    b = await _add(ann, project, "b.txt", b"word")
    a = await _add(ann, project, "a.txt", b"word")
    again = {"attachment_id": b["id"]}
    assert await ann.call("POST", f"{project}/files", json=again) == (201, b)
    listed = {"object": "list", "data": [b, a], "has_more": False}
    assert await ann.call("GET", f"{project}/files") == (200, listed)
    status, held = await ann.call("DELETE", f"/attachments/{b['id']}")
    assert (status, held["error"]["code"]) == (409, "attachment_in_use")

    removed = {"id": b["id"], "object": "project.file.removed", "removed": True}
    path = f"{project}/files/{b['id']}"
    assert await ann.call("DELETE", path) == (200, removed)
    assert (await ann.call("DELETE", path))[0] == 404
    assert (await ann.call("DELETE", f"/attachments/{b['id']}"))[0] == 200
    assert (await ann.call("DELETE", project))[0] == 200
    assert (await ann.call("DELETE", f"/attachments/{a['id']}"))[0] == 200


async def test_a_project_takes_twenty(ann: Client, project: str) -> None:
    for number in range(20):
        await _add(ann, project, f"{number}.txt", b"word")
    more = await attach(ann, "more.txt", b"word")
    status, body = await ann.call("POST", f"{project}/files", json={"attachment_id": more["id"]})
    assert (status, body["error"]["code"]) == (409, "project_files_full")
    assert len((await ann.call("GET", f"{project}/files"))[1]["data"]) == 20


async def test_nobody_elses_file_and_project_is_there(
    ann: Client, ben: Client, project: str
) -> None:
    mine = await _add(ann, project, "me.txt", b"secret")
    theirs = await attach(ben, "them.txt", b"word")
    for client, method, path, body, param in (
        (ben, "GET", f"{project}/files", None, None),
        (ben, "POST", f"{project}/files", {"attachment_id": theirs["id"]}, None),
        (ben, "DELETE", f"{project}/files/{mine['id']}", None, None),
        (ann, "POST", f"{project}/files", {"attachment_id": theirs["id"]}, "attachment_id"),
        (ann, "POST", f"{project}/files", {"attachment_id": "file_0"}, "attachment_id"),
    ):
        status, answer = await client.call(method, path, json=body)
        assert (status, answer["error"]["param"]) == (404, param), (method, path, body)
    assert [one["id"] for one in (await ann.call("GET", f"{project}/files"))[1]["data"]] == [
        mine["id"]
    ]
    for wrong in ({}, {"attachment_id": 1}, {"attachment_id": "x", "position": 1}):
        assert (await ann.call("POST", f"{project}/files", json=wrong))[0] == 400


async def test_they_go_with_every_kind_of_turn(
    ann: Client, project: str, upstream: Upstream
) -> None:
    await _add(ann, project, "plan.md", b"Roses first.")
    chat = await _chat(ann, project)
    turns = f"/conversations/{chat}/turns"
    upstream.answer("fast", text("Yes."), stream(chunk("And so"), chunk(finish="length")))

    asked = await _stream(ann, turns, {"content": "What first?"})
    cut = await _stream(ann, turns, {"content": "And then?"})
    assert _first(upstream) == [f"{FRAMED}What first?"] * 2
    await _stream(ann, turns, {"continue_id": cut[0]["assistant_message_id"]})
    assert _first(upstream) == [f"{FRAMED}What first?"]
    await _stream(ann, turns, {"parent_id": asked[0]["user_message_id"]})
    assert _first(upstream) == [f"{FRAMED}What first?"]
    beside = {"content": "Both?", "models": ["acme/fast", "acme/slow"], "parent_id": "root"}
    await _stream(ann, f"/conversations/{chat}/comparisons", beside)
    assert _first(upstream) == [f"{FRAMED}Both?"] * 2
    waiting = {"content": "Last?", "model": "acme/fast"}
    status, queued = await ann.call(
        "POST", f"/conversations/{await _chat(ann, project)}/queue", json=waiting
    )
    assert status == 202, queued
    follow = ann.events("GET", f"/turns/{queued['turn_id']}/events")
    assert [event async for event in follow][-1].data == "[DONE]"
    assert _first(upstream) == [f"{FRAMED}Last?"]
    await ann.ask(await ann.new_chat(), "Elsewhere?")
    assert _first(upstream) == ["Elsewhere?"]


async def test_the_raw_exchange_names_them(ann: Client, project: str) -> None:
    await _add(ann, project, "plan.md", b"Roses first.")
    chat = await _chat(ann, project)
    asked = await _stream(ann, f"/conversations/{chat}/turns", {"content": "What first?"})
    _, raw = await ann.call("GET", f"/messages/{asked[0]['assistant_message_id']}/raw")
    [question] = raw["request"]["messages"]
    assert question["content"] == '[The attached file "plan.md" is not at hand.]\n\nWhat first?'
    assert "Files are named in it" in raw["note"]


async def test_a_picture_goes_to_a_model_that_sees_and_no_other(
    ann: Client, project: str, upstream: Upstream
) -> None:
    await _add(ann, project, "bed.png", picture())
    chat = await _chat(ann, project, model="acme/eyes")
    turns = f"/conversations/{chat}/turns"
    asked = await _stream(ann, turns, {"content": "What grows?"})
    [[image, question]] = _first(upstream)
    assert image["image_url"]["url"].startswith("data:image/png;base64,")
    assert question["text"] == "What grows?"

    for path, body in (
        (turns, {"content": "?", "model": "acme/fast"}),
        (turns, {"parent_id": asked[0]["user_message_id"], "model": "acme/fast"}),
        (
            f"/conversations/{chat}/comparisons",
            {"content": "?", "models": ["acme/eyes", "acme/fast"]},
        ),
        (f"/conversations/{chat}/queue", {"content": "?", "model": "acme/fast"}),
    ):
        status, refused = await ann.call("POST", path, json=body)
        assert (status, refused["error"]["code"]) == (400, "model_cannot_see"), body
        words = "'bed.png' is one, a file of this chat's project. Choose one that can, such as"
        assert words in refused["error"]["message"]
        assert "remove it from the project" in refused["error"]["message"]
    assert upstream.requests == []


async def test_a_chats_older_files_are_left_out_before_the_projects(
    ann: Client, project: str, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _add(ann, project, "bed.png", picture())
    other = await attach(ann, "other.png", picture())
    chat = await _chat(ann, project, model="acme/eyes")
    monkeypatch.setattr(module, "MAX_IMAGES", 1)
    asked = {"content": "This?", "attachments": [other["id"]]}
    await _stream(ann, f"/conversations/{chat}/turns", asked)
    [[image, told, _]] = _first(upstream)
    assert image["type"] == "image_url"
    assert told["text"].startswith('[The attached file "other.png" is left out')


async def test_what_is_too_long_for_the_model_is_told_before(
    ann: Client, project: str, upstream: Upstream
) -> None:
    chat = await _chat(ann, project)
    upstream.answer("fast", stream(chunk("And so"), chunk(finish="length")))
    asked = await _stream(ann, f"/conversations/{chat}/turns", {"content": "?"})
    upstream.requests.clear()
    await _add(ann, project, "book.txt", b"word " * 1_000_000)
    for body in ({"content": "?"}, {"continue_id": asked[0]["assistant_message_id"]}):
        status, full = await ann.call("POST", f"/conversations/{chat}/turns", json=body)
        assert (status, full["error"]["code"]) == (400, "context_length_exceeded")
        assert "'book.txt' with 1,666,667. Remove it from the project" in full["error"]["message"]
    assert upstream.requests == []


async def test_they_stay_where_older_questions_are_dropped(
    ann: Client, project: str, upstream: Upstream
) -> None:
    await _add(ann, project, "plan.md", b"Roses first. " * 900)  # 3,900 of 6,144 tokens
    chat = await _chat(ann, project, model="acme/fast")
    turns = f"/conversations/{chat}/turns"
    filler = "word " * 1_000
    await _stream(ann, turns, {"content": filler})
    await _stream(ann, turns, {"content": filler})
    await _stream(ann, turns, {"content": "Now?"})
    newest = upstream.last().json["messages"]
    assert [one["role"] for one in newest] == ["user", "assistant", "user"]
    assert newest[0]["content"].startswith('<file name="plan.md">')
    assert str(newest).count("<file ") == 1
