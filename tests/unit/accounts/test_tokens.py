"""aiportal.accounts.tokens"""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from pydantic import SecretStr

from aiportal.accounts import Accounts, User, open_accounts
from aiportal.errors import AuthenticationFailed, PermissionDenied
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database


def claims_of(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def signed(accounts: Accounts, claims: dict[str, object], algorithm: str = "HS256") -> str:
    return jwt.encode(claims, accounts.tokens._secret, algorithm=algorithm)


async def test_an_access_token_is_worth_its_user(
    accounts: Accounts, ann: User, settings: Settings
) -> None:
    pair = await accounts.tokens.issue(ann)
    grant = await accounts.tokens.look_up(pair.access_token)
    assert grant.principal == Principal(user_id=ann.id, username="Ann", role="user")
    assert pair.expires_in_s == settings.access_token_ttl_s
    claims = claims_of(pair.access_token)
    assert (claims["sub"], claims["typ"]) == (ann.id, "access")
    assert set(claims) == {"sub", "iat", "exp", "jti", "sid", "typ"}


async def test_a_token_of_another_algorithm_is_refused(accounts: Accounts, ann: User) -> None:
    pair = await accounts.tokens.issue(ann)
    claims = claims_of(pair.access_token)
    for algorithm in ("HS384", "HS512"):
        with pytest.raises(AuthenticationFailed):
            await accounts.tokens.look_up(signed(accounts, claims, algorithm))
    with pytest.raises(AuthenticationFailed):
        await accounts.tokens.look_up(jwt.encode(claims, "", algorithm="none"))


async def test_a_token_signed_by_somebody_else_is_refused(accounts: Accounts, ann: User) -> None:
    claims = claims_of((await accounts.tokens.issue(ann)).access_token)
    with pytest.raises(AuthenticationFailed):
        await accounts.tokens.look_up(jwt.encode(claims, "x" * 64, algorithm="HS256"))


@pytest.mark.parametrize("claim", ["sub", "iat", "exp", "jti", "sid", "typ"])
async def test_a_token_without_one_of_its_claims_is_refused(
    accounts: Accounts, ann: User, claim: str
) -> None:
    claims = claims_of((await accounts.tokens.issue(ann)).access_token)
    del claims[claim]
    with pytest.raises(AuthenticationFailed):
        await accounts.tokens.look_up(signed(accounts, claims))


async def test_a_token_of_another_type_is_refused(accounts: Accounts, ann: User) -> None:
    claims = claims_of((await accounts.tokens.issue(ann)).access_token) | {"typ": "refresh"}
    with pytest.raises(AuthenticationFailed, match="no access token"):
        await accounts.tokens.look_up(signed(accounts, claims))


async def test_an_expired_token_says_so(accounts: Accounts, ann: User) -> None:
    past = int((datetime.now(UTC) - timedelta(seconds=2)).timestamp())
    claims = claims_of((await accounts.tokens.issue(ann)).access_token) | {"exp": past}
    with pytest.raises(AuthenticationFailed, match="expired") as refusal:
        await accounts.tokens.look_up(signed(accounts, claims))
    assert refusal.value.code == "token_expired"


def nested_header() -> str:
    header = base64.urlsafe_b64encode(b"[" * 5000).rstrip(b"=").decode()
    return f"{header}.e30.e30"


def header_of(**fields: object) -> str:
    header = base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()
    return f"{header}.e30.e30"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "e30.e30.e30",
        nested_header(),
        header_of(alg=["HS256"]),
        header_of(alg={}, typ=1),
        header_of(alg="HS256", kid=7),
        header_of(alg="HS256", crit=["x"]),
    ],
)
async def test_what_is_no_token_is_refused(accounts: Accounts, token: str) -> None:
    with pytest.raises(AuthenticationFailed):
        await accounts.tokens.look_up(token)


