"""A portal that dies in the middle of an answer keeps what was written, and says so."""

import asyncio
import time
from typing import Any

import httpx
import orjson

from aiportal.settings import Settings
from tests.loopback import NO_TLS
from tests.running import PortalProcess, make_key
from tests.upstreams import DONE, Gate, Upstream, chunk, stream

SAVED_WITHIN_S = 2


def _begin(client: httpx.Client) -> dict[str, Any]:
    """Ask, and hang up when text has come and is stored; the first event."""
    chat_id = client.post("/v1/conversations", json={}).json()["id"]
    path = f"/v1/conversations/{chat_id}/turns"
    with client.stream("POST", path, json={"content": "Count"}) as answer:
        events = (orjson.loads(line[6:]) for line in answer.iter_lines() if line[:6] == "data: ")
        started: dict[str, Any] = next(events)
        next(event for event in events if event["type"] == "text_delta")
    deadline = time.monotonic() + SAVED_WITHIN_S
    while not _newest(client, chat_id)["content"]:
        assert time.monotonic() < deadline
    return started


def _newest(client: httpx.Client, chat_id: str) -> dict[str, Any]:
    messages: list[dict[str, Any]] = client.get(f"/v1/conversations/{chat_id}/messages").json()[
        "data"
    ]
    return messages[-1]


def test_after_sigkill_an_answer_is_interrupted_and_has_what_was_saved(
    wired_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer("fast", stream(chunk("half an"), Gate(), DONE))
    key = asyncio.run(make_key(wired_settings))
    server = PortalProcess(wired_settings, key=key, has_pages=False)
    with httpx.Client(
        verify=NO_TLS, base_url=server.url, headers=server.headers, timeout=10
    ) as client:
        server.start()
        turn = _begin(client)
        server.kill()

        with server:
            answer = _newest(client, turn["conversation_id"])
            wire = client.get(f"/v1/turns/{turn['turn_id']}/events").text

    assert (answer["content"], answer["status"]) == ("half an", "interrupted")
    assert '"status":"interrupted"' in wire
    assert wire.endswith("data: [DONE]\n\n")


def test_an_answer_that_is_written_on_keeps_its_text_at_sigkill(
    wired_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer(
        "fast",
        stream(chunk("half an"), Gate(), DONE),
        stream(chunk(" answer"), Gate(), DONE),
        stream(chunk(" in full.", finish="stop"), DONE),
    )
    key = asyncio.run(make_key(wired_settings))
    server = PortalProcess(wired_settings, key=key, has_pages=False)
    with httpx.Client(
        verify=NO_TLS, base_url=server.url, headers=server.headers, timeout=10
    ) as client:
        server.start()
        turn = _begin(client)
        chat_id, body = turn["conversation_id"], {"continue_id": turn["assistant_message_id"]}
        path = f"/v1/conversations/{chat_id}/turns"
        server.kill()
        server.start()
        with client.stream("POST", path, json=body) as answer:
            next(line for line in answer.iter_lines() if "text_delta" in line)
        deadline = time.monotonic() + SAVED_WITHIN_S
        while _newest(client, chat_id)["content"] != "half an answer":
            assert time.monotonic() < deadline
        server.kill()

        with server:
            interrupted = _newest(client, chat_id)
            client.post(path, json=body)
            whole = _newest(client, chat_id)

    assert (interrupted["content"], interrupted["status"]) == ("half an answer", "interrupted")
    assert (whole["content"], whole["status"]) == ("half an answer in full.", "done")
