"""Files go up, with a question to a model, and away again; nobody else ever sees them."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from aiportal.settings import Settings
from tests.contract.attaching import attach, form_of, with_eyes
from tests.contract.conversing import Client
from tests.contract.raw_http import exchange, post
from tests.running import AppServer, serving
from tests.unit.files.samples import HOSTILE, SVG_BOMB, docx, pdf, picture
from tests.upstreams import Upstream

MIB = 1024 * 1024


@pytest.fixture
async def app_server(wired_settings: Settings, upstream: Upstream) -> AsyncIterator[AppServer]:
    """With a model that sees beside those that do not."""
    assert wired_settings.model_config_dir is not None
    await asyncio.to_thread(with_eyes, wired_settings.model_config_dir, upstream.url)
    async with serving(wired_settings) as server:
        yield server


async def _fetch(client: Client, path: str) -> tuple[int, bytes, dict[str, str]]:
    async with client.session.get(client.url + path, headers=client.headers) as answer:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        policies = answer.headers.getall("content-security-policy")
        return answer.status, await answer.read(), headers | {"policies": "; ".join(policies)}


async def test_an_image_goes_to_a_model_that_sees(ann: Client, upstream: Upstream) -> None:
    image = await attach(ann, "C:\\photos\\me.png", picture(size=(300, 200)))
    text = await attach(ann, "notes.md", b"# Notes\n")
    assert (image["name"], image["kind"], image["media_type"]) == ("me.png", "image", "image/png")
    assert (image["width"], image["height"], image["tokens"]) == (300, 200, 80)
    assert (text["kind"], text["characters"], text["tokens"]) == ("text", 8, 3)
    chat = await ann.new_chat(model="acme/eyes")

    turn = {"content": "What is this?", "attachments": [image["id"], text["id"], image["id"]]}
    events = [e async for e in ann.events("POST", f"/conversations/{chat}/turns", json=turn)]

    assert events[-1].data == "[DONE]"
    picture_part, text_part, question = upstream.last().json["messages"][0]["content"]
    assert picture_part["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert text_part["text"] == '<file name="notes.md">\n# Notes\n\n</file>'
    assert question == {"type": "text", "text": "What is this?"}
    _, listed = await ann.call("GET", f"/conversations/{chat}/messages")
    assert [one["name"] for one in listed["data"][0]["attachments"]] == ["me.png", "notes.md"]
    assert listed["data"][1]["attachments"] == []


async def test_texts_alone_are_one_text_for_any_model(ann: Client, upstream: Upstream) -> None:
    files = [
        await attach(ann, "a.pdf", pdf("First page")),
        await attach(ann, "b<x>.docx", docx("Hello")),
        await attach(ann, "c.svg", SVG_BOMB),
    ]
    chat = await ann.new_chat()
    turn = {"content": "", "attachments": [file["id"] for file in files]}
    async for _ in ann.events("POST", f"/conversations/{chat}/turns", json=turn):
        pass

    sent = upstream.last().json["messages"][0]["content"]
    assert sent.startswith('<file name="a.pdf">\nFirst page\n</file>\n\n<file name="b x .docx">')
    assert "&a8;" in sent
    _, conversation = await ann.call("GET", f"/conversations/{chat}")
    assert conversation["title"].startswith("a.pdf, b")


async def test_what_the_model_cannot_take_is_told_before_it_is_asked(
    ann: Client, upstream: Upstream
) -> None:
    image = await attach(ann, "me.png", picture())
    long = await attach(ann, "pasted text.txt", b"word " * 1_000_000)
    chat = await ann.new_chat(model="acme/fast")
    path = f"/conversations/{chat}/turns"

    status, blind = await ann.call(
        "POST", path, json={"content": "?", "attachments": [image["id"]]}
    )
    assert (status, blind["error"]["code"]) == (400, "model_cannot_see")
    assert "`acme/eyes`" in blind["error"]["message"]
    status, full = await ann.call("POST", path, json={"content": "?", "attachments": [long["id"]]})
    assert (status, full["error"]["code"]) == (400, "context_length_exceeded")
    assert "'pasted text.txt' with 1,666,667" in full["error"]["message"]
    assert upstream.requests == []
    assert (await ann.call("GET", f"/conversations/{chat}/messages"))[1]["data"] == []


async def test_a_later_model_that_is_blind_is_told_what_was_there(
    ann: Client, upstream: Upstream
) -> None:
    image = await attach(ann, "me.png", picture())
    chat = await ann.new_chat()
    path = f"/conversations/{chat}/turns"
    first = {"content": "?", "model": "acme/eyes", "attachments": [image["id"]]}
    asked = [event async for event in ann.events("POST", path, json=first)]

    async for _ in ann.events("POST", path, json={"content": "And?", "model": "acme/fast"}):
        pass
    before = upstream.last().json["messages"][0]["content"]
    assert before == '[The attached file "me.png" is a picture, which this model cannot see.]\n\n?'
    again = {"parent_id": asked[0].json["user_message_id"], "model": "acme/fast"}
    status, refused = await ann.call("POST", path, json=again)
    assert (status, refused["error"]["code"]) == (400, "model_cannot_see")


@pytest.mark.parametrize("what", ["a pixel bomb", "a DOCX bomb", "a text as a picture"])
async def test_hostile_files_are_refused_in_words(ann: Client, what: str) -> None:
    name, data, words = HOSTILE[what]
    status, body = await ann.call("POST", "/attachments", data=form_of(name, data))

    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "file_refused", "file")
    assert words in body["error"]["message"]
    assert (await ann.call("GET", "/attachments"))[1]["data"] == []


async def test_what_is_no_upload_is_refused(ann: Client, app_server: AppServer) -> None:
    no_file = aiohttp.FormData(default_to_multipart=True)
    no_file.add_field("file", "words")
    for data in (b"raw", no_file):
        status, body = await ann.call("POST", "/attachments", data=data)
        assert (status, body["error"]["param"]) == (400, "file")
    status, body = await ann.call("POST", "/attachments", data=form_of("a.png", b"\xff" * 25 * MIB))
    assert (status, body["error"]["code"]) == (413, "file_too_large")
    lines = (f"authorization: Bearer {app_server.key}", f"content-length: {100 * MIB}")
    head = post("/v1/attachments", b"", *lines).replace(b"content-length: 0\r\n", b"")
    answer = await exchange(app_server.url, head)
    assert answer is not None
    assert (answer.status, "is larger than" in answer.json()["error"]["message"]) == (413, True)
    assert (await ann.call("GET", "/attachments"))[1]["data"] == []


async def test_what_is_served_runs_nothing(ann: Client) -> None:
    image = await attach(ann, "ä;.png", picture(size=(900, 900)))
    page = await attach(ann, "page.html", b"<script>alert(1)</script>")

    status, data, headers = await _fetch(ann, f"/attachments/{image['id']}/content")
    assert (status, data[:4], headers["content-type"]) == (200, b"\x89PNG", "image/png")
    assert headers["content-disposition"].startswith("inline")
    _, small, headers = await _fetch(ann, f"/attachments/{image['id']}/content?preview=true")
    assert headers["content-type"] == "image/jpeg"
    assert small[:2] == b"\xff\xd8"
    status, data, headers = await _fetch(ann, f"/attachments/{page['id']}/content")
    assert (status, data) == (200, b"<script>alert(1)</script>")
    assert headers["content-disposition"].startswith("attachment")
    assert headers["content-type"].startswith("text/plain")
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["policies"]
    assert "default-src 'none'" in headers["policies"]
    _, text = await ann.call("GET", f"/attachments/{page['id']}/text")
    assert text["text"] == "<script>alert(1)</script>"


async def test_nobody_elses_file_is_there(ann: Client, ben: Client) -> None:
    mine = await attach(ann, "me.txt", b"secret")
    for method, path in (
        ("GET", ""),
        ("GET", "/content"),
        ("GET", "/text"),
        ("DELETE", ""),
    ):
        status, body = await ben.call(method, f"/attachments/{mine['id']}{path}")
        assert (status, body["error"]["type"]) == (404, "not_found_error")
    chat = await ben.new_chat()
    turn = {"content": "?", "attachments": [mine["id"]]}
    status, body = await ben.call("POST", f"/conversations/{chat}/turns", json=turn)
    assert (status, body["error"]["param"]) == (404, "attachments")
    assert (await ben.call("GET", "/attachments"))[1]["data"] == []


async def test_what_a_question_holds_stays_and_comes_along(ann: Client) -> None:
    kept = await attach(ann, "kept.txt", b"word")
    spare = await attach(ann, "spare.txt", b"word")
    chat = await ann.new_chat()
    turn = {"content": "?", "attachments": [kept["id"]]}
    async for _ in ann.events("POST", f"/conversations/{chat}/turns", json=turn):
        pass

    status, body = await ann.call("DELETE", f"/attachments/{kept['id']}")
    assert (status, body["error"]["code"]) == (409, "attachment_in_use")
    assert (await ann.call("DELETE", f"/attachments/{spare['id']}"))[0] == 200
    _, fork = await ann.call("POST", f"/conversations/{chat}/fork")
    _, copied = await ann.call("GET", f"/conversations/{fork['id']}/messages")
    assert copied["data"][0]["attachments"][0]["id"] == kept["id"]
    for ending in ("md", "html", "ipynb", "json"):
        _, data, _ = await _fetch(ann, f"/conversations/{chat}/export.{ending}")
        assert b"kept.txt" in data, ending
    _, share = await ann.call("POST", f"/conversations/{chat}/share", json={})
    _, shared = await ann.call("GET", f"/shares/{share['id']}")
    assert shared["messages"][0]["attachments"] == ["kept.txt"]


async def test_attachments_are_bounded(ann: Client) -> None:
    file = await attach(ann, "a.txt", b"word")
    chat = await ann.new_chat()
    path = f"/conversations/{chat}/turns"
    for wrong, status in (
        ({"content": "?", "attachments": [f"file_{n}" for n in range(21)]}, 400),
        ({"content": "?", "attachments": ["file_0"]}, 404),
        ({"content": "", "attachments": []}, 400),
        ({"parent_id": "msg_0", "attachments": [file["id"]]}, 400),
        ({"continue_id": "msg_0", "attachments": [file["id"]]}, 400),
    ):
        found, body = await ann.call("POST", path, json=wrong)
        assert (found, bool(body["error"]["message"])) == (status, True), wrong