async def test_a_refresh_token_is_exchanged_for_a_new_pair(accounts: Accounts, ann: User) -> None:
    first = await accounts.tokens.issue(ann)
    second = await accounts.tokens.refresh(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert second.user == ann
    assert claims_of(second.access_token)["sid"] == claims_of(first.access_token)["sid"]
    assert await accounts.tokens.refresh(second.refresh_token)


async def test_a_refresh_token_that_comes_twice_ends_the_whole_family(
    accounts: Accounts, ann: User
) -> None:
    stolen = await accounts.tokens.issue(ann)
    renewed = await accounts.tokens.refresh(stolen.refresh_token)
    other = await accounts.tokens.issue(ann)
    bearer = f"Bearer {renewed.access_token}"
    await accounts.credentials.authenticate(authorization=bearer, api_key=None, cookie=None)
    with pytest.raises(AuthenticationFailed, match="used before"):
        await accounts.tokens.refresh(stolen.refresh_token)
    with pytest.raises(AuthenticationFailed, match="not valid"):
        await accounts.tokens.refresh(renewed.refresh_token)
    with pytest.raises(AuthenticationFailed):
        await accounts.credentials.authenticate(authorization=bearer, api_key=None, cookie=None)
    assert await accounts.tokens.refresh(other.refresh_token)


async def test_logging_out_ends_the_access_token_too(accounts: Accounts, ann: User) -> None:
    first, second = await accounts.tokens.issue(ann), await accounts.tokens.issue(ann)
    await accounts.tokens.revoke(first.refresh_token)
    await accounts.tokens.revoke_access(second.access_token)
    await accounts.tokens.revoke("rt_unknown")
    for pair in (first, second):
        with pytest.raises(AuthenticationFailed):
            await accounts.tokens.look_up(pair.access_token)
        with pytest.raises(AuthenticationFailed):
            await accounts.tokens.refresh(pair.refresh_token)


async def test_an_expired_refresh_token_is_refused_and_swept_out(
    accounts: Accounts, ann: User, database: Database
) -> None:
    pair = await accounts.tokens.issue(ann)
    await database.write(
        lambda db: db.execute("UPDATE refresh_tokens SET expires_at = '2020-01-01T00:00:00.000'")
    )
    with pytest.raises(AuthenticationFailed):
        await accounts.tokens.refresh(pair.refresh_token)
    await accounts.tokens.issue(ann)
    assert await database.read(lambda db: db.table("refresh_tokens").count) == 1


async def test_an_account_that_waits_for_approval_is_told_so(
    accounts: Accounts, operator: Principal, ann: User
) -> None:
    await accounts.users.set_role(operator, "ann", "pending")
    pair = await accounts.tokens.issue(ann)
    with pytest.raises(PermissionDenied, match="approval"):
        await accounts.tokens.look_up(pair.access_token)
    with pytest.raises(PermissionDenied, match="approval"):
        await accounts.tokens.refresh(pair.refresh_token)


@pytest.mark.parametrize("token", ["", "rt_", "\ud800", "x" * 100_000])
async def test_what_is_no_refresh_token_is_refused(accounts: Accounts, token: str) -> None:
    with pytest.raises(AuthenticationFailed):
        await accounts.tokens.refresh(token)


async def test_portals_that_share_a_secret_take_each_others_tokens(
    database: Database, settings: Settings, accounts: Accounts, ann: User
) -> None:
    pair = await accounts.tokens.issue(ann)
    async with open_accounts(database, settings) as same_folder:
        assert await same_folder.tokens.look_up(pair.access_token)
    other = settings.model_copy(update={"jwt_secret": SecretStr("y" * 32)})
    async with open_accounts(database, other) as other_secret:
        with pytest.raises(AuthenticationFailed):
            await other_secret.tokens.look_up(pair.access_token)


def test_the_secret_is_for_the_owner_only(settings: Settings, accounts: Accounts) -> None:
    assert (settings.data_dir / "jwt_secret").stat().st_mode & 0o777 == 0o600
