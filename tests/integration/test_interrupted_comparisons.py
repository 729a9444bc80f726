"""A portal that dies while several models answer one question keeps what each has written."""

import asyncio
import time
from typing import Any

import httpx
import orjson

from aiportal.settings import Settings
from tests.loopback import NO_TLS
from tests.running import PortalProcess, make_key
from tests.upstreams import DONE, Gate, Upstream, chunk, stream

SAVED_WITHIN_S = 3
BOTH = ["acme/fast", "acme/slow"]


def _messages(client: httpx.Client, chat_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/v1/conversations/{chat_id}/messages").json()["data"]
    return found


def test_after_sigkill_each_answer_is_interrupted_and_has_what_was_saved(
    wired_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer("fast", stream(chunk("half a"), Gate(), DONE))
    upstream.answer("slow", stream(chunk("half b"), Gate(), DONE))
    key = asyncio.run(make_key(wired_settings))
    server = PortalProcess(wired_settings, key=key, has_pages=False)
    with httpx.Client(
        verify=NO_TLS, base_url=server.url, headers=server.headers, timeout=10
    ) as client:
        server.start()
        chat_id = client.post("/v1/conversations", json={}).json()["id"]
        path = f"/v1/conversations/{chat_id}/comparisons"
        with client.stream("POST", path, json={"content": "Count", "models": BOTH}) as answer:
            lines = (line for line in answer.iter_lines() if line.startswith("data: "))
            turns = [orjson.loads(next(lines)[6:])["turn_id"] for _ in BOTH]
        deadline = time.monotonic() + SAVED_WITHIN_S
        while not all(one["content"] for one in _messages(client, chat_id)):
            assert time.monotonic() < deadline
        server.kill()

        with server:
            question, *answers = _messages(client, chat_id)
            ends = [client.get(f"/v1/turns/{turn_id}/events").text for turn_id in turns]

    assert [(one["content"], one["status"], one["turn_id"]) for one in answers] == [
        ("half a", "interrupted", turns[0]),
        ("half b", "interrupted", turns[1]),
    ]
    assert {one["parent_id"] for one in answers} == {question["id"]}
    assert all('"status":"interrupted"' in end for end in ends)
