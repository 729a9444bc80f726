"""API keys: `ak_` and 64 hex digits, shown once, stored as SHA-256."""

import re
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlite_utils

from aiportal.accounts.changes import KEEP, Keep
from aiportal.accounts.digests import digest
from aiportal.accounts.grants import Grant, GrantCache, grant_from, require_admin
from aiportal.accounts.group_rows import GROUP_NAMES
from aiportal.accounts.key_rows import (
    ApiKey,
    check_reach,
    checked_expiry,
    checked_key_name,
    checked_models,
    find_key,
    key_from_row,
    models_from_text,
)
from aiportal.accounts.user_rows import existing, find_named
from aiportal.accounts.uses import INTERVAL_S, Uses
from aiportal.errors import AuthenticationFailed, Conflict
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import from_text, now_text

__all__ = ["ApiKey", "ApiKeys"]

MAX_PER_USER = 1000
MAX_PAGE = 1000
_SHAPE = re.compile(r"ak_[0-9a-f]{64}")
_LOOK_UP = f"""
    SELECT k.id, k.models, k.expires_at, k.last_used_at, k.user_id,
           u.username, u.role, u.disabled_at, {GROUP_NAMES}
    FROM api_keys k JOIN users u ON u.id = k.user_id
    WHERE k.key_hash = :hash AND k.revoked_at IS NULL
"""
_LIST = """
    SELECT k.*, u.username FROM api_keys k JOIN users u ON u.id = k.user_id
    WHERE k.revoked_at IS NULL AND k.user_id = :user_id
      AND (:after IS NULL OR k.id < :after)
    ORDER BY k.id DESC LIMIT :limit
"""
_INSERT = """
    INSERT INTO api_keys (id, key_hash, hint, user_id, name, models, created_at, expires_at)
    VALUES (:id, :key_hash, :hint, :user_id, :name, :models, :created_at, :expires_at)
"""
_UPDATE = """
    UPDATE api_keys SET key_hash = :key_hash, hint = :hint, name = :name, models = :models,
                        expires_at = :expires_at, revoked_at = :revoked_at
    WHERE id = :id
"""


