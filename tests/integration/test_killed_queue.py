"""A portal that dies while questions wait loses none of them, and asks none twice."""

import asyncio

import httpx

from aiportal.settings import Settings
from tests.loopback import NO_TLS
from tests.running import PortalProcess, make_key
from tests.upstreams import DONE, Gate, Upstream, chunk, stream, text


def test_after_sigkill_questions_wait_on_and_are_asked_when_they_are_sent(
    wired_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer("fast", stream(chunk("half an"), Gate(), DONE), text("Two"), text("Three"))
    key = asyncio.run(make_key(wired_settings))
    server = PortalProcess(wired_settings, key=key, has_pages=False)
    with httpx.Client(
        verify=NO_TLS, base_url=server.url, headers=server.headers, timeout=10
    ) as client:
        server.start()
        chat_id = client.post("/v1/conversations", json={"model": "acme/fast"}).json()["id"]
        path = f"/v1/conversations/{chat_id}/queue"
        for question in ("1?", "2?", "3?"):
            assert client.post(path, json={"content": question}).status_code == 202
        server.kill()

        with server:
            waiting = [one["content"] for one in client.get(path).json()["data"]]
            turn_id = client.post(f"{path}/send").json()["id"]
            client.get(f"/v1/turns/{turn_id}/events")
            while client.get(path).json()["data"]:
                pass
            messages = client.get(f"/v1/conversations/{chat_id}/messages").json()["data"]
            if messages[-1]["status"] == "running":
                client.get(f"/v1/turns/{messages[-1]['turn_id']}/events")

    assert waiting == ["2?", "3?"]
    assert [one["content"] for one in messages if one["role"] == "user"] == ["1?", "2?", "3?"]
