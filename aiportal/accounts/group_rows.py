"""What a group is, the rules for its fields, and its rows in the database.

The functions that take a database run inside a read or a write of the store.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlite_utils

from aiportal.errors import Conflict, InvalidRequest, NotFound
from aiportal.ids import new_id
from aiportal.principal import fold
from aiportal.timestamps import from_text, now_text

__all__ = [
    "GROUP_NAMES",
    "MAX_GROUPS",
    "MAX_MEMBERS",
    "MAX_NAMED",
    "Group",
    "add_members",
    "checked_group_name",
    "checked_names",
    "group_named",
    "group_page",
    "group_with_id",
    "groups_from_text",
    "groups_of",
    "insert_group",
    "member_ids",
    "names_of",
    "remove_members",
    "rename_group",
    "user_ids",
]

MAX_GROUPS = 200
MAX_MEMBERS = 5_000
MAX_NAMED = 1_000  # members that one call names
MAX_NAME_CHARS = 64  # of a user name
# A column of a SELECT with `users u`; `groups_from_text` reads it.
GROUP_NAMES = """
    (SELECT json_group_array(g.name_key)
     FROM user_group_members m JOIN user_groups g ON g.id = m.group_id
     WHERE m.user_id = u.id) AS group_names
"""
_NAME = re.compile(r"\w[\w.-]{0,63}")
_MEMBERS = """
    (SELECT json_group_array(username) FROM
     (SELECT u.username FROM user_group_members m JOIN users u ON u.id = m.user_id
      WHERE m.group_id = g.id ORDER BY u.username_key)) AS members
"""
_FIND_BY_ID = f"SELECT g.*, {_MEMBERS} FROM user_groups g WHERE g.id = :value"
_FIND_BY_NAME = f"SELECT g.*, {_MEMBERS} FROM user_groups g WHERE g.name_key = :value"
_PAGE = f"""
    SELECT g.*, {_MEMBERS} FROM user_groups g WHERE g.id > :after ORDER BY g.id LIMIT :limit
"""
_USERS = """
    SELECT id, username_key FROM users
    WHERE username_key IN (SELECT value FROM json_each(:keys))
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Users under one name. members: their user names, sorted."""

    id: str
    name: str
    members: tuple[str, ...]
    created_at: datetime


def groups_from_text(text: str) -> frozenset[str]:
    """What the column of `GROUP_NAMES` holds."""
    return frozenset(json.loads(text))


def groups_of(database: sqlite_utils.Database, user_id: str) -> frozenset[str]:
    """The names of a user's groups, in the form in which they are compared."""
    row = database.execute(
        f"SELECT {GROUP_NAMES} FROM users u WHERE u.id = :id", {"id": user_id}
    ).fetchone()
    return frozenset() if row is None else groups_from_text(row[0])


def names_of(database: sqlite_utils.Database, user_id: str) -> tuple[str, ...]:
    """The names of a user's groups as they are written, sorted."""
    rows = database.execute(
        "SELECT g.name FROM user_group_members m JOIN user_groups g ON g.id = m.group_id "
        "WHERE m.user_id = :id ORDER BY g.name_key",
        {"id": user_id},
    ).fetchall()
    return tuple(row[0] for row in rows)


