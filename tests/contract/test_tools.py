"""/v1/tools over HTTP, as API.md promises it: listed, run, refused, agreed to."""

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.tool_cases import CITY
from tests.loopback import NO_TLS
from tests.running import PortalProcess, make_key_of_new_user

LIST = "/v1/tools"


@pytest.fixture(scope="module")
def ben(process: PortalProcess) -> Iterator[httpx.Client]:
    """A plain user."""
    key = asyncio.run(make_key_of_new_user(process.settings, "ben-of-tools"))
    with httpx.Client(
        verify=NO_TLS, base_url=process.url, headers={"X-API-Key": key}, timeout=30
    ) as client:
        yield client


@pytest.fixture
def admin(portal: httpx.Client) -> httpx.Client:
    return portal


def execute(client: httpx.Client, tool_id: str, **body: Any) -> httpx.Response:
    return client.post(f"{LIST}/{tool_id}/execute", json={"parameters": {}, **body})


def error(answer: httpx.Response) -> tuple[int, str | None, str | None]:
    """Status, code and param; fails for another shape."""
    found = answer.json()["error"]
    assert set(found) == {"message", "type", "param", "code"}
    return answer.status_code, found["code"], found["param"]


# What there is


def test_the_list_has_what_the_caller_may_use(ben: httpx.Client, admin: httpx.Client) -> None:
    answer = ben.get(LIST).json()
    found = {tool["id"]: tool for tool in answer["data"]}
    assert (answer["object"], answer["has_more"]) == ("list", False)
    assert list(found) == sorted(found)
    assert {"for-admins", "switched-off"} & set(found) == set()
    assert found["echo"]["parameters"] == CITY
    assert found["echo"]["available"]
    assert not found["needs-key"]["available"]
    assert "NO_SUCH_APP_ID" in found["needs-key"]["missing"]
    assert "for-admins" in {tool["id"] for tool in admin.get(LIST).json()["data"]}
    everything = {tool["id"] for tool in admin.get(LIST, params={"all": True}).json()["data"]}
    assert "switched-off" in everything


def test_the_list_comes_in_pages(ben: httpx.Client) -> None:
    whole = [tool["id"] for tool in ben.get("/api/v1/tools").json()["data"]]
    first = ben.get(LIST, params={"limit": 2}).json()
    assert first["has_more"]
    rest = ben.get(LIST, params={"after": first["data"][-1]["id"]}).json()
    assert [tool["id"] for tool in [*first["data"], *rest["data"]]] == whole
    assert error(ben.get(LIST, params={"after": "none"})) == (404, "tool_not_found", "after")


def test_one_is_told_with_its_schema(ben: httpx.Client) -> None:
    tool = ben.get(f"{LIST}/echo").json()
    assert (tool["id"], tool["object"], tool["parameters"]) == ("echo", "tool", CITY)
    assert tool["examples"] == [
        {"name": "Example", "description": "", "parameters": {"city": "Rome"}}
    ]
    assert (tool["requiresApproval"], tool["maxExecutionTime"]) == (False, 30_000)
    for tool_id in ("none", "for-admins"):
        assert error(ben.get(f"{LIST}/{tool_id}"))[:2] == (404, "tool_not_found")


# Running one


def test_a_run_gives_a_result(ben: httpx.Client) -> None:
    answer = execute(ben, "echo", parameters={"city": "Rome", "days": 2})
    assert answer.status_code == 200
    found = answer.json()
    assert found.pop("durationMs") > 0
    assert found == {
        "success": True,
        "result": {"city": "Rome", "days": 2},
        "stdout": "",
        "stderr": "",
        "truncated": False,
        "artifacts": [],
    }


def test_files_go_in_and_come_out(ben: httpx.Client) -> None:
    data = base64.b64encode("grün".encode()).decode()
    found = execute(ben, "files", files=[{"name": "in.txt", "data": data}]).json()
    assert found["result"] == ["in.txt", "out.txt"]
    assert (found["stdout"], found["stderr"]) == ("to stdout\n", "to stderr\n")
    made = {one["name"]: base64.b64decode(one["data"]).decode() for one in found["artifacts"]}
    assert made["out.txt"] == "GRÜN"