class ApiKeys:
    """Makes, lists, changes and revokes keys."""

    def __init__(self, database: Database, *, cache: GrantCache, uses: Uses) -> None:
        self._database = database
        self._cache = cache
        self._uses = uses

    async def create(
        self,
        principal: Principal,
        *,
        name: str,
        username: str | None = None,
        expires_at: datetime | None = None,
        models: Sequence[str] | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; returns it and its secret, which cannot be had again.

        username: for another user, administrators only. models: ids it is limited to. Raises
        InvalidRequest, PermissionDenied, NotFound (the user), Conflict (too many keys).
        """
        if username is not None:
            require_admin(principal)
        secret, row = _new_secret()
        row |= {
            "id": new_id("key"),
            "name": checked_key_name(name),
            "models": checked_models(models),
            "expires_at": checked_expiry(expires_at),
            "created_at": now_text(),
        }
        key = await self._database.write(
            lambda database: _insert(database, principal, row, username)
        )
        return key, secret

    async def list(
        self,
        principal: Principal,
        *,
        limit: int = 100,
        after: str | None = None,
        username: str | None = None,
    ) -> list[ApiKey]:
        """The keys that are not revoked, newest first, those made before the id `after`.

        username: of another user, administrators only. Raises PermissionDenied, NotFound.
        """
        if username is not None:
            require_admin(principal)
        most = max(1, min(limit, MAX_PAGE))

        def work(database: sqlite_utils.Database) -> list[ApiKey]:
            user_id = _owner_id(database, principal, username)
            values = {"user_id": user_id, "after": after, "limit": most}
            return [key_from_row(row) for row in database.query(_LIST, values)]

        return await self._database.read(work)

    async def update(
        self,
        principal: Principal,
        key_id: str,
        *,
        name: str | Keep = KEEP,
        expires_at: datetime | Keep | None = KEEP,
        models: Sequence[str] | Keep | None = KEEP,
    ) -> ApiKey:
        """Change a key of one's own. Raises InvalidRequest, NotFound, PermissionDenied."""
        changes: dict[str, str | None] = {}
        if name is not KEEP:
            changes["name"] = checked_key_name(name)
        if expires_at is not KEEP:
            changes["expires_at"] = checked_expiry(expires_at)
        if models is not KEEP:
            changes["models"] = checked_models(models)
        return await self._change(principal, key_id, lambda row: row | changes)

    async def rotate(self, principal: Principal, key_id: str) -> tuple[ApiKey, str]:
        """Give a key of one's own another secret; the old one stops at once. Raises NotFound."""
        secret, changes = _new_secret()
        key = await self._change(principal, key_id, lambda row: row | changes)
        return key, secret

    async def revoke(self, principal: Principal, key_id: str, *, any_owner: bool = False) -> None:
        """End a key for good. Raises NotFound, also for another's.

        any_owner: others' keys too, administrators only.
        """
        if any_owner:
            require_admin(principal)
        await self._change(
            principal, key_id, lambda row: row | {"revoked_at": now_text()}, any_owner=any_owner
        )

    async def look_up(self, secret: str) -> Grant:
        """What the key is worth. Raises AuthenticationFailed, PermissionDenied.

        Asks the database each time; doors go through Credentials.
        """
        if not _SHAPE.fullmatch(secret):
            raise AuthenticationFailed("That is no API key: one is `ak_` and 64 hex digits.")
        rows = await self._database.read(
            lambda database: list(database.query(_LOOK_UP, {"hash": digest(secret)}))
        )
        if not rows:
            raise AuthenticationFailed(
                "The API key is unknown or revoked. Make one on this portal and use that."
            )
        row = rows[0]
        grant = grant_from(row, key_id=row["id"], allowed_models=models_from_text(row["models"]))
        if _is_note_due(row["last_used_at"]):
            self._uses.key_used(row["id"])
        return grant

    async def _change(
        self,
        principal: Principal,
        key_id: str,
        change: Callable[[dict[str, Any]], dict[str, Any]],
        *,
        any_owner: bool = False,
    ) -> ApiKey:
        def work(database: sqlite_utils.Database) -> ApiKey:
            row = change(find_key(database, principal, key_id, any_owner=any_owner))
            if row["revoked_at"] is None:
                check_reach(database, principal, models=row["models"], expires_at=row["expires_at"])
            database.execute(_UPDATE, row)
            return key_from_row(row)

        key = await self._database.write(work)
        self._cache.drop_user(key.user_id)
        return key


def _new_secret() -> tuple[str, dict[str, Any]]:
    secret = f"ak_{secrets.token_hex(32)}"
    return secret, {"key_hash": digest(secret), "hint": secret[-4:]}


def _insert(
    database: sqlite_utils.Database,
    principal: Principal,
    row: dict[str, Any],
    username: str | None,
) -> ApiKey:
    user_id = _owner_id(database, principal, username)
    check_reach(database, principal, models=row["models"], expires_at=row["expires_at"])
    held = database.execute(
        "SELECT count(*) FROM api_keys WHERE user_id = :user_id AND revoked_at IS NULL",
        {"user_id": user_id},
    ).fetchone()[0]
    if held >= MAX_PER_USER:
        raise Conflict(f"There are {held:,} API keys already. Revoke some first.")
    database.execute(_INSERT, row | {"user_id": user_id})
    return key_from_row(find_key(database, principal, row["id"], any_owner=True))


def _owner_id(database: sqlite_utils.Database, principal: Principal, username: str | None) -> str:
    if username is None:
        return principal.user_id
    return existing(find_named(database, username)).id


def _is_note_due(last_used_at: str | None) -> bool:
    if last_used_at is None:
        return True
    return (datetime.now(UTC) - from_text(last_used_at)).total_seconds() > INTERVAL_S
