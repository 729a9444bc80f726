"""aiportal.accounts.groups"""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiportal.accounts import Accounts, User, group_rows
from aiportal.errors import Conflict, InvalidRequest, NotFound, PermissionDenied
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.accounts.conftest import Clock


async def by_key(accounts: Accounts, secret: str) -> Principal:
    return await accounts.credentials.authenticate(authorization=None, api_key=secret, cookie=None)


async def test_a_group_has_its_members_in_order(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    await accounts.users.create(operator, username="ben", password=None)
    made = await accounts.groups.create(operator, name="Staff", members=["ben", "ANN", "ben"])
    assert (made.name, made.members) == ("Staff", ("Ann", "ben"))
    assert await accounts.groups.get(operator, made.id) == made
    assert await accounts.groups.by_name(operator, "sTAFF") == made


async def test_groups_are_listed_page_by_page(accounts: Accounts, operator: Principal) -> None:
    made = [await accounts.groups.create(operator, name=name) for name in ("b", "a", "c")]
    assert await accounts.groups.list(operator) == made
    assert await accounts.groups.list(operator, limit=1, after=made[0].id) == [made[1]]


async def test_it_is_the_administrators_business(
    accounts: Accounts, operator: Principal, as_ann: Principal
) -> None:
    groups = accounts.groups
    made = await groups.create(operator, name="staff", members=["ann"])
    attempts: list[Callable[[], Awaitable[Any]]] = [
        lambda: groups.create(as_ann, name="mine"),
        lambda: groups.list(as_ann),
        lambda: groups.get(as_ann, made.id),
        lambda: groups.by_name(as_ann, "staff"),
        lambda: groups.change(as_ann, made.id, name="mine"),
        lambda: groups.delete(as_ann, made.id),
    ]
    for attempt in attempts:
        with pytest.raises(PermissionDenied):
            await attempt()
    assert await groups.own_names(as_ann) == ("staff",)
    assert await groups.list(operator) == [made]


@pytest.mark.parametrize(
    "name", ["", " ", "-a", ".a", "a b", "a/b", "a\n", "a,b", "x" * 65, "\ud800"]
)
async def test_a_name_is_ordinary(accounts: Accounts, operator: Principal, name: str) -> None:
    made = await accounts.groups.create(operator, name="ok")
    with pytest.raises(InvalidRequest, match="A group's name is"):
        await accounts.groups.create(operator, name=name)
    with pytest.raises(InvalidRequest, match="A group's name is"):
        await accounts.groups.change(operator, made.id, name=name)


async def test_a_name_is_taken_in_whatever_case_and_form(
    accounts: Accounts, operator: Principal
) -> None:
    await accounts.groups.create(operator, name="Straße")
    other = await accounts.groups.create(operator, name="other")
    for name in ("STRASSE", "straße", "ｓtrasse"):
        with pytest.raises(Conflict, match="already"):
            await accounts.groups.create(operator, name=name)
        with pytest.raises(Conflict, match="already"):
            await accounts.groups.change(operator, other.id, name=name)
    renamed = await accounts.groups.change(operator, other.id, name="OTHER")
    assert renamed.name == "OTHER"


@pytest.mark.parametrize("name", ["nobody", "x" * 65, "\ud800", ""])
async def test_members_are_users(
    accounts: Accounts, operator: Principal, ann: User, name: str
) -> None:
    with pytest.raises(InvalidRequest, match="no user") as refusal:
        await accounts.groups.create(operator, name="staff", members=["ann", name])
    assert refusal.value.param == "members"
    assert await accounts.groups.list(operator) == []
    made = await accounts.groups.create(operator, name="staff")
    with pytest.raises(InvalidRequest, match="no user"):
        await accounts.groups.change(operator, made.id, add=["ann", name])
    with pytest.raises(InvalidRequest, match="no user"):
        await accounts.groups.change(operator, made.id, remove=[name])
    assert await accounts.groups.get(operator, made.id) == made


async def test_members_come_and_go_and_twice_is_once(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    made = await accounts.groups.create(operator, name="staff", members=["admin"])
    for _ in range(2):
        changed = await accounts.groups.change(
            operator, made.id, name="crew", add=["Ann"], remove=["admin"]
        )
        assert (changed.id, changed.name, changed.members) == (made.id, "crew", ("Ann",))


@pytest.mark.parametrize(
    ("changes", "said"),
    [({}, "nothing to change"), ({"add": ["ann"], "remove": ["ANN"]}, "added and removed")],
)
async def test_a_change_that_says_nothing_or_both_is_refused(
    accounts: Accounts, operator: Principal, ann: User, changes: dict[str, Any], said: str
) -> None:
    made = await accounts.groups.create(operator, name="staff")
    with pytest.raises(InvalidRequest, match=said):
        await accounts.groups.change(operator, made.id, **changes)


async def test_an_unknown_group_is_not_found(accounts: Accounts, operator: Principal) -> None:
    with pytest.raises(NotFound):
        await accounts.groups.get(operator, "grp_0")
    with pytest.raises(NotFound):
        await accounts.groups.change(operator, "grp_0", name="a")
    with pytest.raises(NotFound):
        await accounts.groups.delete(operator, "grp_0")
    with pytest.raises(NotFound):
        await accounts.groups.by_name(operator, "\ud800")


async def test_groups_and_members_are_bounded(
    accounts: Accounts, operator: Principal, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_rows, "MAX_GROUPS", 1)
    monkeypatch.setattr(group_rows, "MAX_MEMBERS", 1)
    monkeypatch.setattr(group_rows, "MAX_NAMED", 2)
    made = await accounts.groups.create(operator, name="a", members=["ann"])
    with pytest.raises(Conflict, match="Delete some first"):
        await accounts.groups.create(operator, name="b")
    with pytest.raises(Conflict, match="at most 1 members"):
        await accounts.groups.change(operator, made.id, add=["admin"])
    with pytest.raises(InvalidRequest, match="at most 2 users"):
        await accounts.groups.change(operator, made.id, add=["a", "b", "c"])
    assert await accounts.groups.get(operator, made.id) == made


async def test_a_principal_of_each_kind_has_the_groups(
    accounts: Accounts, operator: Principal, ann: User, as_ann: Principal
) -> None:
    for name in ("Staff", "Straße"):
        await accounts.groups.create(operator, name=name, members=["ann", "admin"])
    await accounts.groups.create(operator, name="others", members=["admin"])
    _, secret = await accounts.keys.create(as_ann, name="k")
    cookie = await accounts.sessions.create(ann.id, user_agent="")
    pair = await accounts.tokens.issue(ann)
    grants = [
        await accounts.keys.look_up(secret),
        await accounts.sessions.look_up(cookie),
        await accounts.tokens.look_up(pair.access_token),
    ]
    assert [grant.principal.groups for grant in grants] == [{"staff", "strasse"}] * 3
    assert (await accounts.users.operator()).groups == {"staff", "strasse", "others"}
    assert await accounts.groups.own_names(as_ann) == ("Staff", "Straße")


async def test_every_change_is_felt_by_the_next_call(
    accounts: Accounts, operator: Principal, as_ann: Principal
) -> None:
    _, secret = await accounts.keys.create(as_ann, name="k")
    assert (await by_key(accounts, secret)).groups == frozenset()
    made = await accounts.groups.create(operator, name="staff", members=["ann"])
    assert (await by_key(accounts, secret)).groups == {"staff"}
    await accounts.groups.change(operator, made.id, name="crew")
    assert (await by_key(accounts, secret)).groups == {"crew"}
    await accounts.groups.change(operator, made.id, remove=["ann"])
    assert (await by_key(accounts, secret)).groups == frozenset()
    await accounts.groups.change(operator, made.id, add=["ann"])
    assert (await by_key(accounts, secret)).groups == {"crew"}
    await accounts.groups.delete(operator, made.id)
    assert (await by_key(accounts, secret)).groups == frozenset()


async def test_what_another_process_changes_is_felt_within_five_seconds(
    accounts: Accounts,
    other_process: Accounts,
    operator: Principal,
    as_ann: Principal,
    clock: Clock,
) -> None:
    _, secret = await accounts.keys.create(as_ann, name="k")
    made = await accounts.groups.create(operator, name="staff", members=["ann"])
    assert (await by_key(accounts, secret)).groups == {"staff"}
    await other_process.groups.change(operator, made.id, remove=["ann"])
    clock.now_s += 5.1
    assert (await by_key(accounts, secret)).groups == frozenset()


async def test_a_user_who_goes_leaves_the_groups_and_a_group_that_goes_no_members(
    accounts: Accounts, operator: Principal, as_ann: Principal, database: Database
) -> None:
    made = await accounts.groups.create(operator, name="staff", members=["ann", "admin"])
    await accounts.users.remove_own(as_ann)
    assert (await accounts.groups.get(operator, made.id)).members == ("admin",)
    await accounts.groups.delete(operator, made.id)
    assert await database.read(lambda db: db.table("user_group_members").count) == 0
