"""aiportal.accounts.users"""

from collections.abc import Awaitable, Callable

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from aiportal.accounts import Accounts, User, open_accounts
from aiportal.accounts.passwords import Passwords
from aiportal.errors import (
    AuthenticationFailed,
    ConfigError,
    Conflict,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
)
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database
from tests.unit.accounts.conftest import PASSWORD, Clock

NEW_PASSWORD = "Correct-h0rse"


async def test_the_first_start_makes_the_admin_and_later_ones_do_not(
    database: Database, settings: Settings
) -> None:
    async with open_accounts(database, settings) as accounts:
        made = await accounts.users.ensure_admin()
        assert made is not None
        assert (made.username, made.role) == ("admin", "admin")
        assert await accounts.users.ensure_admin() is None


async def test_the_admin_gets_the_password_of_the_settings(
    database: Database, settings: Settings
) -> None:
    given = settings.model_copy(update={"admin_password": SecretStr(PASSWORD)})
    async with open_accounts(database, given) as accounts:
        await accounts.users.ensure_admin()
        assert await accounts.credentials.sign_in("admin", PASSWORD, address="here")


async def test_a_weak_admin_password_stops_the_start_and_names_the_setting(
    database: Database, settings: Settings
) -> None:
    given = settings.model_copy(update={"admin_password": SecretStr("admin")})
    async with open_accounts(database, given) as accounts:
        with pytest.raises(ConfigError, match=r"AIPORTAL_ADMIN_PASSWORD: .*too weak"):
            await accounts.users.ensure_admin()


async def test_the_operator_is_the_admin_even_if_that_account_is_shut(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    await accounts.users.set_role(operator, "ann", "admin")
    await accounts.users.disable(operator, "admin")
    assert (await accounts.users.operator()).is_admin


async def test_there_is_no_operator_before_the_first_start(
    database: Database, settings: Settings
) -> None:
    async with open_accounts(database, settings) as accounts:
        with pytest.raises(ConfigError, match="no user `admin`"):
            await accounts.users.operator()


async def test_user_names_differ_in_more_than_case(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    for taken in ("ann", "ANN", "Ａｎｎ"):
        with pytest.raises(Conflict, match="is taken"):
            await accounts.users.create(operator, username=taken, password=None)


async def test_an_email_belongs_to_one_account(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    with pytest.raises(Conflict, match="email"):
        await accounts.users.create(
            operator, username="bob", password=None, email="ann@example.org"
        )


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "ann@example.org", "-rf", ".ssh", "a" * 65, "é\n"]
)
async def test_a_user_name_that_cannot_be_one_is_refused(
    accounts: Accounts, operator: Principal, name: str
) -> None:
    with pytest.raises(InvalidRequest, match="user name"):
        await accounts.users.create(operator, username=name, password=None)


@pytest.mark.parametrize("name", ["mei.tanaka", "müller", "ユーザー", "a_b-c", "7"])
async def test_user_names_of_all_scripts_are_possible(
    accounts: Accounts, operator: Principal, name: str
) -> None:
    await accounts.users.create(operator, username=name, password=None)
    assert (await accounts.users.by_username(operator, name.upper())).username == name


@pytest.mark.parametrize("email", ["", "ann", "ann@", "@b", "a b@c", "a@b@c", "a@" + "b" * 200])
async def test_an_email_that_cannot_be_one_is_refused(
    accounts: Accounts, operator: Principal, email: str
) -> None:
    with pytest.raises(InvalidRequest, match="email"):
        await accounts.users.create(operator, username="bob", password=None, email=email)


async def test_accounts_are_listed_in_pages(accounts: Accounts, operator: Principal) -> None:
    for name in ("b", "c", "d"):
        await accounts.users.create(operator, username=name, password=None)
    first = await accounts.users.list(operator, limit=3)
    rest = await accounts.users.list(operator, limit=3, after=first[-1].id)
    assert len(first) == 3
    assert sorted(user.username for user in first + rest) == ["admin", "b", "c", "d"]


async def test_a_plain_user_sees_nobody_else_and_manages_nobody(
    accounts: Accounts, operator: Principal, as_ann: Principal
) -> None:
    users = accounts.users
    assert (await users.get(as_ann, as_ann.user_id)).username == "Ann"
    with pytest.raises(NotFound):
        await users.get(as_ann, operator.user_id)
    with pytest.raises(NotFound):
        await users.by_username(as_ann, "admin")
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: users.list(as_ann),
        lambda: users.create(as_ann, username="bob", password=None),
        lambda: users.set_role(as_ann, "ann", "admin"),
        lambda: users.set_password(as_ann, "admin", NEW_PASSWORD),
        lambda: users.disable(as_ann, "admin"),
        lambda: users.enable(as_ann, "ann"),
        lambda: accounts.links.create(as_ann, "admin"),
    ]
    for call in calls:
        with pytest.raises(PermissionDenied):
            await call()


