"""Rows that belong to the caller: what another owns, or what is in the trash, is not there."""

from typing import Any

import sqlite_utils

from aiportal.errors import NotFound
from aiportal.principal import Principal

__all__ = ["not_found", "owned_message_row", "owned_project_row", "owned_row"]


def owned_row(
    database: sqlite_utils.Database,
    principal: Principal,
    conversation_id: str,
    *,
    param: str | None = None,
) -> dict[str, Any]:
    """The row of the caller's conversation. Raises NotFound."""
    sql = "SELECT * FROM conversations WHERE id = ? AND user_id = ? AND deleted_at IS NULL"
    for row in database.query(sql, (conversation_id, principal.user_id)):
        return dict(row)
    raise not_found("conversation", conversation_id, param=param)


def owned_message_row(
    database: sqlite_utils.Database, principal: Principal, message_id: str
) -> dict[str, Any]:
    """The row of a message in one of the caller's conversations. Raises NotFound."""
    sql = (
        "SELECT m.* FROM messages m JOIN conversations c ON c.id = m.conversation_id "
        "WHERE m.id = ? AND c.user_id = ? AND c.deleted_at IS NULL"
    )
    for row in database.query(sql, (message_id, principal.user_id)):
        return dict(row)
    raise not_found("message", message_id, param=None)


def owned_project_row(
    database: sqlite_utils.Database,
    principal: Principal,
    project_id: str,
    *,
    param: str | None = None,
) -> dict[str, Any]:
    """The row of the caller's project. Raises NotFound."""
    sql = "SELECT * FROM projects WHERE id = ? AND user_id = ?"
    for row in database.query(sql, (project_id, principal.user_id)):
        return dict(row)
    raise not_found("project", project_id, param=param)


def not_found(kind: str, resource_id: str, *, param: str | None) -> NotFound:
    """The error for an id of the caller that names nothing of theirs."""
    return NotFound(
        f"There is no {kind} {resource_id!r}. It was deleted, or the id is wrong.", param=param
    )
