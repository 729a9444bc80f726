"""Sign-ins in the browser: a random cookie, of which only the SHA-256 is stored."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlite_utils

from aiportal.accounts.digests import digest
from aiportal.accounts.grants import Grant, GrantCache, grant_from
from aiportal.accounts.group_rows import GROUP_NAMES
from aiportal.accounts.sign_ins import delete_expired, end_all
from aiportal.accounts.uses import Uses
from aiportal.errors import AuthenticationFailed, NotFound
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import from_text, now_text

__all__ = ["COOKIE_NAME", "Session", "Sessions"]

COOKIE_NAME = "aiportal_session"
MAX_PER_USER = 50  # the oldest goes when one more is made
_MAX_AGENT_CHARS = 300
_LOOK_UP = f"""
    SELECT s.user_id, s.expires_at, u.username, u.role, u.disabled_at, {GROUP_NAMES}
    FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = :hash
"""
_DELETE_SURPLUS = """
    DELETE FROM sessions WHERE id IN
    (SELECT id FROM sessions WHERE user_id = :user_id ORDER BY id DESC LIMIT :most OFFSET :kept)
"""


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in. is_current: the one that asks. last_used_at: to the minute."""

    id: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_current: bool


class Sessions:
    """Makes, lists and ends browser sessions. They last `session_ttl_s` after their last use."""

    def __init__(
        self, database: Database, settings: Settings, *, cache: GrantCache, uses: Uses
    ) -> None:
        self._database = database
        self._ttl_s = settings.session_ttl_s
        self._cache = cache
        self._uses = uses

    async def create(self, user_id: str, *, user_agent: str) -> str:
        """Sign a user in whose credentials were checked; returns the value of the cookie."""
        cookie = secrets.token_urlsafe(32)
        row = {
            "token_hash": digest(cookie),
            "id": new_id("ses"),
            "user_id": user_id,
            "user_agent": "".join(filter(str.isprintable, user_agent))[:_MAX_AGENT_CHARS],
            "created_at": now_text(),
            "expires_at": now_text(plus_s=self._ttl_s),
        }

        def work(database: sqlite_utils.Database) -> None:
            delete_expired(database)
            database.execute(
                "INSERT INTO sessions VALUES "
                "(:token_hash, :id, :user_id, :user_agent, :created_at, :expires_at)",
                row,
            )
            database.execute(
                _DELETE_SURPLUS, {"user_id": user_id, "most": MAX_PER_USER, "kept": MAX_PER_USER}
            )

        await self._database.write(work)
        return cookie

    async def list(self, principal: Principal, *, current: str | None = None) -> list[Session]:
        """One's own sessions, newest first, at most 50. current: the cookie of the one that asks."""
        values = {"user_id": principal.user_id, "now": now_text(), "most": MAX_PER_USER}
        rows = await self._database.read(
            lambda database: list(
                database.query(
                    "SELECT * FROM sessions WHERE user_id = :user_id AND expires_at > :now "
                    "ORDER BY id DESC LIMIT :most",
                    values,
                )
            )
        )
        mine = None if current is None else digest(current)
        return [
            Session(
                id=row["id"],
                user_agent=row["user_agent"],
                created_at=from_text(row["created_at"]),
                last_used_at=self._last_used_at(row),
                expires_at=from_text(row["expires_at"]),
                is_current=row["token_hash"] == mine,
            )
            for row in rows
        ]

    async def revoke(self, principal: Principal, session_id: str) -> None:
        """End one of one's own sessions. Raises NotFound, also for another's."""
        values = {"id": session_id, "user_id": principal.user_id}
        ended = await self._database.write(
            lambda database: (
                database.execute(
                    "DELETE FROM sessions WHERE id = :id AND user_id = :user_id", values
                ).rowcount
            )
        )
        if not ended:
            raise NotFound("There is no such session. It may have ended already.")
        self._cache.drop_user(principal.user_id)

    async def revoke_all(self, principal: Principal, *, but: str | None = None) -> None:
        """Sign oneself out everywhere: sessions, refresh tokens and one-time links.

        but: the cookie of the one session that stays.
        """
        kept = None if but is None else digest(but)
        await self._database.write(lambda database: end_all(database, principal.user_id, but=kept))
        self._cache.drop_user(principal.user_id)

    async def end(self, cookie: str) -> None:
        """Sign out the browser that has this cookie. Nothing happens if it is not signed in."""
        values = {"hash": digest(cookie)}
        rows = await self._database.write(
            lambda database: database.execute(
                "DELETE FROM sessions WHERE token_hash = :hash RETURNING user_id", values
            ).fetchall()
        )
        for (user_id,) in rows:
            self._cache.drop_user(user_id)

    def _last_used_at(self, row: dict[str, Any]) -> datetime:
        """Each use makes the session last that much longer, so its end tells when it was."""
        used = from_text(row["expires_at"]) - timedelta(seconds=self._ttl_s)
        return max(used, from_text(row["created_at"]))

    async def look_up(self, cookie: str) -> Grant:
        """What the cookie is worth. Raises AuthenticationFailed, PermissionDenied.

        Asks the database each time; doors go through Credentials.
        """
        token_hash = digest(cookie)
        rows = await self._database.read(
            lambda database: list(database.query(_LOOK_UP, {"hash": token_hash}))
        )
        if not rows:
            raise AuthenticationFailed("You are not signed in, or no longer. Sign in again.")
        grant = grant_from(rows[0])
        self._uses.session_used(token_hash)
        return grant