def checked_group_name(name: str) -> str:
    """Raises InvalidRequest for what cannot be a group's name."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            "A group's name is 1 to 64 letters, digits, `_`, `.` or `-`; the last two not in front.",
            param="name",
        )
    return name


def checked_names(usernames: Collection[str], *, param: str) -> Mapping[str, str]:
    """User names by the form in which they are compared.

    Raises InvalidRequest for too many, and for one that is too long to be one.
    """
    if len(usernames) > MAX_NAMED:
        raise InvalidRequest(f"`{param}` names at most {MAX_NAMED:,} users at once.", param=param)
    for name in usernames:
        if len(name) > MAX_NAME_CHARS:
            raise _no_user(name, param)
    return {fold(name): name for name in usernames}


def group_page(database: sqlite_utils.Database, *, after: str, limit: int) -> list[Group]:
    """The groups in the order they were made."""
    rows = database.query(_PAGE, {"after": after, "limit": limit})
    return [_group_from_row(row) for row in rows]


def group_with_id(database: sqlite_utils.Database, group_id: str) -> Group:
    """Raises NotFound."""
    return _found(database, _FIND_BY_ID, group_id)


def group_named(database: sqlite_utils.Database, name: str) -> Group:
    """The group of this name, in whatever case it is written. Raises NotFound."""
    return _found(database, _FIND_BY_NAME, fold(name))


def insert_group(database: sqlite_utils.Database, name: str) -> str:
    """Store a new group without members; its id. Raises Conflict: the name is taken, too many."""
    group_id = new_id("grp")
    _refuse_taken_name(database, name, but=group_id)
    held = database.execute("SELECT count(*) FROM user_groups").fetchone()[0]
    if held >= MAX_GROUPS:
        raise Conflict(f"There are {held:,} groups already. Delete some first.")
    row = {"id": group_id, "name": name, "name_key": fold(name), "created_at": now_text()}
    database.execute("INSERT INTO user_groups VALUES (:id, :name, :name_key, :created_at)", row)
    return group_id


def rename_group(database: sqlite_utils.Database, group_id: str, name: str) -> None:
    """Raises Conflict where the name is another's."""
    _refuse_taken_name(database, name, but=group_id)
    values = {"id": group_id, "name": name, "key": fold(name)}
    database.execute("UPDATE user_groups SET name = :name, name_key = :key WHERE id = :id", values)


def _refuse_taken_name(database: sqlite_utils.Database, name: str, *, but: str) -> None:
    """Raises Conflict where another group than `but` has this name."""
    values = {"key": fold(name), "but": but}
    taken = database.execute(
        "SELECT 1 FROM user_groups WHERE name_key = :key AND id <> :but", values
    ).fetchone()
    if taken is not None:
        raise Conflict(f"There is a group {name!r} already.", param="name")


def user_ids(
    database: sqlite_utils.Database, names: Mapping[str, str], *, param: str
) -> frozenset[str]:
    """The ids of users; names: as `checked_names` gives them. Raises InvalidRequest for one that
    nobody has."""
    if not names:
        return frozenset()
    found = {
        row["username_key"]: row["id"]
        for row in database.query(_USERS, {"keys": json.dumps(list(names))})
    }
    for key, name in names.items():
        if key not in found:
            raise _no_user(name, param)
    return frozenset(found.values())


def member_ids(database: sqlite_utils.Database, group_id: str) -> frozenset[str]:
    """The ids of a group's members."""
    rows = database.execute(
        "SELECT user_id FROM user_group_members WHERE group_id = :id", {"id": group_id}
    ).fetchall()
    return frozenset(row[0] for row in rows)


def add_members(
    database: sqlite_utils.Database, group_id: str, ids: Collection[str], *, param: str
) -> None:
    """Who is a member already stays one. Raises Conflict where there would be too many."""
    database.conn.executemany(
        "INSERT INTO user_group_members VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(group_id, user_id) for user_id in ids],
    )
    if len(member_ids(database, group_id)) > MAX_MEMBERS:
        raise Conflict(f"A group has at most {MAX_MEMBERS:,} members.", param=param)


def remove_members(database: sqlite_utils.Database, group_id: str, ids: Collection[str]) -> None:
    """Who is no member stays none."""
    database.conn.executemany(
        "DELETE FROM user_group_members WHERE group_id = ? AND user_id = ?",
        [(group_id, user_id) for user_id in ids],
    )


def _no_user(name: str, param: str) -> InvalidRequest:
    return InvalidRequest(f"There is no user {name[:MAX_NAME_CHARS]!r}.", param=param)


def _found(database: sqlite_utils.Database, sql: str, value: str) -> Group:
    rows = list(database.query(sql, {"value": value}))
    if not rows:
        raise NotFound("There is no such group.")
    return _group_from_row(rows[0])


def _group_from_row(row: Mapping[str, Any]) -> Group:
    return Group(
        id=row["id"],
        name=row["name"],
        members=tuple(json.loads(row["members"])),
        created_at=from_text(row["created_at"]),
    )
