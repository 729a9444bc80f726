"""aiportal.accounts.keys"""

import re
from datetime import UTC, datetime, timedelta

import pytest

from aiportal.accounts import Accounts, User
from aiportal.accounts import keys as module
from aiportal.errors import (
    AuthenticationFailed,
    Conflict,
    InvalidRequest,
    NotFound,
    PermissionDenied,
)
from aiportal.principal import Principal
from aiportal.store import Database

TOMORROW = datetime.now(UTC) + timedelta(days=1)


async def caller(accounts: Accounts, secret: str) -> Principal:
    return await accounts.credentials.authenticate(
        authorization=f"Bearer {secret}", api_key=None, cookie=None
    )


async def test_a_key_is_shown_once_and_stored_as_a_hash(
    accounts: Accounts, as_ann: Principal, database: Database
) -> None:
    key, secret = await accounts.keys.create(as_ann, name=" laptop ")
    assert re.fullmatch(r"ak_[0-9a-f]{64}", secret)
    assert (key.name, key.hint, key.username) == ("laptop", secret[-4:], "Ann")
    assert await accounts.keys.list(as_ann) == [key]
    assert secret not in await database.read(lambda db: "\n".join(db.conn.iterdump()))


async def test_a_key_is_worth_its_user_and_its_models(
    accounts: Accounts, as_ann: Principal
) -> None:
    key, secret = await accounts.keys.create(as_ann, name="k", models=["b/y", "a/x", "a/x"])
    principal = await caller(accounts, secret)
    assert principal == Principal(
        user_id=as_ann.user_id,
        username="Ann",
        role="user",
        key_id=key.id,
        allowed_models=frozenset({"a/x", "b/y"}),
    )


async def test_an_expired_key_is_refused(
    accounts: Accounts, as_ann: Principal, database: Database
) -> None:
    _, secret = await accounts.keys.create(as_ann, name="k", expires_at=TOMORROW)
    await caller(accounts, secret)
    accounts.credentials._cache.drop_user(as_ann.user_id)
    await database.write(
        lambda db: db.execute("UPDATE api_keys SET expires_at = '2020-01-01T00:00:00.000+00:00'")
    )
    with pytest.raises(AuthenticationFailed, match="expired"):
        await caller(accounts, secret)


async def test_a_revoked_key_stops_at_once_and_is_gone_from_the_list(
    accounts: Accounts, as_ann: Principal
) -> None:
    key, secret = await accounts.keys.create(as_ann, name="k")
    await caller(accounts, secret)
    await accounts.keys.revoke(as_ann, key.id)
    with pytest.raises(AuthenticationFailed, match="revoked"):
        await caller(accounts, secret)
    assert await accounts.keys.list(as_ann) == []
    for again in (accounts.keys.revoke, accounts.keys.rotate, accounts.keys.update):
        with pytest.raises(NotFound):
            await again(as_ann, key.id)


async def test_a_rotated_key_keeps_all_but_its_secret(
    accounts: Accounts, as_ann: Principal
) -> None:
    key, old = await accounts.keys.create(as_ann, name="k", models=["a/x"], expires_at=TOMORROW)
    await caller(accounts, old)
    rotated, new = await accounts.keys.rotate(as_ann, key.id)
    assert (rotated.id, rotated.models, rotated.hint) == (key.id, ("a/x",), new[-4:])
    assert (await caller(accounts, new)).key_id == key.id
    with pytest.raises(AuthenticationFailed):
        await caller(accounts, old)


async def test_an_update_changes_what_it_names_and_is_felt_at_once(
    accounts: Accounts, as_ann: Principal
) -> None:
    key, secret = await accounts.keys.create(as_ann, name="k", models=["a/x"])
    await caller(accounts, secret)
    renamed = await accounts.keys.update(as_ann, key.id, name="new", expires_at=TOMORROW)
    assert (renamed.name, renamed.models) == ("new", ("a/x",))
    freed = await accounts.keys.update(as_ann, key.id, models=None, expires_at=None)
    assert (freed.name, freed.models, freed.expires_at) == ("new", None, None)
    assert (await caller(accounts, secret)).may_use("b/y")


async def test_anothers_key_is_not_found_even_by_an_administrator(
    accounts: Accounts, operator: Principal, as_ann: Principal
) -> None:
    key, _ = await accounts.keys.create(operator, name="k")
    anns, _ = await accounts.keys.create(as_ann, name="k")
    for principal, other in ((as_ann, key), (operator, anns)):
        for method in (accounts.keys.update, accounts.keys.rotate, accounts.keys.revoke):
            with pytest.raises(NotFound):
                await method(principal, other.id)
    assert [k.id for k in await accounts.keys.list(as_ann)] == [anns.id]


