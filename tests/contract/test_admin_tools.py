"""/api/admin/tools over HTTP: for administrators alone."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.loopback import NO_TLS
from tests.running import PortalProcess, make_key_of_new_user

ADMIN = "/api/admin/tools"
CYCLIC = {"id": "x", "parameters": {"a": {"$ref": "#/properties/a"}}}


@pytest.fixture(scope="module")
def user(process: PortalProcess) -> Iterator[httpx.Client]:
    key = asyncio.run(make_key_of_new_user(process.settings, "cat-of-tools"))
    with httpx.Client(
        verify=NO_TLS, base_url=process.url, headers={"X-API-Key": key}, timeout=30
    ) as client:
        yield client


@pytest.fixture
def folder(process: PortalProcess) -> Path:
    assert process.settings.tools_dir is not None
    return process.settings.tools_dir


def test_a_tool_is_switched_off_and_on_in_its_file(portal: httpx.Client, folder: Path) -> None:
    path = folder / "changed" / "config.json"
    before = json.loads(path.read_bytes())
    changed = portal.patch(f"{ADMIN}/changed", json={"enabled": False, "maxExecutionTime": 5_000})
    assert changed.status_code == 200
    told = changed.json()
    assert (told["enabled"], told["available"], told["maxExecutionTime"]) == (False, False, 5_000)
    assert json.loads(path.read_bytes()) == before | {"enabled": False, "maxExecutionTime": 5_000}
    run: dict[str, Any] = {"parameters": {}}
    assert portal.post("/v1/tools/changed/execute", json=run).status_code == 503
    portal.patch(f"{ADMIN}/changed", json={"enabled": True})
    assert portal.post("/v1/tools/changed/execute", json=run).json()["success"]


def test_a_reload_tells_what_is_wrong(portal: httpx.Client, folder: Path) -> None:
    count = portal.post(f"{ADMIN}/reload").json()["tools"]
    (folder / "broken").mkdir()
    (folder / "broken" / "config.json").write_text(json.dumps(CYCLIC))
    found = portal.post(f"{ADMIN}/reload").json()
    assert found["tools"] == count
    problems = {(one["file"], one["field"]): one["allowed"] for one in found["problems"]}
    assert "goes round in a circle" in problems["broken/config.json", "parameters"]
    assert "is missing" in problems["broken/controller.py", ""]
    told = portal.post(f"{ADMIN}/validate").json()
    assert (told["valid"], len(told["problems"])) == (False, 2)
    (folder / "broken" / "config.json").unlink()
    (folder / "broken").rmdir()
    assert portal.post(f"{ADMIN}/reload").json() == {"tools": count, "problems": []}


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        ({"config": {"id": "x"}, "controller": "def run(p):\n    return p\n"}, None),
        ({"config": {"id": "x"}}, None),
        ({"config": CYCLIC}, "parameters"),
        ({"config": {"id": "x", "enabled": "perhaps"}}, "enabled"),
        ({"config": {"id": "x"}, "controller": "def run(:"}, "line 1"),
    ],
)
def test_a_draft_is_validated(
    portal: httpx.Client, draft: dict[str, Any], field: str | None
) -> None:
    found = portal.post(f"{ADMIN}/validate", json=draft).json()
    assert found["valid"] == (field is None)
    assert [one["field"] for one in found["problems"]] == ([] if field is None else [field])


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("changed", {}, 400, None),
        ("changed", {"enabled": "perhaps"}, 400, "enabled"),
        ("changed", {"id": "other"}, 400, "id"),
        ("changed", {"rateLimit": {"rpm": 0}}, 400, "rateLimit.rpm"),
        ("none", {"enabled": False}, 404, None),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    portal: httpx.Client, path: str, body: dict[str, Any], status: int, param: str | None
) -> None:
    answer = portal.patch(f"{ADMIN}/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["param"] == param


def test_it_is_for_administrators_alone(user: httpx.Client) -> None:
    answers = [
        user.post(f"{ADMIN}/reload"),
        user.post(f"{ADMIN}/validate"),
        user.post(f"{ADMIN}/validate", json={"config": {"id": "x"}}),
        user.patch(f"{ADMIN}/changed", json={"enabled": False}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    listed = user.get("/v1/tools", params={"all": True}).json()["data"]
    assert "switched-off" not in {tool["id"] for tool in listed}
