"""Temporary chats over HTTP: like others, but for what is on the disk."""

import logging
from pathlib import Path
from typing import Any

import pytest

from aiportal.settings import Settings
from tests.contract.conversing import Client, SseEvent, text_of
from tests.running import AppServer
from tests.unit.chat.asking import gated, sent
from tests.upstreams import Upstream, error, text

PATH = "/temporary-chats"
MARK = "xylophone-7f3a"  # what is looked for on the disk


async def _ask(client: Client, **body: Any) -> list[SseEvent]:
    whole = {"content": f"Why {MARK}?", "model": "acme/fast"} | body
    return [event async for event in client.events("POST", PATH, json=whole)]


async def _chat(client: Client, **body: Any) -> str:
    return str((await _ask(client, **body))[0].json["conversation_id"])


def _files_with(folder: Path, word: str) -> list[str]:
    """Every file below a folder that holds the word, the database's log of changes included."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path.name for path in files if word.encode() in path.read_bytes()]


async def test_question_and_answer_reach_neither_disk_nor_log_and_the_ledger_has_its_row(
    ann: Client,
    app_server: AppServer,
    settings: Settings,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.answer(
        "fast", text(f"Because {MARK}."), text("And on."), error(400, f"No {MARK} here")
    )

    first, *events, done = await _ask(ann, system_prompt=f"Be {MARK}.")
    chat_id = first.json["conversation_id"]
    await _ask(ann, chat_id=chat_id, content="More?")
    failed = await _ask(ann, chat_id=chat_id, content="And?")

    assert done.data == "[DONE]"
    assert (first.json["type"], first.id) == ("turn", "1")
    assert text_of(events) == f"Because {MARK}."
    assert [event.json["type"] for event in events][-2:] == ["usage", "finished"]
    assert MARK in "".join(event.data for event in failed)
    rows = await app_server.rows(3)
    assert {(row.model, row.endpoint, row.source) for row in rows} == {
        ("acme/fast", "temporary", "api")
    }
    assert max(row.completion_tokens for row in rows) > 0
    _, listed = await ann.call("GET", "/conversations")
    assert listed["data"] == []
    assert _files_with(settings.data_dir, MARK) == []
    assert MARK not in caplog.text
    assert _files_with(settings.data_dir, chat_id) == []

    _, kept = await ann.call("POST", f"{PATH}/{chat_id}/keep")

    assert kept["title"] == f"Why {MARK}?"
    assert _files_with(settings.data_dir, MARK)  # the search finds what is there
    assert len(await app_server.rows(3)) == 3


async def test_a_chat_goes_on_is_answered_again_and_kept_as_a_conversation(
    ann: Client, upstream: Upstream
) -> None:
    upstream.answer("fast", text("One"), text("Two"), text("Two anew"))
    chat_id = await _chat(ann, content="1?", system_prompt="Be short.", parameters={"seed": 7})
    await _ask(ann, chat_id=chat_id, content="2?")
    again = [e async for e in ann.events("POST", PATH, json={"chat_id": chat_id})]

    assert text_of(again) == "Two anew"
    assert sent(upstream) == [
        ("system", "Be short."),
        ("user", "1?"),
        ("assistant", "One"),
        ("user", "2?"),
    ]
    assert upstream.last().json["seed"] == 7
    _, chat = await ann.call("GET", f"{PATH}/{chat_id}")
    assert [one["content"] for one in chat["messages"]] == ["1?", "One", "2?", "Two anew"]
    assert (chat["model"], chat["expires_at"] > chat["created_at"]) == ("acme/fast", True)
    followed = [e async for e in ann.events("GET", f"{PATH}/{chat_id}/events")]
    assert followed[-1].data == "[DONE]"
    assert text_of(followed) == "Two anew"

    status, kept = await ann.call("POST", f"{PATH}/{chat_id}/keep")

    assert (status, kept["model"], kept["system_prompt"]) == (201, "acme/fast", "Be short.")
    assert (await ann.call("POST", f"{PATH}/{chat_id}/keep"))[0] == 404
    assert (await ann.call("GET", f"{PATH}/{chat_id}"))[0] == 404
    _, path = await ann.call("GET", f"/conversations/{kept['id']}/path")
    assert [one["content"] for one in path["data"]] == ["1?", "One", "2?", "Two anew"]
    assert path["data"][-1]["usage"]["completion_tokens"] > 0


async def test_hanging_up_ends_nothing_cancelling_does_and_the_text_stays(
    ann: Client, upstream: Upstream
) -> None:
    answer, _ = gated("half", " whole")
    upstream.answer("fast", answer, text("more"))
    chat_id = ""
    async for event in ann.events("POST", PATH, json={"content": "Why?", "model": "acme/fast"}):
        chat_id = chat_id or event.json["conversation_id"]
        if event.json["type"] == "text_delta":
            break

    for refused in ({"chat_id": chat_id}, {"chat_id": chat_id, "content": "2?"}):
        status, told = await ann.call("POST", PATH, json=refused)
        assert (status, told["error"]["code"]) == (409, "turn_running")
    status, told = await ann.call("POST", f"{PATH}/{chat_id}/keep")
    assert (status, told["error"]["code"]) == (409, "turn_running")
    _, chat = await ann.call("GET", f"{PATH}/{chat_id}")
    assert chat["messages"][-1]["status"] == "running"
    _, chat = await ann.call("POST", f"{PATH}/{chat_id}/cancel")

    assert (chat["messages"][-1]["status"], chat["messages"][-1]["content"]) == (
        "cancelled",
        "half",
    )
    assert text_of(await _ask(ann, chat_id=chat_id)) == "more"
    status, gone = await ann.call("DELETE", f"{PATH}/{chat_id}")
    assert (status, gone["deleted"]) == (200, True)
    assert (await ann.call("GET", f"{PATH}/{chat_id}"))[0] == 404


async def test_a_temporary_chat_is_its_owners_alone(ann: Client, ben: Client) -> None:
    chat_id = await _chat(ann)
    body = {"chat_id": chat_id, "content": "Mine?"}
    for method, path in (
        ("GET", f"{PATH}/{chat_id}"),
        ("GET", f"{PATH}/{chat_id}/events"),
        ("POST", f"{PATH}/{chat_id}/cancel"),
        ("POST", f"{PATH}/{chat_id}/keep"),
        ("DELETE", f"{PATH}/{chat_id}"),
    ):
        assert (await ben.call(method, path))[0] == 404
    assert (await ben.call("POST", PATH, json=body))[0] == 404
    assert (await ben.call("POST", PATH, json={"chat_id": chat_id}))[0] == 404
    assert (await ann.call("GET", f"{PATH}/{chat_id}"))[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 400, "content"),
        ({"content": ""}, 400, "content"),
        ({"content": "Why?", "model": "acme/none"}, 404, "model"),
        ({"content": "Why?", "parameters": {"seeds": 1}}, 400, "parameters.seeds"),
        ({"content": "Why?", "system_prompt": "x" * 100_001}, 400, "system_prompt"),
        ({"content": "Why?", "attachments": ["file_1"]}, 400, "attachments"),
        ({"content": "Why?", "web_search": {"n": 1}}, 400, "web_search.n"),
        ({"content": "Why?", "side": "a"}, 400, "side"),
        ({"chat_id": "temp_1"}, 404, None),
        ({"chat_id": "temp_1", "parameters": {}}, 400, "parameters"),
    ],
)
async def test_a_question_is_refused_and_makes_no_chat(
    ann: Client, upstream: Upstream, body: dict[str, Any], status: int, param: str | None
) -> None:
    got, answer = await ann.call("POST", PATH, json=body)
    assert (got, answer["error"]["param"]) == (status, param)
    assert upstream.requests == []


async def test_temporary_chats_go_when_their_user_deletes_all_chats(
    ann: Client, app_server: AppServer
) -> None:
    chat_id = await _chat(ann)
    operator = await app_server.portal.users.operator()
    await app_server.portal.personal_data.delete_chats(operator, confirm=operator.username)
    assert (await ann.call("GET", f"{PATH}/{chat_id}"))[0] == 404
