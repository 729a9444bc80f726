"""aiportal.accounts.credentials and grants"""

import inspect
import sqlite3

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from aiportal.accounts import Accounts, User, open_accounts
from aiportal.accounts import grants as module
from aiportal.accounts.grants import Grant, GrantCache
from aiportal.errors import (
    AuthenticationFailed,
    DatabaseUnavailable,
    PermissionDenied,
    PortalError,
    RateLimited,
)
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database
from tests.unit.accounts.conftest import PASSWORD, Clock

ANYBODY = Principal(user_id="usr_1", username="u", role="user")


async def by_key(accounts: Accounts, secret: str) -> Principal:
    return await accounts.credentials.authenticate(authorization=None, api_key=secret, cookie=None)


async def tries(accounts: Accounts, name: str, password: str, *, times: int = 1) -> list[str]:
    messages = []
    for _ in range(times):
        with pytest.raises(PortalError) as refusal:
            await accounts.credentials.sign_in(name, password, address="203.0.113.7")
        messages.append(refusal.value.message)
    return messages


async def test_a_call_without_a_credential_is_told_how_to_bring_one(accounts: Accounts) -> None:
    for authorization in (None, "Basic YWRtaW46eA==", "ak_0", ""):
        with pytest.raises(AuthenticationFailed, match="Bearer ak_"):
            await accounts.credentials.authenticate(
                authorization=authorization, api_key=None, cookie=None
            )


async def test_the_scheme_is_read_in_any_case(accounts: Accounts, as_ann: Principal) -> None:
    _, secret = await accounts.keys.create(as_ann, name="k")
    for scheme in ("Bearer", "bearer", "BEARER "):
        principal = await accounts.credentials.authenticate(
            authorization=f"{scheme} {secret}", api_key=None, cookie=None
        )
        assert principal.user_id == as_ann.user_id


async def test_a_bad_key_is_not_made_good_by_a_cookie(accounts: Accounts, ann: User) -> None:
    cookie = await accounts.sessions.create(ann.id, user_agent="")
    with pytest.raises(AuthenticationFailed):
        await accounts.credentials.authenticate(
            authorization=None, api_key="ak_" + "0" * 64, cookie=cookie
        )
    with pytest.raises(AuthenticationFailed):
        await accounts.credentials.authenticate(
            authorization="Bearer x", api_key=None, cookie=cookie
        )


async def test_one_kind_of_credential_does_not_pass_as_another(
    accounts: Accounts, ann: User, as_ann: Principal
) -> None:
    cookie = await accounts.sessions.create(ann.id, user_agent="")
    _, key = await accounts.keys.create(as_ann, name="k")
    await by_key(accounts, key)
    authenticate = accounts.credentials.authenticate
    await authenticate(authorization=None, api_key=None, cookie=cookie)
    with pytest.raises(AuthenticationFailed):
        await authenticate(authorization=None, api_key=None, cookie=key)
    with pytest.raises(AuthenticationFailed):
        await authenticate(authorization=f"Bearer {cookie}", api_key=None, cookie=None)


@pytest.mark.parametrize(
    "junk", ["", " ", "\x00", "é" * 10, "\ud800", "ak_" + "é" * 64, "a" * 70_000, "ak_" * 30_000]
)
async def test_a_malformed_credential_is_refused_and_nothing_else(
    accounts: Accounts, junk: str
) -> None:
    for authorization, api_key, cookie in (
        (junk, None, None),
        (f"Bearer {junk}", None, None),
        (None, junk, None),
        (None, None, junk),
    ):
        with pytest.raises(AuthenticationFailed):
            await accounts.credentials.authenticate(
                authorization=authorization, api_key=api_key, cookie=cookie
            )


