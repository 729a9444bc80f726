"""/api/admin/tools/servers over HTTP: for administrators alone."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.loopback import NO_TLS
from tests.running import PortalProcess, make_key_of_new_user

SERVERS = "/api/admin/tools/servers"
SECRET = "a-secret-of-the-test"
AWAY = {"url": "http://127.0.0.1:9/mcp", "headers": {"X-Key": SECRET}}


@pytest.fixture(scope="module")
def user(process: PortalProcess) -> Iterator[httpx.Client]:
    key = asyncio.run(make_key_of_new_user(process.settings, "cat-of-servers"))
    with httpx.Client(
        verify=NO_TLS, base_url=process.url, headers={"X-API-Key": key}, timeout=30
    ) as client:
        yield client


@pytest.fixture
def config(process: PortalProcess, portal: httpx.Client) -> Iterator[Path]:
    """The tools' config.json, which is as before afterwards."""
    assert process.settings.tools_dir is not None
    path = process.settings.tools_dir / "config.json"
    before = path.read_bytes() if path.exists() else None
    path.write_text(json.dumps({"maxExecutionTime": 90_000}))
    portal.post("/api/admin/tools/reload")
    yield path
    path.unlink()
    if before is not None:
        path.write_bytes(before)
    portal.post("/api/admin/tools/reload")


def test_a_server_is_written_told_and_removed(portal: httpx.Client, config: Path) -> None:
    put = portal.put(f"{SERVERS}/crm", params={"new": True}, json=AWAY)
    assert put.status_code == 200
    assert put.json()["config"] == {**AWAY, "headers": {"X-Key": None}}
    (told,) = portal.get(SERVERS).json()["data"]
    assert (told["object"], told["name"], told["tools"]) == ("tool.server", "crm", 0)
    portal.get("/v1/tools")  # waits until each server was tried
    (told,) = portal.get(SERVERS).json()["data"]
    assert told["state"] == "away"
    assert "AIPORTAL_FETCH_ALLOW" in told["reason"]
    assert told["next_try_at"].endswith("+00:00")
    again = portal.put(f"{SERVERS}/crm", json={**told["config"], "enabled": False})
    assert again.json()["state"] == "off"
    assert json.loads(config.read_bytes()) == {
        "maxExecutionTime": 90_000,
        "mcpServers": {"crm": {**AWAY, "enabled": False}},
    }
    gone = portal.delete(f"{SERVERS}/crm").json()
    assert gone == {"object": "tool.server.deleted", "deleted": True, "name": "crm"}
    assert json.loads(config.read_bytes()) == {"maxExecutionTime": 90_000, "mcpServers": {}}
    assert portal.get(SERVERS).json() == {"object": "list", "data": [], "has_more": False}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "param"),
    [
        ("PUT", "/a__b", AWAY, 400, "name"),
        ("PUT", "/crm", {"url": "http://a", "timeout": 1}, 400, "timeout"),
        ("PUT", "/crm", {"url": "http://a", "headers": {"X-Key": None}}, 400, "headers.X-Key"),
        ("PUT", "/crm", [], 400, None),
        ("POST", "/try", {"url": "http://a", "command": "a"}, 400, None),
        ("POST", "/try?name=a__b", AWAY, 400, "name"),
        ("DELETE", "/none", None, 404, None),
    ],
)
def test_what_cannot_be_is_refused(
    portal: httpx.Client,
    config: Path,
    method: str,
    path: str,
    body: Any,
    status: int,
    param: str | None,
) -> None:
    before = config.read_bytes()
    answer = portal.request(method, f"{SERVERS}{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["param"] == param
    assert SECRET not in answer.text
    assert config.read_bytes() == before


def test_one_is_tried_before_it_is_saved(portal: httpx.Client, config: Path) -> None:
    before = config.read_bytes()
    tried = portal.post(f"{SERVERS}/try", json=AWAY).json()
    assert (tried["object"], tried["tools"]) == ("tool.server.tried", [])
    assert "AIPORTAL_FETCH_ALLOW" in tried["fault"]
    assert config.read_bytes() == before


def test_how_many_tools_there_are_is_told(portal: httpx.Client) -> None:
    state = portal.get("/api/admin/tools").json()
    assert state == portal.post("/api/admin/tools/reload").json()
    assert state["tools"] > 0


def test_it_is_for_administrators_alone(user: httpx.Client, config: Path) -> None:
    before = config.read_bytes()
    answers = [
        user.get(SERVERS),
        user.get("/api/admin/tools"),
        user.put(f"{SERVERS}/crm", json=AWAY),
        user.put(f"{SERVERS}/a__b", json={}),
        user.delete(f"{SERVERS}/none"),
        user.post(f"{SERVERS}/try", json=AWAY),
    ]
    assert [answer.status_code for answer in answers] == [403] * 6
    assert config.read_bytes() == before
