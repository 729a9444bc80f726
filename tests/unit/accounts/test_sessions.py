"""aiportal.accounts.sessions, links, uses and sign_ins"""

from datetime import UTC, datetime, timedelta

import pytest

from aiportal.accounts import Accounts, User
from aiportal.accounts import sessions as module
from aiportal.accounts.uses import Uses
from aiportal.errors import AuthenticationFailed, Conflict, NotFound, PermissionDenied
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import to_text

PAST = to_text(datetime.now(UTC) - timedelta(seconds=1))


async def count(database: Database, table: str) -> int:
    return await database.read(lambda db: db.table(table).count)


async def expire(database: Database, table: str) -> None:
    await database.write(lambda db: db.execute(f"UPDATE {table} SET expires_at = ?", [PAST]))


async def test_a_session_is_worth_its_user(accounts: Accounts, ann: User) -> None:
    cookie = await accounts.sessions.create(ann.id, user_agent="Firefox")
    grant = await accounts.sessions.look_up(cookie)
    assert grant.principal == Principal(user_id=ann.id, username="Ann", role="user")


async def test_the_cookie_itself_is_not_stored(
    accounts: Accounts, ann: User, database: Database
) -> None:
    cookie = await accounts.sessions.create(ann.id, user_agent="Firefox")
    link = await accounts.links.create(await accounts.users.operator(), "ann")
    dump = await database.read(lambda db: "\n".join(db.conn.iterdump()))
    assert cookie not in dump
    assert link not in dump


async def test_an_expired_session_is_refused_and_swept_out_at_the_next_sign_in(
    accounts: Accounts, ann: User, database: Database
) -> None:
    cookie = await accounts.sessions.create(ann.id, user_agent="")
    await expire(database, "sessions")
    with pytest.raises(AuthenticationFailed):
        await accounts.sessions.look_up(cookie)
    await accounts.sessions.create(ann.id, user_agent="")
    assert await count(database, "sessions") == 1


async def test_sessions_are_listed_with_the_one_that_asks(
    accounts: Accounts, ann: User, as_ann: Principal
) -> None:
    await accounts.sessions.create(ann.id, user_agent="Firefox")
    cookie = await accounts.sessions.create(ann.id, user_agent="Safari\n" + "x" * 999)
    listed = await accounts.sessions.list(as_ann, current=cookie)
    assert {session.is_current: len(session.user_agent) for session in listed} == {
        False: len("Firefox"),
        True: 300,
    }


async def test_a_user_has_a_bounded_number_of_sessions(
    accounts: Accounts, ann: User, as_ann: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PER_USER", 2)
    for number in range(4):
        await accounts.sessions.create(ann.id, user_agent=str(number))
    assert len(await accounts.sessions.list(as_ann)) == 2


async def test_anothers_session_is_not_found(
    accounts: Accounts, operator: Principal, ann: User, as_ann: Principal
) -> None:
    await accounts.sessions.create(ann.id, user_agent="")
    (session,) = await accounts.sessions.list(as_ann)
    with pytest.raises(NotFound):
        await accounts.sessions.revoke(operator, session.id)
    await accounts.sessions.revoke(as_ann, session.id)
    with pytest.raises(NotFound):
        await accounts.sessions.revoke(as_ann, session.id)


async def test_signing_out_ends_the_session_at_once(accounts: Accounts, ann: User) -> None:
    cookie = await accounts.sessions.create(ann.id, user_agent="")
    await accounts.credentials.authenticate(authorization=None, api_key=None, cookie=cookie)
    await accounts.sessions.end(cookie)
    await accounts.sessions.end(cookie)
    with pytest.raises(AuthenticationFailed):
        await accounts.credentials.authenticate(authorization=None, api_key=None, cookie=cookie)


async def test_signing_out_everywhere_ends_tokens_too(
    accounts: Accounts, ann: User, as_ann: Principal
) -> None:
    cookie = await accounts.sessions.create(ann.id, user_agent="")
    pair = await accounts.tokens.issue(ann)
    await accounts.sessions.revoke_all(as_ann)
    with pytest.raises(AuthenticationFailed):
        await accounts.sessions.look_up(cookie)
    with pytest.raises(AuthenticationFailed):
        await accounts.tokens.look_up(pair.access_token)


async def test_a_session_in_use_lasts_longer(
    accounts: Accounts, ann: User, as_ann: Principal, database: Database, settings: Settings
) -> None:
    cookie = await accounts.sessions.create(ann.id, user_agent="")
    soon = datetime.now(UTC) + timedelta(seconds=30)
    await database.write(
        lambda db: db.execute("UPDATE sessions SET expires_at = ?", [to_text(soon)])
    )
    await accounts.sessions.look_up(cookie)
    await accounts.sessions._uses.flush()
    (session,) = await accounts.sessions.list(as_ann)
    assert session.expires_at > soon + timedelta(seconds=settings.session_ttl_s - 60)


async def test_what_was_used_last_is_written_at_the_end(
    accounts: Accounts, as_ann: Principal, database: Database, settings: Settings
) -> None:
    key, _ = await accounts.keys.create(as_ann, name="k")
    async with Uses(database, settings) as uses:
        uses.key_used(key.id)
    (stored,) = await accounts.keys.list(as_ann)
    assert stored.last_used_at is not None


async def test_a_link_signs_in_once(accounts: Accounts, operator: Principal, ann: User) -> None:
    token = await accounts.links.create(operator, "ANN")
    assert await accounts.links.redeem(token) == ann
    with pytest.raises(AuthenticationFailed, match="used before"):
        await accounts.links.redeem(token)


async def test_a_newer_link_voids_no_older_one(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    tokens = [await accounts.links.create(operator, "ann") for _ in range(3)]
    assert [await accounts.links.redeem(token) for token in tokens] == [ann, ann, ann]


async def test_a_link_lasts_fifteen_minutes(
    accounts: Accounts, operator: Principal, ann: User, database: Database
) -> None:
    token = await accounts.links.create(operator, "ann")
    expires_at = await database.read(
        lambda db: db.execute("SELECT expires_at FROM sign_in_links").fetchone()[0]
    )
    left = datetime.fromisoformat(expires_at) - datetime.now(UTC)
    assert timedelta(minutes=14, seconds=50) < left <= timedelta(minutes=15)
    await expire(database, "sign_in_links")
    with pytest.raises(AuthenticationFailed):
        await accounts.links.redeem(token)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "é", "a" * 100_000])
async def test_a_token_that_is_none_is_refused(accounts: Accounts, token: str) -> None:
    with pytest.raises(AuthenticationFailed):
        await accounts.links.redeem(token)


async def test_links_are_made_for_those_who_can_use_them(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    with pytest.raises(NotFound):
        await accounts.links.create(operator, "nobody")
    token = await accounts.links.create(operator, "ann")
    await accounts.users.disable(operator, "ann")
    with pytest.raises(Conflict, match="disabled"):
        await accounts.links.create(operator, "ann")
    with pytest.raises(AuthenticationFailed):
        await accounts.links.redeem(token)


async def test_a_link_of_an_account_that_waits_for_approval_says_so(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    await accounts.users.set_role(operator, "ann", "pending")
    token = await accounts.links.create(operator, "ann")
    with pytest.raises(PermissionDenied, match="approval"):
        await accounts.links.redeem(token)