@given(text=st.text(max_size=60), scheme=st.sampled_from(["", "Bearer ", "bearer ak_", "Basic "]))
@effort(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_no_text_in_a_header_breaks_authentication(
    accounts: Accounts, text: str, scheme: str
) -> None:
    for headers in (
        {"authorization": scheme + text, "api_key": None, "cookie": None},
        {"authorization": None, "api_key": text, "cookie": None},
        {"authorization": None, "api_key": None, "cookie": text},
    ):
        with pytest.raises(AuthenticationFailed):
            await accounts.credentials.authenticate(**headers)


async def test_a_known_credential_is_answered_without_suspending(
    accounts: Accounts, as_ann: Principal
) -> None:
    _, secret = await accounts.keys.create(as_ann, name="k")
    await by_key(accounts, secret)
    call = by_key(accounts, secret)
    with pytest.raises(StopIteration) as answer:
        call.send(None)
    assert answer.value.value.user_id == as_ann.user_id
    assert inspect.getcoroutinestate(call) == inspect.CORO_CLOSED


async def test_what_another_process_revokes_is_felt_within_five_seconds(
    accounts: Accounts, other_process: Accounts, as_ann: Principal, clock: Clock
) -> None:
    key, secret = await accounts.keys.create(as_ann, name="k")
    await by_key(accounts, secret)
    await other_process.keys.revoke(as_ann, key.id)
    clock.now_s += 4.9
    assert await by_key(accounts, secret)
    clock.now_s += 0.1
    with pytest.raises(AuthenticationFailed):
        await by_key(accounts, secret)


async def test_a_role_that_another_process_changes_is_felt_too(
    accounts: Accounts,
    other_process: Accounts,
    operator: Principal,
    as_ann: Principal,
    clock: Clock,
) -> None:
    _, secret = await accounts.keys.create(as_ann, name="k")
    assert not (await by_key(accounts, secret)).is_admin
    await other_process.users.set_role(operator, "ann", "admin")
    clock.now_s += 5
    assert (await by_key(accounts, secret)).is_admin


def test_a_grant_read_before_a_revocation_is_not_kept(clock: Clock) -> None:
    cache = GrantCache(clock)
    generation = cache.generation
    cache.drop_user(ANYBODY.user_id)
    cache.put(("key", b"x"), Grant(ANYBODY, None), generation=generation)
    assert cache.get(("key", b"x")) is None


def test_dropping_one_user_leaves_the_others(clock: Clock) -> None:
    cache = GrantCache(clock)
    other = Principal(user_id="usr_2", username="v", role="user")
    for name, principal in ((b"x", ANYBODY), (b"y", other)):
        cache.put(("key", name), Grant(principal, None), generation=cache.generation)
    cache.drop_user(ANYBODY.user_id)
    assert cache.get(("key", b"x")) is None
    assert cache.get(("key", b"y")) == other


def test_the_cache_forgets_the_oldest_when_it_is_full(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 2)
    cache = GrantCache(clock)
    for name in (b"a", b"b", b"c"):
        cache.put(("key", name), Grant(ANYBODY, None), generation=0)
    assert [cache.get(("key", name)) for name in (b"a", b"b", b"c")] == [None, ANYBODY, ANYBODY]


async def test_a_right_name_or_email_and_password_sign_in(accounts: Accounts, ann: User) -> None:
    for name in ("Ann", "ann", " ANN ", "ann@example.org", "ANN@example.ORG"):
        assert await accounts.credentials.sign_in(name, PASSWORD, address="::1") == ann


async def test_a_wrong_password_says_how_many_tries_are_left(accounts: Accounts, ann: User) -> None:
    first, _, _, fourth, fifth, sixth = await tries(accounts, "ann", "wrong", times=6)
    start = "The name or password is wrong. "
    assert first == start + "4 more tries before a pause of 15 minutes."
    assert fourth == start + "1 more try before a pause of 15 minutes."
    assert fifth == start + "Sign-in now pauses for 15 minutes."
    assert "Try again in 15 minutes" in sixth


async def test_a_stranger_cannot_tell_who_has_an_account(accounts: Accounts, ann: User) -> None:
    known = await tries(accounts, "ann", "wrong", times=2)
    elsewhere = accounts.credentials.sign_in
    unknown = []
    for _ in range(2):
        with pytest.raises(AuthenticationFailed) as refusal:
            await elsewhere("nobody", "wrong", address="198.51.100.1")
        unknown.append(refusal.value.message)
    assert known == unknown


async def test_five_failures_shut_the_account_for_everybody(accounts: Accounts, ann: User) -> None:
    for number in range(5):
        name = "ann" if number % 2 else "ann@example.org"
        with pytest.raises(AuthenticationFailed):
            await accounts.credentials.sign_in(name, "wrong", address=f"203.0.113.{number}")
    with pytest.raises(RateLimited):
        await accounts.credentials.sign_in("ann", PASSWORD, address="198.51.100.9")


async def test_five_failures_shut_the_address_for_all_accounts(
    accounts: Accounts, ann: User
) -> None:
    for number in range(5):
        with pytest.raises(AuthenticationFailed):
            await accounts.credentials.sign_in(f"u{number}", "x", address=f"2001:db8::{number}")
    with pytest.raises(RateLimited):
        await accounts.credentials.sign_in("ann", PASSWORD, address="2001:db8::ffff")
    assert await accounts.credentials.sign_in("ann", PASSWORD, address="2001:db8:0:1::1")


async def test_a_success_clears_the_account_but_not_the_address(
    accounts: Accounts, ann: User, operator: Principal
) -> None:
    await tries(accounts, "ann", "wrong", times=4)
    assert await accounts.credentials.sign_in("ann", PASSWORD, address="203.0.113.7")
    with pytest.raises(AuthenticationFailed, match="4 more tries"):
        await accounts.credentials.sign_in("ann", "wrong", address="198.51.100.9")
    assert await tries(accounts, "bob", "wrong", times=1) == [
        "The name or password is wrong. Sign-in now pauses for 15 minutes."
    ]


async def test_the_right_password_of_a_shut_account_is_told_why(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    await accounts.users.set_role(operator, "ann", "pending")
    with pytest.raises(PermissionDenied, match="approval"):
        await accounts.credentials.sign_in("ann", PASSWORD, address="::1")
    await accounts.users.disable(operator, "ann")
    with pytest.raises(AuthenticationFailed, match="disabled"):
        await accounts.credentials.sign_in("ann", PASSWORD, address="::1")
    with pytest.raises(AuthenticationFailed, match="name or password is wrong"):
        await accounts.credentials.sign_in("ann", "wrong", address="::1")


@pytest.mark.parametrize("name", ["", "\x00", "\ud800", "a" * 100_000, "' OR 1=1 --"])
async def test_no_name_breaks_signing_in(accounts: Accounts, name: str) -> None:
    with pytest.raises(AuthenticationFailed):
        await accounts.credentials.sign_in(name, "x", address="?")


async def test_an_account_without_a_password_has_no_password(accounts: Accounts) -> None:
    for guess in ("", "None", "nobody's password"):
        with pytest.raises(AuthenticationFailed):
            await accounts.credentials.sign_in("admin", guess, address="::1")


async def test_a_database_that_is_away_is_503_and_never_401(
    database: Database, accounts: Accounts, ann: User, as_ann: Principal
) -> None:
    _, secret = await accounts.keys.create(as_ann, name="k")
    cookie = await accounts.sessions.create(ann.id, user_agent="")
    pair = await accounts.tokens.issue(ann)
    await database.write(lambda db: db.execute("ALTER TABLE users RENAME TO gone"))
    for authorization, cookie_sent in (
        (f"Bearer {secret}", None),
        (f"Bearer {pair.access_token}", None),
        (None, cookie),
    ):
        with pytest.raises(DatabaseUnavailable):
            await accounts.credentials.authenticate(
                authorization=authorization, api_key=None, cookie=cookie_sent
            )
    with pytest.raises(DatabaseUnavailable):
        await accounts.credentials.sign_in("ann", PASSWORD, address="::1")


async def test_sign_in_works_while_the_database_is_locked_for_writing(
    settings: Settings, accounts: Accounts, ann: User
) -> None:
    blocker = sqlite3.connect(settings.database_path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        assert await accounts.credentials.sign_in("ann", PASSWORD, address="::1") == ann
    finally:
        blocker.close()


async def test_two_portals_live_in_one_process_apart(
    database: Database, settings: Settings, accounts: Accounts, ann: User
) -> None:
    await tries(accounts, "ann", "wrong", times=5)
    async with open_accounts(database, settings) as other:
        assert await other.credentials.sign_in("ann", PASSWORD, address="203.0.113.7")
