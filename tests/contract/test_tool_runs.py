"""Forms of tools, runs that go on by themselves, and tools that are written over HTTP."""

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.loopback import NO_TLS
from tests.running import PortalProcess, make_key_of_new_user

RUNS = "/v1/tool-runs"
ADMIN = "/api/admin/tools"
ECHO = "def run(parameters):\n    return parameters\n"


@pytest.fixture(scope="module")
def cleo(process: PortalProcess) -> Iterator[httpx.Client]:
    """A plain user."""
    key = asyncio.run(make_key_of_new_user(process.settings, "cleo-of-runs"))
    with httpx.Client(
        verify=NO_TLS, base_url=process.url, headers={"X-API-Key": key}, timeout=60
    ) as client:
        yield client


@pytest.fixture
def admin(portal: httpx.Client) -> httpx.Client:
    return portal


def started(client: httpx.Client, tool_id: str, **body: Any) -> dict[str, Any]:
    answer = client.post(RUNS, json={"tool_id": tool_id, **body})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ended(client: httpx.Client, run_id: str, *, shown: bool = False) -> dict[str, Any]:
    """The run when it is over."""
    while True:
        answer = client.get(f"{RUNS}/{run_id}", params={"wait": 20, "shown": shown})
        found: dict[str, Any] = answer.json()
        if found["status"] not in ("running", "waiting"):
            return found