def test_a_script_of_the_guides_kind_runs_too(ben: httpx.Client) -> None:
    found = execute(ben, "script", parameters={"a": 1.5}).json()
    assert found["result"] == {"got": {"a": 1.5}}


def test_a_session_keeps_what_the_program_had(ben: httpx.Client, admin: httpx.Client) -> None:
    counts = [execute(ben, "counter", session="s1").json()["result"] for _ in range(2)]
    assert counts == [1, 2]
    assert execute(ben, "counter", session="s2").json()["result"] == 1
    assert execute(admin, "counter", session="s1").json()["result"] == 1
    assert execute(ben, "counter").json()["result"] == 1
    assert error(execute(ben, "counter", session="a/b")) == (400, "invalid_request", "session")


def test_a_session_is_ended_by_its_owner(ben: httpx.Client, admin: httpx.Client) -> None:
    def end(client: httpx.Client, name: str, tool_id: str = "counter") -> httpx.Response:
        return client.delete(f"{LIST}/{tool_id}/sessions/{name}")

    assert execute(ben, "counter", session="ends").json()["result"] == 1
    assert end(admin, "ends").status_code == 204
    assert execute(ben, "counter", session="ends").json()["result"] == 2
    assert [end(ben, "ends").status_code for _ in range(2)] == [204, 204]
    assert execute(ben, "counter", session="ends").json()["result"] == 1
    assert error(end(ben, "a b")) == (400, "invalid_request", "session")
    assert error(end(ben, "ends", "for-admins"))[:2] == (404, "tool_not_found")


@pytest.mark.parametrize(
    ("tool_id", "body", "kind", "words"),
    [
        ("rubbish", {}, "invalid_result", ""),
        ("silent", {}, "invalid_result", ""),
        ("exits", {}, "exit", "3"),
        ("hangs", {"timeoutMs": 300}, "timeout", ""),
        ("raises", {}, "KeyError", "none"),
        ("refuses", {}, "tool_error", "there is no data"),
        ("guides-failure", {}, "tool_error", "Unsupported data type: x"),
        (
            "asks-portal",
            {"parameters": {"operation": "fetch", "url": "https://example.org"}},
            "PortalRefusal",
            "This tool has no network",
        ),
        (
            "asks-portal",
            {"parameters": {"operation": "shell", "command": "id"}},
            "PortalRefusal",
            "There is no operation 'shell'",
        ),
    ],
)
def test_each_way_to_fail_has_a_word_of_its_own(
    ben: httpx.Client, tool_id: str, body: dict[str, Any], kind: str, words: str
) -> None:
    answer = execute(ben, tool_id, **body)
    found = answer.json()
    assert (answer.status_code, found["success"]) == (200, False)
    assert found["error"]["type"] == kind
    assert words in found["error"]["message"]
    assert found["error"]["message"]
    assert "result" not in found
    assert execute(ben, "echo", parameters={"city": "Rome"}).json()["success"]


@pytest.mark.parametrize(
    ("tool_id", "status", "code", "words"),
    [
        ("none", 404, "tool_not_found", "There is no tool 'none'"),
        ("for-admins", 404, "tool_not_found", "There is no tool 'for-admins'"),
        ("switched-off", 503, "tool_unavailable", "it is disabled"),
        ("needs-key", 503, "tool_unavailable", "it needs NO_SUCH_APP_ID"),
    ],
)
def test_what_cannot_run_is_refused_with_words(
    ben: httpx.Client, tool_id: str, status: int, code: str, words: str
) -> None:
    answer = execute(ben, tool_id)
    assert error(answer)[:2] == (status, code)
    assert words in answer.json()["error"]["message"]


def test_a_tools_own_limit_is_a_429(ben: httpx.Client) -> None:
    assert execute(ben, "limited").status_code == 200
    answer = execute(ben, "limited")
    assert error(answer)[:2] == (429, "rate_limit_exceeded")
    assert 0 < int(answer.headers["retry-after"]) <= 60


# Bad input

