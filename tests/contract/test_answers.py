"""Single answers over HTTP: what they are rated, what was asked for them, and that as code."""

import asyncio
import json
import os
import sys
from typing import Any

import nbformat
import pytest

from tests.contract.conversing import Client
from tests.running import AppServer
from tests.upstreams import Upstream, chunk, hang, stream, text

HARD = 'Say "hi" to $HOME, `it\'s` a \\ and <b>ü</b>\n\n{"a": None}'
USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 40,
    "total_tokens": 1040,
    "prompt_tokens_details": {"cached_tokens": 600},
    "completion_tokens_details": {"reasoning_tokens": 30},
}
POOR = {"value": "poor", "comment": " Not so. ", "reasons": ["wrong", "too  long", "wrong"]}


async def _answered(ann: Client, question: str = "Why?", **fields: Any) -> tuple[str, str, str]:
    """Ids of a conversation, of its question and of its answer."""
    chat_id = await ann.new_chat(**fields)
    started = (await ann.ask(chat_id, question))[0].json
    return chat_id, started["user_message_id"], started["assistant_message_id"]


async def _output(*command: str, key: str, stdin: str = "") -> str:
    """What a program prints that finds the key in its environment."""
    environment = os.environ | {"AIPORTAL_KEY": key, "NO_PROXY": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    out, err = await process.communicate(stdin.encode())
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_an_answer_is_rated_again_and_the_rating_taken_back(ann: Client) -> None:
    chat_id, _, answer = await _answered(ann)
    path = f"/messages/{answer}/rating"

    assert (await ann.call("GET", path))[0] == 404
    status, rated = await ann.call("PUT", path, json=POOR)
    assert status == 200
    assert (rated["value"], rated["comment"]) == ("poor", "Not so.")
    assert rated["reasons"] == ["wrong", "too long"]
    assert await ann.call("GET", path) == (200, rated)
    _, tree = await ann.call("GET", f"/conversations/{chat_id}/messages")
    assert tree["data"][1]["rating"] == rated
    _, exported = await ann.call("GET", f"/conversations/{chat_id}/export.json")
    assert exported["messages"][1]["rating"]["reasons"] == ["wrong", "too long"]
    _, good = await ann.call("PUT", path, json={"value": "good"})
    assert (good["value"], good["comment"], good["reasons"]) == ("good", "", [])
    assert (await ann.call("DELETE", path))[1]["deleted"] is True
    assert (await ann.call("GET", path))[0] == 404
    assert (await ann.call("DELETE", path))[0] == 200


async def test_a_rating_goes_with_its_message_and_not_into_a_fork(ann: Client) -> None:
    chat_id, question, answer = await _answered(ann)
    await ann.call("PUT", f"/messages/{answer}/rating", json={"value": "good"})

    _, fork = await ann.call("POST", f"/conversations/{chat_id}/fork")
    _, copies = await ann.call("GET", f"/conversations/{fork['id']}/messages")
    assert [one["rating"] for one in copies["data"]] == [None, None]
    await ann.call("DELETE", f"/conversations/{chat_id}/messages/{question}")
    assert (await ann.call("GET", f"/messages/{answer}/rating"))[0] == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "value"),
        ({"value": "so so"}, "value"),
        ({"value": "good", "comment": "x" * 2_001}, "comment"),
        ({"value": "good", "reasons": ["x"] * 11}, "reasons"),
        ({"value": "good", "reasons": ["x" * 51]}, "reasons"),
        ({"value": "good", "reasons": "x"}, "reasons"),
        ({"value": "good", "stars": 5}, "stars"),
    ],
)
async def test_what_is_no_rating_is_refused(ann: Client, body: dict[str, Any], param: str) -> None:
    _, _, answer = await _answered(ann)

    status, refused = await ann.call("PUT", f"/messages/{answer}/rating", json=body)

    assert (status, refused["error"]["param"]) == (400, param)


async def test_a_question_and_an_answer_that_is_being_written_are_not_rated(
    ann: Client, upstream: Upstream
) -> None:
    chat_id, question, _ = await _answered(ann)
    status, _ = await ann.call("PUT", f"/messages/{question}/rating", json={"value": "good"})
    assert status == 400
    assert (await ann.call("GET", f"/messages/{question}/raw"))[0] == 400

    upstream.answer("fast", hang(*stream(chunk("Well"))(upstream.last())))
    path = f"/conversations/{chat_id}/turns"
    events = ann.events("POST", path, json={"content": "And?"})
    started = (await anext(events)).json
    await anext(events)
    running = started["assistant_message_id"]
    status, refused = await ann.call("PUT", f"/messages/{running}/rating", json={"value": "good"})
    assert (status, refused["error"]["code"]) == (409, "turn_running")
    await ann.call("POST", f"/turns/{started['turn_id']}/cancel")