async def test_the_last_administrator_stays_one(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    with pytest.raises(Conflict, match="last administrator"):
        await accounts.users.disable(operator, "admin")
    with pytest.raises(Conflict, match="last administrator"):
        await accounts.users.set_role(operator, "admin", "user")
    await accounts.users.set_role(operator, "ann", "admin")
    await accounts.users.disable(operator, "ann")
    with pytest.raises(Conflict, match="last administrator"):
        await accounts.users.disable(operator, "admin")
    await accounts.users.enable(operator, "ann")
    assert (await accounts.users.set_role(operator, "admin", "user")).role == "user"


@pytest.mark.parametrize("change", ["disable", "set_role", "set_password"])
async def test_a_change_of_rights_ends_every_sign_in_at_once(
    accounts: Accounts, operator: Principal, ann: User, change: str
) -> None:
    cookie = await accounts.sessions.create(ann.id, user_agent="")
    pair = await accounts.tokens.issue(ann)
    link = await accounts.links.create(operator, "ann")
    bearer = f"Bearer {pair.access_token}"
    authenticate = accounts.credentials.authenticate
    await authenticate(authorization=bearer, api_key=None, cookie=None)
    await authenticate(authorization=None, api_key=None, cookie=cookie)
    match change:
        case "disable":
            await accounts.users.disable(operator, "ann")
        case "set_role":
            await accounts.users.set_role(operator, "ann", "admin")
        case _:
            await accounts.users.set_password(operator, "ann", NEW_PASSWORD)
    with pytest.raises(AuthenticationFailed):
        await authenticate(authorization=bearer, api_key=None, cookie=None)
    with pytest.raises(AuthenticationFailed):
        await authenticate(authorization=None, api_key=None, cookie=cookie)
    with pytest.raises(AuthenticationFailed):
        await accounts.tokens.refresh(pair.refresh_token)
    with pytest.raises(AuthenticationFailed):
        await accounts.links.redeem(link)


async def test_a_disabled_users_keys_rest_until_the_account_is_enabled(
    accounts: Accounts, operator: Principal, as_ann: Principal
) -> None:
    _, key = await accounts.keys.create(as_ann, name="k")
    await accounts.credentials.authenticate(authorization=None, api_key=key, cookie=None)
    assert (await accounts.users.disable(operator, "ann")).is_disabled
    with pytest.raises(AuthenticationFailed, match="disabled"):
        await accounts.credentials.authenticate(authorization=None, api_key=key, cookie=None)
    await accounts.users.enable(operator, "ann")
    assert await accounts.credentials.authenticate(authorization=None, api_key=key, cookie=None)


async def test_ones_own_password_takes_the_current_one_to_change(
    accounts: Accounts, as_ann: Principal
) -> None:
    for wrong in ("guess", "", None):
        with pytest.raises(InvalidRequest, match="current password is wrong"):
            await accounts.users.change_own_password(as_ann, current=wrong, new=NEW_PASSWORD)
    await accounts.users.change_own_password(as_ann, current=PASSWORD, new=NEW_PASSWORD)
    assert await accounts.credentials.sign_in("ann", NEW_PASSWORD, address="here")
    with pytest.raises(AuthenticationFailed):
        await accounts.credentials.sign_in("ann", PASSWORD, address="here")


async def test_ones_own_password_cannot_be_guessed_either(
    accounts: Accounts, as_ann: Principal, clock: Clock
) -> None:
    for _ in range(5):
        with pytest.raises(InvalidRequest):
            await accounts.users.change_own_password(as_ann, current="guess", new=NEW_PASSWORD)
    with pytest.raises(RateLimited):
        await accounts.users.change_own_password(as_ann, current=PASSWORD, new=NEW_PASSWORD)


async def test_who_came_by_a_link_sets_a_first_password_without_another(
    accounts: Accounts, operator: Principal
) -> None:
    await accounts.users.change_own_password(operator, current=None, new=NEW_PASSWORD)
    assert await accounts.credentials.sign_in("admin", NEW_PASSWORD, address="here")


async def test_an_api_key_does_not_change_the_password(
    accounts: Accounts, as_ann: Principal
) -> None:
    by_key = Principal(user_id=as_ann.user_id, username="Ann", role="user", key_id="key_1")
    with pytest.raises(PermissionDenied, match="API key"):
        await accounts.users.change_own_password(by_key, current=PASSWORD, new=NEW_PASSWORD)


async def test_one_changes_ones_own_name_and_email(accounts: Accounts, as_ann: Principal) -> None:
    assert (await accounts.users.update_own(as_ann, name=" Ann B. ")).name == "Ann B."
    changed = await accounts.users.update_own(as_ann, email="B@Example.org")
    assert (changed.name, changed.email) == ("Ann B.", "b@example.org")
    assert (await accounts.users.update_own(as_ann, email=None)).email is None
    assert (await accounts.users.update_own(as_ann)).name == "Ann B."


async def test_ones_own_email_is_kept_but_anothers_is_not_taken(
    accounts: Accounts, operator: Principal, as_ann: Principal
) -> None:
    assert await accounts.users.update_own(as_ann, email="ann@example.org")
    with pytest.raises(Conflict):
        await accounts.users.update_own(operator, email="ann@example.org")


async def test_a_password_kept_with_old_parameters_is_hashed_anew_at_sign_in(
    accounts: Accounts, ann: User, database: Database, passwords: Passwords
) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    await database.write(lambda db: db.table("users").update(ann.id, {"password_hash": old}))
    await accounts.credentials.sign_in("ann", PASSWORD, address="here")
    stored = await database.read(lambda db: db.table("users").get(ann.id)["password_hash"])
    assert stored != old
    assert not (await passwords.verify(stored, PASSWORD)).needs_rehash