DEEP = "[" * 5_000 + "]" * 5_000
NESTED = '{"a":' * 100 + "1" + "}" * 100


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"parameters": {"city": 1}}, 400, "invalid_arguments", "parameters.city"),
        ({"parameters": {"city": "a", "days": 0}}, 400, "invalid_arguments", "parameters.days"),
        ({"parameters": {}}, 400, "invalid_arguments", "parameters"),
        ({"parameters": []}, 400, None, "parameters"),
        ({"parameters": {"city": "x" * 10_000_000}}, 413, "request_too_large", "parameters"),
        ({"parameters": {"city": "a"}, "timeoutMs": "1"}, 400, None, "timeoutMs"),
        ({"parameters": {"city": "a"}, "timeoutMs": 0}, 400, None, "timeoutMs"),
        ({"parameters": {"city": "a"}, "timeoutMs": True}, 400, None, "timeoutMs"),
        ({"parameters": {"city": "a"}, "wait": 1}, 400, None, "wait"),
        (
            {"parameters": {"city": "a"}, "files": [{"name": "a", "data": "%"}]},
            400,
            "invalid_request",
            "files.0.data",
        ),
        (
            {"parameters": {"city": "a"}, "files": [{"name": "../a", "data": ""}]},
            400,
            "invalid_request",
            "files",
        ),
        (
            {"parameters": {"city": "a"}, "files": [{"name": "a", "data": ""}] * 2},
            400,
            "invalid_request",
            "files.1.name",
        ),
        ('{"parameters": {"city": NaN}}', 400, None, None),
        ('{"parameters": {"city": ' + DEEP + "}}", 400, None, None),
        ('{"parameters": {"city": ' + NESTED + "}}", 400, "invalid_arguments", "parameters"),
        ("{", 400, None, None),
        ("[]", 400, None, None),
    ],
)
def test_bad_input_is_a_400_that_names_it(
    ben: httpx.Client, body: object, status: int, code: str | None, param: str | None
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = ben.post(
        f"{LIST}/echo/execute", content=text, headers={"content-type": "application/json"}
    )
    found = error(answer)
    assert found[0] == status
    if code is not None:
        assert found[1] == code
    if param is not None:
        assert found[2] == param


# Approval


def test_a_tool_that_asks_runs_when_its_caller_agrees(ben: httpx.Client) -> None:
    asked = execute(ben, "asks-first", parameters={"a": 1})
    assert asked.status_code == 202
    found = asked.json()
    assert (found["toolId"], found["parameters"]) == ("asks-first", {"a": 1})
    path = f"{LIST}/approvals/{found['approvalId']}"
    waiting = {one["id"]: one for one in ben.get(f"{LIST}/approvals").json()["data"]}
    assert waiting[found["approvalId"]]["parameters"] == {"a": 1}
    ran = ben.post(path, json={"approve": True})
    assert (ran.status_code, ran.json()["success"], ran.json()["result"]) == (200, True, {"a": 1})
    assert error(ben.post(path, json={"approve": True}))[:2] == (409, "approval_decided")
    assert ben.get(f"{LIST}/approvals").json()["data"] == []


def test_a_declined_call_did_not_run(ben: httpx.Client) -> None:
    asked = execute(ben, "asks-first").json()
    ran = ben.post(f"{LIST}/approvals/{asked['approvalId']}", json={"approve": False})
    assert ran.status_code == 200
    assert (ran.json()["success"], ran.json()["error"]["type"]) == (False, "declined")


def test_anothers_approval_is_not_there(ben: httpx.Client, admin: httpx.Client) -> None:
    asked = execute(ben, "asks-first").json()
    path = f"{LIST}/approvals/{asked['approvalId']}"
    assert error(admin.post(path, json={"approve": True}))[:2] == (404, "not_found")
    assert error(ben.post(f"{LIST}/approvals/none", json={"approve": True}))[0] == 404
    for bad in ({}, {"approve": "yes"}, {"approve": 1}, {"approve": None}):
        assert error(ben.post(path, json=bad))[0] == 400
    assert ben.post(path, json={"approve": False}).status_code == 200
