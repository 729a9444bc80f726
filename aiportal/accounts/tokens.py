"""Tokens for programs that sign in: a short-lived JWT and a refresh token that is used once.

All tokens that descend from one sign-in are a family. Its id stands in the JWT as `sid`, so that
ending the family ends its access tokens too. A refresh token that comes a second time was stolen
from someone: nobody can say from whom, so the family ends.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
import sqlite_utils

from aiportal.accounts.digests import digest
from aiportal.accounts.grants import Grant, GrantCache, check_account, grant_from
from aiportal.accounts.group_rows import GROUP_NAMES
from aiportal.accounts.sign_ins import delete_expired
from aiportal.accounts.user_rows import User, existing, find
from aiportal.errors import AuthenticationFailed
from aiportal.ids import new_id
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import now_text, to_text

__all__ = ["TokenPair", "Tokens"]

_ALGORITHM = "HS256"
_CLAIMS = ["sub", "iat", "exp", "jti", "sid", "typ"]
_INSERT = """
    INSERT INTO refresh_tokens (token_hash, family_id, user_id, created_at, expires_at)
    VALUES (:hash, :family_id, :user_id, :created_at, :expires_at)
"""
_FIND = """
    SELECT r.*, u.username, u.role, u.disabled_at
    FROM refresh_tokens r JOIN users u ON u.id = r.user_id WHERE r.token_hash = :hash
"""
_LOOK_UP = f"""
    SELECT u.id AS user_id, u.username, u.role, u.disabled_at, {GROUP_NAMES} FROM users u
    WHERE u.id = :user_id AND EXISTS
    (SELECT 1 FROM refresh_tokens r
     WHERE r.family_id = :family_id AND r.user_id = u.id AND r.revoked_at IS NULL)
"""
_END_FAMILY = """
    UPDATE refresh_tokens SET revoked_at = :now WHERE family_id = :family_id AND revoked_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """expires_in_s: how long the access token is good for."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    user: User


@dataclass(frozen=True, slots=True)
class _Access:
    """What a valid access token says."""

    user_id: str
    family_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Refresh:
    """A refresh token that has just been made."""

    secret: str
    family_id: str
    user: User


class Tokens:
    """Issues, renews and ends tokens. secret: the key that signs access tokens."""

    def __init__(
        self, database: Database, settings: Settings, *, secret: str, cache: GrantCache
    ) -> None:
        self._database = database
        self._access_ttl_s = settings.access_token_ttl_s
        self._refresh_ttl_s = max(settings.session_ttl_s, settings.access_token_ttl_s)
        self._secret = secret
        self._cache = cache

    async def issue(self, user: User) -> TokenPair:
        """Tokens of a new family, for a user whose credentials were checked."""

        def work(database: sqlite_utils.Database) -> _Refresh:
            delete_expired(database)
            return self._insert(database, new_id("fam"), user.id)

        return self._pair(await self._database.write(work))

    async def refresh(self, refresh_token: str) -> TokenPair:
        """Exchange a refresh token for a new pair.

        Raises AuthenticationFailed, also where the token was used before, which ends its family.
        """
        outcome = await self._database.write(lambda database: self._rotate(database, refresh_token))
        if isinstance(outcome, str):
            self._cache.drop_user(outcome)
            raise AuthenticationFailed(
                "This refresh token was used before. For safety that sign-in has ended: sign in again."
            )
        if outcome is None:
            raise AuthenticationFailed("The refresh token is not valid any more. Sign in again.")
        return self._pair(outcome)

    async def revoke(self, refresh_token: str) -> None:
        """End the family of a refresh token. Nothing happens if it is unknown."""

        def work(database: sqlite_utils.Database) -> str | None:
            rows = list(database.query(_FIND, {"hash": digest(refresh_token)}))
            if not rows:
                return None
            return _end_family(database, rows[0]["family_id"], rows[0]["user_id"])

        if (user_id := await self._database.write(work)) is not None:
            self._cache.drop_user(user_id)

    async def revoke_access(self, access_token: str) -> None:
        """End the family of an access token. Raises AuthenticationFailed if it is not valid."""
        access = self._decode(access_token)
        await self._database.write(
            lambda database: _end_family(database, access.family_id, access.user_id)
        )
        self._cache.drop_user(access.user_id)

    async def look_up(self, access_token: str) -> Grant:
        """What the token is worth. Raises AuthenticationFailed, PermissionDenied.

        Asks the database each time; doors go through Credentials.
        """
        access = self._decode(access_token)
        values = {"user_id": access.user_id, "family_id": access.family_id}
        rows = await self._database.read(lambda database: list(database.query(_LOOK_UP, values)))
        if not rows:
            raise AuthenticationFailed("That sign-in has ended. Sign in again.")
        return grant_from(rows[0] | {"expires_at": to_text(access.expires_at)})

    def _rotate(self, database: sqlite_utils.Database, refresh_token: str) -> _Refresh | str | None:
        """The new token; the user's id after a reuse; None for a token that is not valid.

        Outcomes and no exceptions, because an exception would undo the revocation.
        """
        rows = list(database.query(_FIND, {"hash": digest(refresh_token)}))
        if not rows or rows[0]["revoked_at"] is not None or rows[0]["expires_at"] <= now_text():
            return None
        row = rows[0]
        if row["used_at"] is not None:
            return _end_family(database, row["family_id"], row["user_id"])
        check_account(row)
        database.execute(
            "UPDATE refresh_tokens SET used_at = :now WHERE token_hash = :hash",
            {"now": now_text(), "hash": row["token_hash"]},
        )
        return self._insert(database, row["family_id"], row["user_id"])

    def _insert(self, database: sqlite_utils.Database, family_id: str, user_id: str) -> _Refresh:
        secret = f"rt_{secrets.token_hex(32)}"
        database.execute(
            _INSERT,
            {
                "hash": digest(secret),
                "family_id": family_id,
                "user_id": user_id,
                "created_at": now_text(),
                "expires_at": now_text(plus_s=self._refresh_ttl_s),
            },
        )
        return _Refresh(secret, family_id, existing(find(database, "id", user_id)))

    def _pair(self, refresh: _Refresh) -> TokenPair:
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "sub": refresh.user.id,
            "iat": now,
            "exp": now + self._access_ttl_s,
            "jti": new_id("jti"),
            "sid": refresh.family_id,
            "typ": "access",
        }
        access_token = jwt.encode(claims, self._secret, algorithm=_ALGORITHM)
        return TokenPair(access_token, refresh.secret, self._access_ttl_s, refresh.user)

    def _decode(self, access_token: str) -> _Access:
        try:
            claims: dict[str, Any] = jwt.decode(
                access_token, self._secret, algorithms=[_ALGORITHM], options={"require": _CLAIMS}
            )
        except jwt.ExpiredSignatureError as error:
            raise AuthenticationFailed(
                "The access token has expired. Renew it with the refresh token.",
                code="token_expired",
            ) from error
        except jwt.PyJWTError as error:
            raise AuthenticationFailed("The access token is not valid. Sign in again.") from error
        if claims["typ"] != "access":
            raise AuthenticationFailed("That is no access token. Sign in to get one.")
        return _Access(
            claims["sub"], str(claims["sid"]), datetime.fromtimestamp(claims["exp"], UTC)
        )


def _end_family(database: sqlite_utils.Database, family_id: str, user_id: str) -> str:
    database.execute(_END_FAMILY, {"family_id": family_id, "now": now_text()})
    return user_id
