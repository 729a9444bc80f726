"""A portal that dies while a temporary chat is answered leaves nothing of it."""

import asyncio
from pathlib import Path

import httpx

from aiportal.settings import Settings
from tests.loopback import NO_TLS
from tests.running import PortalProcess, make_key
from tests.upstreams import DONE, Gate, Upstream, chunk, stream, text

MARK = "xylophone-7f3a"


def _holds(folder: Path) -> bool:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return any(MARK.encode() in path.read_bytes() for path in files)


def test_after_sigkill_nothing_of_a_temporary_chat_is_left(
    wired_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer("fast", text(f"One {MARK}"), stream(chunk(f"half {MARK}"), Gate(), DONE))
    key = asyncio.run(make_key(wired_settings))
    server = PortalProcess(wired_settings, key=key, has_pages=False)
    path = "/v1/temporary-chats"
    with httpx.Client(
        verify=NO_TLS, base_url=server.url, headers=server.headers, timeout=10
    ) as client:
        server.start()
        body = {"content": f"Why {MARK}?", "model": "acme/fast"}
        wire = client.post(path, json=body).text
        chat_id = wire.partition('"conversation_id":"')[2].partition('"')[0]
        with client.stream("POST", path, json=body | {"chat_id": chat_id}) as answer:
            for line in answer.iter_lines():
                if "half" in line:
                    break
            server.kill()

        assert MARK in wire
        assert not _holds(wired_settings.data_dir.parent)
        with server:
            assert client.get(f"{path}/{chat_id}").status_code == 404
            rows = client.get("/v1/usage/export.json").json()
        assert [row["endpoint"] for row in rows] == ["temporary"]
    assert not _holds(wired_settings.data_dir)
