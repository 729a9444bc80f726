"""How users arrange their conversations: pinned, archived, tagged, in projects, in the trash."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlite_utils

from aiportal.chat.owned_rows import not_found, owned_project_row
from aiportal.chat.text_bounds import check_text
from aiportal.errors import InvalidRequest
from aiportal.principal import Principal
from aiportal.timestamps import now_text

__all__ = [
    "MAX_BULK",
    "RETENTION_DAYS",
    "BulkAction",
    "BulkChange",
    "arranged_columns",
    "change_rows",
    "checked_tag",
    "checked_tags",
    "kept_since",
]

MAX_TAGS = 20
MAX_TAG_CHARS = 50
MAX_BULK = 1_000
MAX_ID_CHARS = 100
RETENTION_DAYS = 30
_DAY_S = 86_400

BulkAction = Literal[
    "archive", "unarchive", "pin", "unpin", "delete", "restore", "move", "tag", "untag"
]

_OWN = """
SELECT id, tags FROM conversations WHERE user_id = :user_id
  AND (deleted_at IS NULL OR (:is_restoring AND deleted_at >= :since))
  AND id IN (SELECT value FROM json_each(:ids))
"""
_SET: dict[BulkAction, str] = {
    "archive": "is_archived = 1",
    "unarchive": "is_archived = 0",
    "pin": "is_pinned = 1",
    "unpin": "is_pinned = 0",
    "delete": "deleted_at = :now",
    "restore": "deleted_at = NULL",
    "move": "project_id = :project_id",
}
_RETAG = "UPDATE conversations SET tags = ? WHERE id = ?"


@dataclass(frozen=True, slots=True)
class BulkChange:
    """The same change of many conversations.

    project_id: where `move` puts them, None for no project. tags: what `tag` adds and `untag`
    takes away. `restore` takes them out of the trash.
    """

    action: BulkAction
    project_id: str | None = None
    tags: Sequence[str] = ()


def arranged_columns(
    *, is_pinned: bool | None, is_archived: bool | None, tags: Sequence[str] | None
) -> dict[str, Any]:
    """The columns of what is not None, checked. Raises InvalidRequest."""
    columns: dict[str, Any] = {"is_pinned": is_pinned, "is_archived": is_archived}
    if tags is not None:
        columns["tags"] = json.dumps(checked_tags(tags))
    return {name: value for name, value in columns.items() if value is not None}


def checked_tag(tag: str, *, param: str = "tags") -> str:
    """On one line, 1 to 50 characters. Raises InvalidRequest."""
    return check_text(" ".join(tag.split()), param=param, min_chars=1, max_chars=MAX_TAG_CHARS)


def checked_tags(tags: Sequence[str]) -> list[str]:
    """Each once, whatever its case; at most 20. Raises InvalidRequest."""
    if len(tags) > MAX_BULK:  # before they are looked through
        raise _too_many(len(tags))
    unique: dict[str, str] = {}
    for tag in map(checked_tag, tags):
        unique.setdefault(tag.casefold(), tag)
    if len(unique) > MAX_TAGS:
        raise _too_many(len(unique))
    return list(unique.values())


def change_rows(
    database: sqlite_utils.Database, principal: Principal, ids: Sequence[str], change: BulkChange
) -> list[str]:
    """Change all of them or, with an error, none; the ids, each once.

    Raises NotFound for the first that is not the caller's, or for the project; InvalidRequest.
    """
    unique = _checked_ids(ids)
    values = {
        "user_id": principal.user_id,
        "ids": json.dumps(unique),
        "is_restoring": change.action == "restore",
        "since": kept_since(),
        "now": now_text(),
        "project_id": change.project_id,
    }
    rows = {str(row["id"]): str(row["tags"]) for row in database.query(_OWN, values)}
    if missing := next((one for one in unique if one not in rows), None):
        raise not_found("conversation", missing, param="ids")
    if change.action == "move" and change.project_id is not None:
        owned_project_row(database, principal, change.project_id, param="project_id")
    if change.action in _SET:
        database.execute(
            f"UPDATE conversations SET {_SET[change.action]} "
            "WHERE id IN (SELECT value FROM json_each(:ids))",
            values,
        )
    else:
        _retag(database, rows, change)
    return unique


def kept_since() -> str:
    """What was deleted before this moment is gone for good."""
    return now_text(plus_s=-RETENTION_DAYS * _DAY_S)


def _retag(database: sqlite_utils.Database, rows: dict[str, str], change: BulkChange) -> None:
    tags = checked_tags(change.tags)
    if not tags:
        raise InvalidRequest("There is no tag in `tags`. Send at least one.", param="tags")
    names = {tag.casefold() for tag in tags}
    for conversation_id, stored in rows.items():
        before = json.loads(stored)
        if change.action == "tag":
            after = checked_tags([*before, *tags])
        else:
            after = [tag for tag in before if tag.casefold() not in names]
        if after != before:
            database.execute(_RETAG, (json.dumps(after), conversation_id))


def _checked_ids(ids: Sequence[str]) -> list[str]:
    if not 1 <= len(ids) <= MAX_BULK:
        raise InvalidRequest(
            f"`ids` has {len(ids)} conversations; it takes 1 to {MAX_BULK:,}.", param="ids"
        )
    for one in ids:
        check_text(one, param="ids", max_chars=MAX_ID_CHARS)
    return list(dict.fromkeys(ids))


def _too_many(count: int) -> InvalidRequest:
    return InvalidRequest(f"These are {count} tags; a conversation takes {MAX_TAGS}.", param="tags")
