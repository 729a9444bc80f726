"""From what a caller presents to the principal it stands for: the one entry for doors."""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

import sqlite_utils

from aiportal.accounts.attempts import Attempts
from aiportal.accounts.digests import digest
from aiportal.accounts.grants import CredentialKind, Grant, GrantCache, check_account
from aiportal.accounts.keys import ApiKeys
from aiportal.accounts.passwords import Passwords, PasswordVerdict
from aiportal.accounts.sessions import Sessions
from aiportal.accounts.tokens import Tokens
from aiportal.accounts.user_rows import User, user_from_row
from aiportal.errors import AuthenticationFailed
from aiportal.principal import Principal, fold
from aiportal.store import Database

__all__ = ["Credentials"]

MAX_SECRET_CHARS = 1024  # ours have at most 400
MAX_LOGIN_CHARS = 320
_FIND = "SELECT * FROM users WHERE username_key = :login OR email = :login"


class Credentials:
    """Authenticates every call and checks passwords."""

    def __init__(
        self,
        database: Database,
        *,
        passwords: Passwords,
        attempts: Attempts,
        cache: GrantCache,
        keys: ApiKeys,
        tokens: Tokens,
        sessions: Sessions,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._attempts = attempts
        self._cache = cache
        self._look_up: dict[CredentialKind, Callable[[str], Awaitable[Grant]]] = {
            "key": keys.look_up,
            "token": tokens.look_up,
            "session": sessions.look_up,
        }

    async def authenticate(
        self, *, authorization: str | None, api_key: str | None, cookie: str | None
    ) -> Principal:
        """The caller, from the headers `Authorization` and `X-API-Key` and the session cookie.

        The key goes first, then a bearer token, then the cookie; the first that is there has to be
        valid. Answers from memory, without suspending, for five seconds after the database was
        asked. Raises AuthenticationFailed, PermissionDenied (a pending account) and
        DatabaseUnavailable.
        """
        kind, secret = _presented(authorization, api_key, cookie)
        key = (kind, digest(secret))
        return self._cache.get(key) or await self._ask(key, secret)

    async def sign_in(self, username_or_email: str, password: str, *, address: str) -> User:
        """The user whose password this is. address: where the caller comes from.

        Raises AuthenticationFailed that says how many tries are left, RateLimited after five
        failures of the account or the address within 15 minutes, also for the right password.
        """
        login = fold(username_or_email[:MAX_LOGIN_CHARS].strip())
        rows = await self._database.read(
            lambda database: list(database.query(_FIND, {"login": login}))
        )
        row: dict[str, Any] = rows[0] if rows else {"id": f"unknown:{login}", "password_hash": None}
        account = f"account:{row['id']}"
        check = _PasswordCheck(self._passwords, row["password_hash"], password)
        outcome = await self._attempts.guard((account, f"address:{_network(address)}"), check)
        if not outcome.is_right:
            raise AuthenticationFailed(_refusal(outcome.tries_left), code="wrong_password")
        check_account(row)
        self._attempts.forgive(account)
        if check.verdict.needs_rehash:
            await self._rehash(row, password)
        return user_from_row(row)

    async def _ask(self, key: tuple[CredentialKind, bytes], secret: str) -> Principal:
        if len(secret) > MAX_SECRET_CHARS or not secret.isascii():
            raise AuthenticationFailed("The credential is malformed: none of ours looks like that.")
        generation = self._cache.generation
        grant = await self._look_up[key[0]](secret)
        self._cache.put(key, grant, generation=generation)
        return grant.principal

    async def _rehash(self, row: dict[str, Any], password: str) -> None:
        values = {
            "id": row["id"],
            "old": row["password_hash"],
            "new": await self._passwords.rehash(password),
        }

        def work(database: sqlite_utils.Database) -> None:
            database.execute(
                "UPDATE users SET password_hash = :new WHERE id = :id AND password_hash = :old",
                values,
            )

        await self._database.write(work)


class _PasswordCheck:
    """One check of a password; keeps the verdict."""

    def __init__(self, passwords: Passwords, stored: str | None, password: str) -> None:
        self._passwords = passwords
        self._stored = stored
        self._password = password
        self.verdict = PasswordVerdict(False)

    async def __call__(self) -> bool:
        self.verdict = await self._passwords.verify(self._stored, self._password)
        return self.verdict.is_right


def _presented(
    authorization: str | None, api_key: str | None, cookie: str | None
) -> tuple[CredentialKind, str]:
    if api_key is not None:
        return "key", api_key
    bearer = _bearer(authorization)
    if bearer is not None:
        return ("key" if bearer.startswith("ak_") else "token"), bearer
    if cookie:
        return "session", cookie
    raise AuthenticationFailed(
        "No credential came with the call. Send an API key as `Authorization: Bearer ak_…`, or sign in."
    )


def _bearer(authorization: str | None) -> str | None:
    """The bearer token; None for another scheme, which a proxy in front may be in need of."""
    if authorization is None:
        return None
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def _refusal(tries_left: int) -> str:
    if tries_left == 0:
        return "The name or password is wrong. Sign-in now pauses for 15 minutes."
    tries = "1 more try" if tries_left == 1 else f"{tries_left} more tries"
    return f"The name or password is wrong. {tries} before a pause of 15 minutes."


def _network(address: str) -> str:
    """The address itself; for IPv6 its /64, of which one household has 2^64."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))
