"""A portal that is killed, callers who hang up, sessions of others, and a portal without a sandbox."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from aiportal.sandbox import SandboxMode
from tests.hostile_tools.health import Health
from tests.hostile_tools.target import SCRIPT, Target, opened

CANCELLED = 50
CROWD = 7
MOST = 20  # with the sessions of other tests
BUSY = "open('begun', 'w').write('x' * 10**6)\nwhile True: pass"


def hang_up(target: Target, code: str, tool_id: str) -> None:
    """Send a call, and leave once the portal has taken it."""
    body = json.dumps({"parameters": {"code": code}}).encode()
    head = (
        f"POST /api/v1/tools/{tool_id}/execute HTTP/1.1\r\nHost: portal\r\n"
        f"X-API-Key: {target.process.key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", target.process.port)) as line:
        line.sendall(head.encode() + body)
        target.client.get("/health")


def test_callers_who_hang_up_leave_nothing(target: Target) -> None:
    health = Health()
    mounts, before = target.mounts(), len(target.settled(MOST))
    tools = [("code-execution", SCRIPT)[number % 2] for number in range(CANCELLED)]
    with health.asked(target.process.url), ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda tool_id: hang_up(target, BUSY, tool_id), tools))
        assert len(target.settled(before)) <= before
        answer = target.run("6 * 7").json()
        assert answer.get("result") == 42, answer
    assert health.failed == []
    assert target.mounts() == mounts
    assert target.left_behind() == []


def test_a_session_is_its_owners(target: Target) -> None:
    assert target.run("secret = 1\nos = None\nsecret", session="mine").json()["result"] == 1
    assert target.run("secret", session="mine").json()["result"] == 1
    other = target.run("secret", session="mine", key=target.other_key).json()
    assert other["error"]["type"] == "NameError"
    assert target.run("secret", session="other").json()["error"]["type"] == "NameError"


def test_a_session_that_ends_between_calls_is_begun_anew(target: Target) -> None:
    for end in (
        "threading.Thread(target=lambda: (time.sleep(0.2), os._exit(0))).start()",
        "signal.setitimer(signal.ITIMER_REAL, 0.1)",
    ):
        code = f"import os, signal, threading, time\nkept = 1\n{end}\n1"
        assert target.run(code, session="ending").json()["success"]
        kind = None
        while kind != "NameError":
            assert kind in {None, "crashed", "exit"}
            kind = target.run("kept", session="ending").json().get("error", {}).get("type")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("open('in.txt', 'w'); import os; os.unlink('in.txt'); os.mkdir('in.txt')\n1", "crashed"),
        ("open('x', 'w'); import os; os.unlink('in.txt'); os.symlink('x', 'in.txt')\n1", None),
    ],
)
def test_a_session_that_breaks_is_begun_anew(target: Target, code: str, kind: str | None) -> None:
    files = [{"name": "in.txt", "data": "eA=="}]
    assert target.run(code, session="broken", files=files).json()["success"]
    second = target.run("2", session="broken", files=files).json()
    assert second.get("error", {}).get("type") == kind
    assert target.run("raise SystemExit(1)", session="broken").status_code == 200
    assert target.run("6 * 7", session="broken").json()["result"] == 42
    assert target.run("import os; os._exit(0)", session="broken").json()["error"]["type"] == "exit"


BAD_FILES: list[tuple[Any, int]] = [
    ([{"name": name, "data": "eA=="}], 400)
    for name in ("../x", "a/b", "/etc/passwd", "", ".", "..", ".hidden", "a\0b", "a\nb", "x" * 201,
                 "\U0001f600" * 60, "a\\b")
]  # fmt: skip
BAD_FILES += [
    ([{"name": "a", "data": "eA=="}, {"name": "a", "data": "eA=="}], 400),
    ([{"name": "a", "data": "no base64"}], 400),
    ([{"name": "a", "data": "eA==", "path": "/etc"}], 400),
    ([{"name": f"f{number}", "data": ""} for number in range(101)], 400),
    ([{"name": "a", "data": "AAAA" * (7 * 2**20)}], 413),
    ("a", 400),
    ({"a": "b"}, 400),
]


@pytest.mark.parametrize(("files", "status"), BAD_FILES)
def test_files_of_a_call_that_lead_elsewhere(target: Target, files: Any, status: int) -> None:
    answer = target.execute(parameters={"code": "1"}, files=files)
    assert answer.status_code == status, answer.text[:300]
    assert answer.json()["error"]["type"] == "invalid_request_error"


DEEP = 100_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"parameters": {"code": "1", "x": ' + "[" * DEEP + "]" * DEEP + "}}", 400),
        ('{"parameters": {"code": ' + "9" * 5000 + "}}", 400),
        ('{"parameters": {"code": 1e999}}', 400),
        ('{"parameters": {"code": -Infinity}}', 400),
        ('{"parameters": {"code": "' + "x" * 250_000 + '"}}', 400),
        ('{"parameters": {"code": "1"}, "timeoutMs": 1e3}', 400),
        ('{"parameters": {"code": "1"}, "timeoutMs": 99999999999}', 400),
        ('{"parameters": {"code": "1"}, "session": "../x"}', 400),
        ('{"parameters": {"code": "1"}, "session": 7}', 400),
        ('{"parameters": {"code": "1", "language": "bash"}}', 400),
        ('{"parameters": {"code": "1", "__proto__": {}}}', 400),
        ('{"parameters": null}', 400),
        ('{"parameters": {"code": "\\ud800"}}', 400),
        ('{"parameters": {"code": "\\u0000"}}', 200),
        (b'{"parameters": {"code": "\xff"}}', 400),
        (b"", 400),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bodies_that_are_none(target: Target, body: str | bytes, status: int) -> None:
    answer = target.client.post(
        "/api/v1/tools/code-execution/execute",
        content=body,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == status, answer.text[:300]
    found = answer.json()
    assert status == 200 or set(found["error"]) == {"message", "type", "param", "code"}
    assert status == 400 or found["success"] is False
    assert target.run("6 * 7").json()["result"] == 42


def test_a_killed_portal_takes_everything_with_it(tier: SandboxMode) -> None:
    with opened(tier) as target:
        assert target.run("6 * 7", session="kept").json()["result"] == 42
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(_broken_off, target, tool) for tool in ("attacker", SCRIPT) * 2]
            target.crowded(CROWD)
            family = target.family()
            target.process.kill()
            assert all(call.result() for call in calls)
        assert len(family) >= CROWD
        assert target.settled(0) == set()
        assert target.left_behind() == []
        target.restart()
        assert target.run("6 * 7").json()["result"] == 42
        assert target.run("kept", session="kept").json()["error"]["type"] == "NameError"


def _broken_off(target: Target, tool_id: str) -> bool:
    try:
        target.run(BUSY, tool_id)
    except httpx.TransportError:
        return True
    return False


def test_without_a_sandbox_nothing_runs() -> None:
    with ExitStack() as stack:
        target = stack.enter_context(opened("off"))
        planted = target.folder / "tmp" / "made"
        for tool_id in ("code-execution", "attacker", SCRIPT):
            answer = target.run(f"open({str(planted)!r}, 'w')", tool_id)
            assert answer.status_code == 503
            assert "AIPORTAL_SANDBOX=off" in answer.json()["error"]["message"]
            assert target.canary not in answer.text
        assert not planted.exists()
        assert target.family() == set()
        assert target.process.is_healthy()
