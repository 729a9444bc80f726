"""/api/admin/groups over HTTP: for administrators alone."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.loopback import NO_TLS
from tests.running import PortalProcess, make_key_of_new_user

GROUPS = "/api/admin/groups"


@pytest.fixture(scope="module")
def user(process: PortalProcess) -> Iterator[httpx.Client]:
    key = asyncio.run(make_key_of_new_user(process.settings, "grouped"))
    with httpx.Client(
        verify=NO_TLS, base_url=process.url, headers={"X-API-Key": key}, timeout=30
    ) as client:
        yield client


@pytest.fixture
def staff(portal: httpx.Client, user: httpx.Client) -> Iterator[str]:
    """The id of a group of one."""
    made = portal.post(GROUPS, json={"name": "Staff", "members": ["grouped"]})
    assert made.status_code == 201, made.text
    yield made.json()["id"]
    portal.delete(f"{GROUPS}/{made.json()['id']}")


def error(answer: httpx.Response) -> tuple[int, str, str | None]:
    found = answer.json()["error"]
    return answer.status_code, found["code"], found["param"]


def test_a_group_is_made_changed_and_removed(portal: httpx.Client, user: httpx.Client) -> None:
    made = portal.post(GROUPS, json={"name": "crew"}).json()
    assert (made["object"], made["name"], made["members"]) == ("group", "crew", [])
    one = f"{GROUPS}/{made['id']}"
    assert portal.get(one).json() == made
    changed = portal.patch(one, json={"name": "Crew", "add": ["GROUPED", "admin"]}).json()
    assert changed == made | {"name": "Crew", "members": ["admin", "grouped"]}
    assert portal.patch(one, json={"remove": ["admin"]}).json()["members"] == ["grouped"]
    gone = portal.delete(one)
    assert gone.json() == {"id": made["id"], "object": "group.deleted", "deleted": True}
    assert error(portal.get(one)) == (404, "not_found", None)


def test_groups_are_listed_page_by_page(portal: httpx.Client, staff: str) -> None:
    other = portal.post(GROUPS, json={"name": "other"}).json()["id"]
    first = portal.get(GROUPS, params={"limit": 1}).json()
    assert ([one["id"] for one in first["data"]], first["has_more"]) == ([staff], True)
    rest = portal.get(GROUPS, params={"after": staff}).json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == ([other], False)
    portal.delete(f"{GROUPS}/{other}")


def test_it_is_for_administrators_alone(user: httpx.Client, staff: str) -> None:
    answers = [
        user.get(GROUPS),
        user.post(GROUPS, json={"name": "mine"}),
        user.get(f"{GROUPS}/{staff}"),
        user.patch(f"{GROUPS}/{staff}", json={"remove": ["grouped"]}),
        user.delete(f"{GROUPS}/{staff}"),
        user.get(f"{GROUPS}/none"),
    ]
    assert [error(answer) for answer in answers] == [(403, "permission_denied", None)] * 6


def test_an_unknown_group_is_404(portal: httpx.Client) -> None:
    answers = [
        portal.get(f"{GROUPS}/none"),
        portal.patch(f"{GROUPS}/none", json={"name": "a"}),
        portal.delete(f"{GROUPS}/none"),
    ]
    assert [error(answer) for answer in answers] == [(404, "not_found", None)] * 3


def test_a_name_that_is_taken_is_409(portal: httpx.Client, staff: str) -> None:
    assert error(portal.post(GROUPS, json={"name": "STAFF"})) == (409, "conflict", "name")
    other = portal.post(GROUPS, json={"name": "other"}).json()["id"]
    renamed = portal.patch(f"{GROUPS}/{other}", json={"name": "staff"})
    assert error(renamed) == (409, "conflict", "name")
    portal.delete(f"{GROUPS}/{other}")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "two words"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": 5}, "name"),
        ({"name": "a", "members": ["nobody-of-this-name"]}, "members"),
        ({"name": "a", "members": "grouped"}, "members"),
        ({"name": "a", "members": ["grouped"] * 1_001}, "members"),
        ({"name": "a", "users": []}, "users"),
    ],
)
def test_bad_input_is_refused(portal: httpx.Client, body: dict[str, Any], param: str) -> None:
    answer = portal.post(GROUPS, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, None),
        ({"name": "-"}, "name"),
        ({"add": ["nobody-of-this-name"]}, "add"),
        ({"remove": ["nobody-of-this-name"]}, "remove"),
        ({"add": ["grouped"], "remove": ["grouped"]}, "remove"),
        ({"members": []}, "members"),
    ],
)
def test_a_bad_change_is_refused(
    portal: httpx.Client, staff: str, body: dict[str, Any], param: str | None
) -> None:
    answer = portal.patch(f"{GROUPS}/{staff}", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert portal.get(f"{GROUPS}/{staff}").json()["members"] == ["grouped"]
