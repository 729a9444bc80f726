"""One-time links for signing in without a password."""

import secrets
from typing import Any

import sqlite_utils

from aiportal.accounts.digests import digest
from aiportal.accounts.grants import check_account, require_admin
from aiportal.accounts.sign_ins import delete_expired
from aiportal.accounts.user_rows import User, existing, find_named, user_from_row
from aiportal.errors import AuthenticationFailed, Conflict
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["SignInLinks"]

LIFE_S = 900
_REDEEM = "DELETE FROM sign_in_links WHERE token_hash = :hash RETURNING user_id, expires_at"


class SignInLinks:
    """Makes and redeems the tokens of `/login/link?token=…`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, principal: Principal, username: str) -> str:
        """A token that signs this user in once within 15 minutes; older ones stay good.

        Raises PermissionDenied, NotFound, Conflict for a disabled account.
        """
        require_admin(principal)
        token = secrets.token_urlsafe(32)

        def work(database: sqlite_utils.Database) -> None:
            user = existing(find_named(database, username))
            if user.is_disabled:
                raise Conflict(f"{user.username!r} is disabled. Enable the account first.")
            delete_expired(database)
            database.execute(
                "INSERT INTO sign_in_links VALUES (:hash, :user_id, :expires_at)",
                {
                    "hash": digest(token),
                    "user_id": user.id,
                    "expires_at": now_text(plus_s=LIFE_S),
                },
            )

        await self._database.write(work)
        return token

    async def redeem(self, token: str) -> User:
        """Use a token up. Raises AuthenticationFailed, PermissionDenied for a pending account."""
        row = await self._database.write(lambda database: _take(database, token))
        if row is None:
            raise AuthenticationFailed(
                "This sign-in link is unknown, expired or was used before. An administrator makes "
                "another with `aiportal user link NAME`."
            )
        check_account(row)
        return user_from_row(row)


def _take(database: sqlite_utils.Database, token: str) -> dict[str, Any] | None:
    taken = database.execute(_REDEEM, {"hash": digest(token)}).fetchone()
    if taken is None or taken[1] <= now_text():
        return None
    rows = list(database.query("SELECT * FROM users WHERE id = :id", {"id": taken[0]}))
    return rows[0]