async def test_nobody_else_sees_or_rates_an_answer(ann: Client, ben: Client) -> None:
    chat_id, _, answer = await _answered(ann)
    await ann.call("PUT", f"/messages/{answer}/rating", json=POOR)

    for method, path in [
        ("GET", "rating"),
        ("PUT", "rating"),
        ("DELETE", "rating"),
        ("GET", "raw"),
    ]:
        body = {"value": "good"} if method == "PUT" else None
        status, _ = await ben.call(method, f"/messages/{answer}/{path}", json=body)
        assert status == 404
    assert (await ann.call("GET", f"/messages/{answer}/rating"))[1]["value"] == "poor"
    await ann.call("DELETE", f"/conversations/{chat_id}")
    assert (await ann.call("GET", f"/messages/{answer}/raw"))[0] == 404


async def test_the_raw_exchange_is_what_the_model_was_sent_and_what_it_said(
    ann: Client, upstream: Upstream
) -> None:
    upstream.answer("fast", text("Because.", usage=USAGE))
    _, _, answer = await _answered(
        ann, HARD, system_prompt="Be brief.", parameters={"temperature": 0, "stop": ["\n\n\n"]}
    )
    sent = upstream.last().json

    status, raw = await ann.call("GET", f"/messages/{answer}/raw")

    assert (status, raw["object"], raw["rebuilt"]) == (200, "message.raw", True)
    assert raw["request"] | {"model": "fast"} == {
        name: value for name, value in sent.items() if name != "stream_options"
    }
    assert raw["request"]["model"] == "acme/fast"
    said = raw["response"]
    assert said["choices"][0]["message"]["content"] == "Because."
    assert said["id"] == raw["request_id"]
    assert said["usage"]["prompt_tokens_details"] == {"cached_tokens": 600}
    assert said["usage"]["completion_tokens_details"] == {"reasoning_tokens": 30}
    assert "ak_" not in json.dumps(raw)


async def test_what_is_too_long_to_be_read_is_not_written_out(
    ann: Client, upstream: Upstream
) -> None:
    upstream.answer("fast", text("Because."))
    _, _, answer = await _answered(ann, "a " * 150_001)

    status, refused = await ann.call("GET", f"/messages/{answer}/raw")

    assert (status, refused["error"]["code"]) == (400, "too_long")


async def test_a_failure_and_an_edit_are_told(ann: Client, upstream: Upstream) -> None:
    upstream.answer("fast", stream(chunk("Half"), b"data: {no json\n\n"))
    chat_id, _, answer = await _answered(ann)
    path = f"/conversations/{chat_id}/messages/{answer}"

    _, raw = await ann.call("GET", f"/messages/{answer}/raw")
    assert raw["response"]["error"]["message"]
    await ann.call("PATCH", path, json={"content": "Whole"})
    _, raw = await ann.call("GET", f"/messages/{answer}/raw")
    assert "edited" in raw["note"]
    assert raw["response"]["choices"][0]["message"]["content"] == "Whole"


async def test_the_code_runs_and_asks_the_same_again(
    ann: Client, app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", text("Because."))
    _, _, answer = await _answered(
        ann, HARD, system_prompt="It's brief.", parameters={"temperature": 0}
    )
    _, raw = await ann.call("GET", f"/messages/{answer}/raw")
    code, messages = raw["code"], raw["request"]["messages"]
    assert app_server.key not in json.dumps(code)

    upstream.answer("fast", text("Once more."))
    printed = await _output("sh", "-c", code["curl"], key=app_server.key)
    assert json.loads(printed)["choices"][0]["message"]["content"] == "Once more."
    assert upstream.last().json["messages"] == messages

    upstream.answer("fast", text("And again."))
    assert await _output(sys.executable, "-", key=app_server.key, stdin=code["python"]) == (
        "And again.\n"
    )
    assert upstream.last().json["messages"] == messages
    assert upstream.last().json["temperature"] == 0

    nbformat.validate(code["notebook"])
    assert code["notebook"]["cells"][2]["source"] + "\n" == code["python"]


async def test_cached_and_reasoning_tokens_come_with_the_answer(
    ann: Client, upstream: Upstream
) -> None:
    upstream.answer("fast", text("Because.", usage=USAGE))
    chat_id, _, _ = await _answered(ann)

    _, tree = await ann.call("GET", f"/conversations/{chat_id}/messages")

    used = tree["data"][1]["usage"]
    assert (used["cached_tokens"], used["reasoning_tokens"]) == (600, 30)