async def test_an_administrator_makes_lists_and_revokes_others_keys_when_saying_so(
    accounts: Accounts, operator: Principal, as_ann: Principal
) -> None:
    key, secret = await accounts.keys.create(operator, name="k", username="ann")
    assert (await caller(accounts, secret)).username == "Ann"
    assert await accounts.keys.list(operator, username="ANN") == [key]
    assert await accounts.keys.list(operator) == []
    await accounts.keys.revoke(operator, key.id, any_owner=True)
    with pytest.raises(PermissionDenied):
        await accounts.keys.create(as_ann, name="k", username="admin")
    with pytest.raises(PermissionDenied):
        await accounts.keys.list(as_ann, username="admin")
    with pytest.raises(PermissionDenied):
        await accounts.keys.revoke(as_ann, key.id, any_owner=True)
    with pytest.raises(NotFound):
        await accounts.keys.create(operator, name="k", username="nobody")


async def test_keys_are_listed_newest_first_in_pages(accounts: Accounts, as_ann: Principal) -> None:
    made = [(await accounts.keys.create(as_ann, name=str(n)))[0].id for n in range(3)]
    first = await accounts.keys.list(as_ann, limit=2)
    rest = await accounts.keys.list(as_ann, limit=2, after=first[-1].id)
    assert [key.id for key in first + rest] == sorted(made, reverse=True)


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"name": " "}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "k", "models": []}, "models"),
        ({"name": "k", "models": ["a b"]}, "models"),
        ({"name": "k", "models": ["a/x"] * 101}, "models"),
        ({"name": "k", "expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at"),
        ({"name": "k", "expires_at": datetime(2999, 1, 1)}, None),  # noqa: DTZ001 - the point
        (
            {"name": "k", "expires_at": datetime.max.replace(tzinfo=TOMORROW.tzinfo)},
            "no error",
        ),
    ],
)
async def test_what_a_key_cannot_be_is_refused(
    accounts: Accounts, as_ann: Principal, arguments: dict[str, object], param: str | None
) -> None:
    if param == "no error":
        assert await accounts.keys.create(as_ann, **arguments)  # type: ignore[arg-type]  # a table
        return
    with pytest.raises(InvalidRequest) as refusal:
        await accounts.keys.create(as_ann, **arguments)  # type: ignore[arg-type]  # a table
    assert refusal.value.param == param


async def test_a_user_has_a_bounded_number_of_keys(
    accounts: Accounts, as_ann: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PER_USER", 2)
    key, _ = await accounts.keys.create(as_ann, name="1")
    await accounts.keys.create(as_ann, name="2")
    with pytest.raises(Conflict, match="2 API keys"):
        await accounts.keys.create(as_ann, name="3")
    await accounts.keys.revoke(as_ann, key.id)
    await accounts.keys.create(as_ann, name="3")


async def test_a_key_gives_nobody_more_than_it_has_itself(
    accounts: Accounts, as_ann: Principal
) -> None:
    _, secret = await accounts.keys.create(as_ann, name="k", models=["a/x"], expires_at=TOMORROW)
    free, _ = await accounts.keys.create(as_ann, name="free")
    limited = await caller(accounts, secret)
    create, keys = accounts.keys.create, accounts.keys
    with pytest.raises(PermissionDenied, match="models"):
        await create(limited, name="x", expires_at=TOMORROW)
    with pytest.raises(PermissionDenied, match="models"):
        await create(limited, name="x", models=["a/x", "b/y"], expires_at=TOMORROW)
    with pytest.raises(PermissionDenied, match="outlives"):
        await create(limited, name="x", models=["a/x"])
    with pytest.raises(PermissionDenied):
        await keys.update(limited, limited.key_id or "", models=None)
    with pytest.raises(PermissionDenied):
        await keys.rotate(limited, free.id)
    assert await create(limited, name="x", models=["a/x"], expires_at=TOMORROW)
    await keys.revoke(limited, free.id)


async def test_the_last_use_is_noted_and_written_at_most_once_a_minute(
    accounts: Accounts, as_ann: Principal, database: Database
) -> None:
    _, secret = await accounts.keys.create(as_ann, name="k")
    await accounts.keys.look_up(secret)
    (key,) = await accounts.keys.list(as_ann)
    assert key.last_used_at is None
    await accounts.keys._uses.flush()
    (key,) = await accounts.keys.list(as_ann)
    assert key.last_used_at is not None
    await accounts.keys.look_up(secret)
    assert accounts.keys._uses._keys == {}


@pytest.mark.parametrize(
    "secret", ["", "ak_", "ak_" + "g" * 64, "ak_" + "A" * 64, "AK_" + "a" * 64]
)
async def test_what_has_not_the_shape_of_a_key_is_refused(
    accounts: Accounts, ann: User, secret: str
) -> None:
    with pytest.raises(AuthenticationFailed, match="no API key"):
        await accounts.keys.look_up(secret)
