"""What a credential is worth: a principal, and until when; kept a few seconds."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from aiportal.accounts.group_rows import groups_from_text
from aiportal.errors import AuthenticationFailed, PermissionDenied
from aiportal.principal import Principal
from aiportal.timestamps import from_text

__all__ = ["CredentialKind", "Grant", "GrantCache", "check_account", "grant_from", "require_admin"]

CredentialKind = Literal["key", "token", "session"]
LIFE_S = 5.0  # so long another process's revocation may take to be felt here
MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Grant:
    """expires_at: the end of the credential itself, None where it has none."""

    principal: Principal
    expires_at: datetime | None


def grant_from(
    row: Mapping[str, Any],
    *,
    key_id: str | None = None,
    allowed_models: frozenset[str] | None = None,
) -> Grant:
    """Make a grant of a row with user_id, username, role, disabled_at, expires_at and GROUP_NAMES.

    Raises AuthenticationFailed for an expired credential and a disabled user, PermissionDenied for
    an account that nobody has approved yet.
    """
    expires_at = from_text(row["expires_at"]) if row["expires_at"] else None
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise AuthenticationFailed("The credential has expired. Sign in again or make a new key.")
    check_account(row)
    principal = Principal(
        user_id=row["user_id"],
        username=row["username"],
        role=row["role"],
        key_id=key_id,
        allowed_models=allowed_models,
        groups=groups_from_text(row["group_names"]),
    )
    return Grant(principal, expires_at)


def check_account(row: Mapping[str, Any]) -> None:
    """Raises where the account of the row (disabled_at, role) may not be used."""
    if row["disabled_at"] is not None:
        raise AuthenticationFailed(
            "This account is disabled. Ask an administrator to enable it.", code="account_disabled"
        )
    if row["role"] == "pending":
        raise PermissionDenied(
            "This account waits for an administrator's approval.", code="account_pending"
        )


def require_admin(principal: Principal) -> None:
    """Raises PermissionDenied for everybody but administrators."""
    if not principal.is_admin:
        raise PermissionDenied("Only an administrator may do this. Ask one.")


class GrantCache:
    """Principals by credential, for five seconds each, so that most calls need no database.

    The key is the kind of credential and its SHA-256: no secret is kept.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[tuple[CredentialKind, bytes], tuple[Principal, float]] = {}
        self.generation = 0

    def get(self, key: tuple[CredentialKind, bytes]) -> Principal | None:
        """The principal, or None where the database has to be asked."""
        entry = self._entries.get(key)
        if entry is not None and self._clock() < entry[1]:
            return entry[0]
        return None

    def put(self, key: tuple[CredentialKind, bytes], grant: Grant, *, generation: int) -> None:
        """Keep a grant that was read while `generation` held.

        Nothing is kept if something was revoked meanwhile: the reading may be from before.
        """
        if generation != self.generation:
            return
        life_s = LIFE_S
        if grant.expires_at is not None:
            life_s = min(life_s, (grant.expires_at - datetime.now(UTC)).total_seconds())
        self._entries.pop(key, None)  # to the end of the order
        self._entries[key] = (grant.principal, self._clock() + life_s)
        while len(self._entries) > MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]

    def drop_user(self, user_id: str) -> None:
        """Forget all credentials of a user, because one of them or the user has changed."""
        self.drop_users((user_id,))

    def drop_users(self, user_ids: Collection[str]) -> None:
        """The same of several at once."""
        self.generation += 1
        changed = frozenset(user_ids)
        gone = [key for key, (kept, _) in self._entries.items() if kept.user_id in changed]
        for key in gone:
            del self._entries[key]
