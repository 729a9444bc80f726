"""What an account is, the rules for its fields, and its row in the database.

The functions that take a database run inside a read or a write of the store.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import sqlite_utils

from aiportal.accounts.sign_ins import end_all
from aiportal.errors import Conflict, InvalidRequest, NotFound
from aiportal.ids import new_id
from aiportal.principal import Role, fold
from aiportal.timestamps import from_text, now_text

__all__ = [
    "User",
    "check_role",
    "checked_email",
    "checked_name",
    "existing",
    "find",
    "find_named",
    "insert",
    "keep_an_admin",
    "new_row",
    "refuse_taken_email",
    "store_password",
    "stored_password",
    "user_from_row",
]

_USERNAME = re.compile(r"\w[\w.-]{0,63}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,185}")
_MAX_NAME_CHARS = 200
_FIND_BY = {
    "id": "SELECT * FROM users WHERE id = :value",
    "username_key": "SELECT * FROM users WHERE username_key = :value",
    "email": "SELECT * FROM users WHERE email = :value",
}
_INSERT = (
    "INSERT INTO users (id, username, username_key, email, name, password_hash, role, created_at)"
    " VALUES (:id, :username, :username_key, :email, :name, :password_hash, :role, :created_at)"
)


@dataclass(frozen=True, slots=True)
class User:
    """An account. `name` is for people to read, `username` and `email` are for signing in."""

    id: str
    username: str
    email: str | None
    name: str
    role: Role
    is_disabled: bool
    created_at: datetime


def user_from_row(row: Mapping[str, Any]) -> User:
    """A row of the table `users`."""
    return User(
        id=row["id"],
        username=row["username"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        is_disabled=row["disabled_at"] is not None,
        created_at=from_text(row["created_at"]),
    )


def checked_name(name: str) -> str:
    """Raises InvalidRequest unless it is 1 to 200 printable characters."""
    name = name.strip()
    if not 0 < len(name) <= _MAX_NAME_CHARS or not name.isprintable():
        raise InvalidRequest(
            f"A name is 1 to {_MAX_NAME_CHARS} printable characters.", param="name"
        )
    return name


def checked_email(email: str) -> str:
    """The address in the form that is compared. Raises InvalidRequest for what cannot be one."""
    email = fold(email.strip())
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        raise InvalidRequest(
            "That is no email address: it needs a name, an @ and a host.", param="email"
        )
    return email


def check_role(role: str) -> None:
    """Raises InvalidRequest for a word that is no role."""
    if role not in get_args(Role):
        raise InvalidRequest(
            f"{role!r} is no role. There are: {', '.join(get_args(Role))}.", param="role"
        )


def new_row(*, username: str, role: Role, email: str | None, name: str | None) -> dict[str, Any]:
    """A row for `insert`, without a password. Raises InvalidRequest for a field against the rules."""
    if not _USERNAME.fullmatch(username):
        raise InvalidRequest(
            "A user name is 1 to 64 letters, digits, `_`, `.` or `-`; the last two not in front.",
            param="username",
        )
    check_role(role)
    return {
        "id": new_id("usr"),
        "username": username,
        "username_key": fold(username),
        "email": None if email is None else checked_email(email),
        "name": username if name is None else checked_name(name),
        "password_hash": None,
        "role": role,
        "created_at": now_text(),
    }


def insert(database: sqlite_utils.Database, row: Mapping[str, Any]) -> User:
    """Store a new account. Raises Conflict where the user name or the email is taken."""
    if find(database, "username_key", row["username_key"]) is not None:
        raise Conflict(f"The user name {row['username']!r} is taken.", param="username")
    refuse_taken_email(database, row["email"], but=row["id"])
    database.execute(_INSERT, dict(row))
    return existing(find(database, "id", row["id"]))


def find(
    database: sqlite_utils.Database, column: Literal["id", "username_key", "email"], value: str
) -> User | None:
    """The account whose unique column holds the value, None if there is none."""
    rows = list(database.query(_FIND_BY[column], {"value": value}))
    return user_from_row(rows[0]) if rows else None


def find_named(database: sqlite_utils.Database, username: str) -> User | None:
    """The account with this user name, in whatever case it is written."""
    return find(database, "username_key", fold(username))


def existing(user: User | None) -> User:
    """Raises NotFound for None."""
    if user is None:
        raise NotFound("There is no such user.")
    return user


def refuse_taken_email(database: sqlite_utils.Database, email: str | None, *, but: str) -> None:
    """Raises Conflict where another account than `but` has this email."""
    if email is None:
        return
    owner = find(database, "email", email)
    if owner is not None and owner.id != but:
        raise Conflict("Another account has this email address.", param="email")


def keep_an_admin(database: sqlite_utils.Database, user: User) -> None:
    """Raises Conflict if nobody could administer the portal without this user."""
    if user.role != "admin" or user.is_disabled:
        return
    others = database.execute(
        "SELECT count(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL AND id <> :id",
        {"id": user.id},
    ).fetchone()[0]
    if not others:
        raise Conflict(
            f"{user.username!r} is the last administrator who can sign in. "
            "Make another one an administrator first."
        )


def stored_password(database: sqlite_utils.Database, user_id: str) -> str | None:
    """The hash, None where no password is set."""
    row = database.execute(
        "SELECT password_hash FROM users WHERE id = :id", {"id": user_id}
    ).fetchone()
    return None if row is None else row[0]


def store_password(database: sqlite_utils.Database, user_id: str, password_hash: str) -> None:
    """Replace the hash and sign the user out everywhere."""
    database.execute(
        "UPDATE users SET password_hash = :hash WHERE id = :id",
        {"hash": password_hash, "id": user_id},
    )
    end_all(database, user_id)
