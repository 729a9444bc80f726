"""The accounts of people."""

from collections.abc import Callable

import sqlite_utils

from aiportal.accounts.attempts import Attempts
from aiportal.accounts.changes import KEEP, Keep
from aiportal.accounts.grants import GrantCache, require_admin
from aiportal.accounts.group_rows import groups_of
from aiportal.accounts.passwords import Passwords
from aiportal.accounts.sign_ins import end_all
from aiportal.accounts.user_rows import (
    User,
    check_role,
    checked_email,
    checked_name,
    existing,
    find,
    find_named,
    insert,
    keep_an_admin,
    new_row,
    refuse_taken_email,
    store_password,
    stored_password,
    user_from_row,
)
from aiportal.errors import ConfigError, Conflict, InvalidRequest, NotFound, PermissionDenied
from aiportal.principal import Principal, Role, fold
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["User", "Users"]

ADMIN_USERNAME = "admin"
MAX_PAGE = 1000


class Users:
    """Makes, lists and changes accounts; all but one's own are the administrators' business."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        passwords: Passwords,
        attempts: Attempts,
        cache: GrantCache,
    ) -> None:
        self._database = database
        self._settings = settings
        self._passwords = passwords
        self._attempts = attempts
        self._cache = cache

    async def create(
        self,
        principal: Principal,
        *,
        username: str,
        password: str | None,
        role: Role = "user",
        email: str | None = None,
        name: str | None = None,
    ) -> User:
        """Make an account; without a password its owner signs in by a one-time link.

        Raises PermissionDenied, InvalidRequest, Conflict where the name or the email is taken.
        """
        require_admin(principal)
        row = new_row(username=username, role=role, email=email, name=name)
        if password is not None:
            row["password_hash"] = await self._passwords.hash(password)
        return await self._database.write(lambda database: insert(database, row))

    async def list(
        self, principal: Principal, *, limit: int = 100, after: str | None = None
    ) -> list[User]:
        """The accounts in the order they were made, those after the id `after`."""
        require_admin(principal)
        values = {"after": after or "", "limit": max(1, min(limit, MAX_PAGE))}
        rows = await self._database.read(
            lambda database: list(
                database.query(
                    "SELECT * FROM users WHERE id > :after ORDER BY id LIMIT :limit", values
                )
            )
        )
        return [user_from_row(row) for row in rows]

    async def get(self, principal: Principal, user_id: str) -> User:
        """One account by id. Raises NotFound, also for another's unless an administrator asks."""
        user = await self._database.read(lambda database: find(database, "id", user_id))
        return _visible(principal, user)

    async def by_username(self, principal: Principal, username: str) -> User:
        """One account by user name. Raises NotFound, also for another's unless an admin asks."""
        user = await self._database.read(lambda database: find_named(database, username))
        return _visible(principal, user)

    async def set_role(self, principal: Principal, username: str, role: Role) -> User:
        """Change a role and sign the user out. Raises Conflict for the last administrator."""
        check_role(role)

        def change(database: sqlite_utils.Database, user: User) -> None:
            if role != "admin":
                keep_an_admin(database, user)
            database.execute(
                "UPDATE users SET role = :role WHERE id = :id", {"role": role, "id": user.id}
            )
            end_all(database, user.id)

        return await self._change(principal, username, change)

    async def set_password(self, principal: Principal, username: str, password: str) -> User:
        """Set another's password and sign the user out. Raises InvalidRequest for a weak one."""
        require_admin(principal)
        password_hash = await self._passwords.hash(password)
        return await self._change(
            principal,
            username,
            lambda database, user: store_password(database, user.id, password_hash),
        )

    async def disable(self, principal: Principal, username: str) -> User:
        """Shut an account: sign-ins end, keys stop. Raises Conflict for the last administrator."""

        def change(database: sqlite_utils.Database, user: User) -> None:
            keep_an_admin(database, user)
            database.execute(
                "UPDATE users SET disabled_at = coalesce(disabled_at, :now) WHERE id = :id",
                {"now": now_text(), "id": user.id},
            )
            end_all(database, user.id)

        return await self._change(principal, username, change)

    async def enable(self, principal: Principal, username: str) -> User:
        """Open a disabled account again; its keys work as before."""

        def change(database: sqlite_utils.Database, user: User) -> None:
            database.execute("UPDATE users SET disabled_at = NULL WHERE id = :id", {"id": user.id})

        return await self._change(principal, username, change)

    async def change_own_password(
        self, principal: Principal, *, current: str | None, new: str
    ) -> None:
        """Set one's own password; every sign-in ends, the present one too.

        current: the password so far, None only where there is none yet. Raises InvalidRequest for a
        wrong or a weak one, RateLimited after five wrong ones, PermissionDenied for an API key.
        """
        if principal.key_id is not None:
            raise PermissionDenied("An API key cannot change the password. Sign in to do so.")
        user_id = principal.user_id
        stored = await self._database.read(lambda database: stored_password(database, user_id))
        if stored is not None:
            await self._check_current(user_id, stored, current)
        password_hash = await self._passwords.hash(new)
        await self._database.write(
            lambda database: store_password(database, user_id, password_hash)
        )
        self._cache.drop_user(user_id)

    async def update_own(
        self,
        principal: Principal,
        *,
        name: str | Keep = KEEP,
        email: str | Keep | None = KEEP,
    ) -> User:
        """Change one's own name or email. Raises InvalidRequest, Conflict for an email in use."""
        changes: dict[str, str | None] = {}
        if name is not KEEP:
            changes["name"] = checked_name(name)
        if email is not KEEP:
            changes["email"] = None if email is None else checked_email(email)

        def change(database: sqlite_utils.Database) -> User:
            refuse_taken_email(database, changes.get("email"), but=principal.user_id)
            if changes:
                database.table("users").update(principal.user_id, changes)
            return existing(find(database, "id", principal.user_id))

        return await self._database.write(change)

    async def check_removal(self, principal: Principal) -> None:
        """Raises where `remove_own` would: PermissionDenied for an API key, Conflict for an account
        that the portal needs."""
        await self._database.read(lambda database: _removable(database, principal))

    async def remove_own(self, principal: Principal) -> None:
        """Delete one's own account with all that belongs to it; rows of usage stay.

        Raises PermissionDenied for an API key, Conflict for the last administrator and for `admin`,
        as which the command line and the notebook act.
        """

        def work(database: sqlite_utils.Database) -> None:
            user = _removable(database, principal)
            database.execute("DELETE FROM users WHERE id = :id", {"id": user.id})

        await self._database.write(work)
        self._cache.drop_user(principal.user_id)

    async def ensure_admin(self) -> User | None:
        """Make the user `admin` if there is none; returns it only if this call has made it.

        Raises ConfigError where AIPORTAL_ADMIN_PASSWORD is too weak.
        """
        if await self._database.read(lambda database: find_named(database, ADMIN_USERNAME)):
            return None
        row = new_row(username=ADMIN_USERNAME, role="admin", email=None, name="Administrator")
        if (secret := self._settings.admin_password) is not None:
            try:
                row["password_hash"] = await self._passwords.hash(secret.get_secret_value())
            except InvalidRequest as error:
                raise ConfigError(f"AIPORTAL_ADMIN_PASSWORD: {error.message}") from error

        def work(database: sqlite_utils.Database) -> User | None:
            return None if find_named(database, ADMIN_USERNAME) else insert(database, row)

        return await self._database.write(work)

    async def operator(self) -> Principal:
        """The caller of the command line and the notebook: who holds the data folder is `admin`.

        Raises ConfigError where that user has not been made.
        """
        principal = await self._database.read(_operator)
        if principal is None:
            raise ConfigError(
                "There is no user `admin` yet. The first start makes it: run `serve`."
            )
        return principal

    async def _check_current(self, user_id: str, stored: str, current: str | None) -> None:
        subject = f"password:{user_id}"

        async def check() -> bool:
            return (await self._passwords.verify(stored, current or "")).is_right

        outcome = await self._attempts.guard((subject,), check)
        if not outcome.is_right:
            raise InvalidRequest(
                f"The current password is wrong. Tries left: {outcome.tries_left}.",
                param="current_password",
                code="wrong_password",
            )
        self._attempts.forgive(subject)

    async def _change(
        self,
        principal: Principal,
        username: str,
        change: Callable[[sqlite_utils.Database, User], None],
    ) -> User:
        require_admin(principal)

        def work(database: sqlite_utils.Database) -> User:
            user = existing(find_named(database, username))
            change(database, user)
            return existing(find(database, "id", user.id))

        user = await self._database.write(work)
        self._cache.drop_user(user.id)
        return user


def _operator(database: sqlite_utils.Database) -> Principal | None:
    user = find_named(database, ADMIN_USERNAME)
    if user is None:
        return None
    groups = groups_of(database, user.id)
    return Principal(user_id=user.id, username=user.username, role="admin", groups=groups)


def _removable(database: sqlite_utils.Database, principal: Principal) -> User:
    if principal.key_id is not None:
        raise PermissionDenied("An API key cannot delete the account. Sign in to do so.")
    user = existing(find(database, "id", principal.user_id))
    if fold(user.username) == ADMIN_USERNAME:
        raise Conflict(
            "The command line and the notebook act as the user `admin`, so this account stays. "
            "Delete its chats instead."
        )
    keep_an_admin(database, user)
    return user


def _visible(principal: Principal, user: User | None) -> User:
    if user is None or not (principal.is_admin or user.id == principal.user_id):
        raise NotFound("There is no such user.")
    return user