def error(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json()["error"]["code"]


# Forms


def test_a_form_is_filled_both_ways_and_says_what_is_wrong(cleo: httpx.Client) -> None:
    form = cleo.get("/v1/tools/echo/form").json()
    assert [(one["name"], one["kind"]) for one in form["fields"]] == [
        ("city", "text"),
        ("days", "integer"),
    ]
    filled = cleo.post("/v1/tools/echo/form", json={"values": {"city": "Rome", "days": "2"}}).json()
    assert (filled["parameters"], filled["faults"]) == ({"city": "Rome", "days": 2}, [])
    assert json.loads(filled["text"]) == filled["parameters"]
    assert "/v1/tools/echo/execute" in filled["code"]["curl"]
    compile(filled["code"]["python"], "snippet", "exec")
    wrong = cleo.post("/v1/tools/echo/form", json={"values": {"days": "0"}}).json()
    assert {one["path"] for one in wrong["faults"]} == {"city", "days"}
    back = cleo.post("/v1/tools/echo/form", json={"parameters": {"city": "Rome", "days": 3}}).json()
    assert back["values"] == {"city": "Rome", "days": "3"}
    strange = cleo.post("/v1/tools/echo/form", json={"parameters": {"other": 1}}).json()
    assert strange["values"] is None
    assert cleo.post("/v1/tools/echo/form", json={}).status_code == 400
    assert error(cleo.get("/v1/tools/for-admins/form")) == (404, "tool_not_found")


# Runs


def test_a_run_is_kept_with_its_result_and_its_files(cleo: httpx.Client) -> None:
    data = base64.b64encode(b"abc").decode()
    run = started(cleo, "files", files=[{"name": "in.txt", "data": data}])
    assert run["files"] == [{"name": "in.txt", "size": 3}]
    found = ended(cleo, run["id"])
    assert (found["status"], found["error"]) == ("done", None)
    assert found["result"] == ["in.txt", "out.txt"]
    made = next(one for one in found["artifacts"] if one["name"] == "out.txt")
    answer = cleo.get(made["url"])
    assert answer.content == b"ABC"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "result" not in ended(cleo, run["id"], shown=True)
    assert cleo.get(RUNS, params={"tool_id": "files"}).json()["data"][0]["id"] == run["id"]


def test_what_a_tool_does_not_take_is_no_run(cleo: httpx.Client) -> None:
    cases: list[tuple[str, dict[str, Any], tuple[int, str]]] = [
        ("echo", {"parameters": {}}, (400, "invalid_arguments")),
        ("none", {}, (404, "tool_not_found")),
        ("switched-off", {}, (503, "tool_unavailable")),
        ("echo", {"approval_id": "approval_1"}, (400, "invalid_request")),
    ]
    for tool_id, body, wanted in cases:
        assert error(cleo.post(RUNS, json={"tool_id": tool_id, **body})) == wanted


def test_a_run_is_cancelled_by_its_id(cleo: httpx.Client) -> None:
    run = started(cleo, "hangs")
    assert cleo.post(f"{RUNS}/{run['id']}/cancel").json()["status"] == "cancelled"
    assert ended(cleo, run["id"])["status"] == "cancelled"
    assert cleo.post(f"{RUNS}/{run['id']}/cancel").json()["status"] == "cancelled"


def test_a_failure_is_told_in_words(cleo: httpx.Client) -> None:
    found = ended(cleo, started(cleo, "raises")["id"], shown=True)
    assert (found["status"], found["error"]["type"]) == ("failed", "KeyError")


def test_another_persons_run_is_not_there(cleo: httpx.Client, admin: httpx.Client) -> None:
    run = started(cleo, "echo", parameters={"city": "Rome"})
    ended(cleo, run["id"])
    here = f"{RUNS}/{run['id']}"
    for answer in (
        admin.get(here),
        admin.post(f"{here}/cancel"),
        admin.delete(here),
        admin.get(f"{here}/artifacts/0"),
    ):
        assert answer.status_code == 404
    assert run["id"] not in {one["id"] for one in admin.get(RUNS).json()["data"]}
    assert cleo.delete(here).status_code == 204
    assert cleo.get(here).status_code == 404


def test_a_run_waits_for_its_approval(cleo: httpx.Client) -> None:
    runs = [started(cleo, "asks-first", parameters={"n": n})["id"] for n in range(3)]
    waiting = [cleo.get(f"{RUNS}/{run}", params={"wait": 20}).json() for run in runs]
    assert {one["status"] for one in waiting} == {"waiting"}
    asked = {one["id"] for one in cleo.get("/v1/tools/approvals").json()["data"]}
    assert {one["approval_id"] for one in waiting} <= asked
    for approve, one in ((True, waiting[0]), (False, waiting[1])):
        address = f"/v1/tools/approvals/{one['approval_id']}"
        assert cleo.post(address, json={"approve": approve}).status_code == 200
    cleo.post(f"{RUNS}/{runs[2]}/cancel")
    found = [ended(cleo, run) for run in runs]
    assert [one["status"] for one in found] == ["done", "failed", "cancelled"]
    assert (found[0]["result"], found[1]["error"]["type"]) == ({"n": 0}, "declined")
    assert waiting[2]["approval_id"] not in {
        one["id"] for one in cleo.get("/v1/tools/approvals").json()["data"]
    }


def test_a_call_from_another_door_is_approved_as_a_run(
    cleo: httpx.Client, admin: httpx.Client
) -> None:
    asked = cleo.post("/v1/tools/asks-first/execute", json={"parameters": {"n": 1}}).json()
    body = {"approval_id": asked["approvalId"]}
    assert admin.post(RUNS, json=body).status_code == 404
    run = cleo.post(RUNS, json=body).json()
    assert ended(cleo, run["id"])["result"] == {"n": 1}
    assert error(cleo.post(RUNS, json=body)) == (409, "approval_decided")


def test_runs_are_taken_along_and_deleted(cleo: httpx.Client) -> None:
    run = started(cleo, "echo", parameters={"city": "Oslo"})
    ended(cleo, run["id"])
    archive = cleo.get("/api/auth/export.zip").content
    assert b"tool-runs/tool-runs-00001.json" in archive
    assert cleo.delete(RUNS).json()["runs"] >= 1
    assert cleo.get(RUNS).json()["data"] == []


# Writing tools


def test_an_administrator_writes_a_tool_and_writes_it_anew(
    admin: httpx.Client, cleo: httpx.Client
) -> None:
    config = {"id": "written", "name": "Written", "description": "Echoes."}
    files = {"part/helper.py": base64.b64encode(b"x = 1\n").decode()}
    draft = {"config": config, "controller": ECHO, "files": files}
    assert cleo.post(ADMIN, json=draft).status_code == 403
    assert admin.post(ADMIN, json=draft).status_code == 201
    assert ended(cleo, started(cleo, "written", parameters={"a": 1})["id"])["result"] == {"a": 1}
    assert error(admin.post(ADMIN, json=draft))[0] == 409
    address = f"{ADMIN}/written"
    assert cleo.get(f"{address}/source").status_code == 403
    changed = "from part.helper import x\n\n\ndef run(parameters):\n    return x\n"
    answer = admin.put(address, json={"config": config | {"version": "2"}, "controller": changed})
    assert answer.json()["version"] == "2"
    source = admin.get(f"{address}/source").json()
    assert (source["controller"], source["files"]) == (changed, ["part/helper.py"])
    assert ended(cleo, started(cleo, "written")["id"])["result"] == 1
    renamed = {"config": config | {"id": "other"}, "controller": ECHO}
    assert error(admin.put(address, json=renamed))[0] == 400


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"id": "../evil"}},
        {"config": {"id": "a/b"}},
        {"config": {"id": ".hidden"}},
        {"config": {"id": "evil", "parameters": 5}},
        {"config": {}},
        {"controller": "def run(:"},
        {"files": {"../evil.py": "eA=="}},
        {"files": {"/etc/evil.py": "eA=="}},
        {"files": {"a\0b": "eA=="}},
        {"files": {"config.json": "e30="}},
        {"files": {"controller.py/x": "eA=="}},
        {"files": {"x.py": "§"}},
    ],
)
def test_what_is_no_tool_is_not_written(
    admin: httpx.Client, process: PortalProcess, change: dict[str, Any]
) -> None:
    folder = process.settings.tools_dir
    assert folder is not None
    before = sorted(str(one) for one in folder.parent.rglob("*") if "data" not in one.parts)
    draft = {"config": {"id": "evil"}, "controller": ECHO, **change}
    assert admin.post(ADMIN, json=draft).status_code == 400
    after = sorted(str(one) for one in folder.parent.rglob("*") if "data" not in one.parts)
    assert after == before


def test_each_template_is_a_tool_and_the_sandbox_tells_of_itself(
    admin: httpx.Client, cleo: httpx.Client
) -> None:
    found = admin.get(f"{ADMIN}/templates").json()["data"]
    assert len(found) >= 3
    for one in found:
        draft = {"config": one["config"], "controller": one["controller"]}
        checked = admin.post(f"{ADMIN}/validate", json=draft).json()
        profile = [problem for problem in checked["problems"] if problem["field"] != "profile"]
        assert profile == []
    assert admin.get(f"{ADMIN}/sandbox").json()["tier"] in ("namespaces", "landlock")
    for path in ("templates", "sandbox"):
        assert cleo.get(f"{ADMIN}/{path}").status_code == 403
