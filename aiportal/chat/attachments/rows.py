"""The rows of attachments: the caller's own, within bounds."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, Final

import sqlite_utils

from aiportal.chat.attached import Attachment
from aiportal.chat.owned_rows import not_found
from aiportal.errors import Conflict, InvalidRequest
from aiportal.principal import Principal

__all__ = [
    "MAX_PER_MESSAGE",
    "all_hashes",
    "delete_row",
    "hashes_of",
    "insert_row",
    "owned_attachment",
    "owned_attachments",
    "page_of",
    "room_of",
    "sweep_rows",
]

MAX_PER_MESSAGE: Final = 20
MAX_PER_USER: Final = 20_000

_OWN: Final = "SELECT * FROM attachments WHERE id = ? AND user_id = ?"
_NEWEST: Final = """
SELECT * FROM attachments WHERE user_id = :user_id AND (:number IS NULL OR number < :number)
ORDER BY number DESC LIMIT :limit
"""
_SUM: Final = "SELECT coalesce(sum(kept_bytes), 0), count(*) FROM attachments WHERE user_id = ?"
_HASHES: Final = """
SELECT id, sha256 FROM attachments WHERE user_id = ? AND id IN (SELECT value FROM json_each(?))
"""
_SENT: Final = """
SELECT json_extract(file.value, '$.id') FROM messages, json_each(messages.attachments) AS file
WHERE messages.attachments <> '[]'
UNION ALL SELECT json_extract(file.value, '$.id')
FROM queued_questions q, json_each(q.attachments) AS file
UNION ALL SELECT attachment_id FROM project_files
"""
_IN_PROJECT: Final = """
SELECT p.name FROM project_files f JOIN projects p ON p.id = f.project_id
WHERE f.attachment_id = ? LIMIT 1
"""
_IS_SENT: Final = """
SELECT c.title FROM messages JOIN conversations c ON c.id = messages.conversation_id,
  json_each(messages.attachments) AS file
WHERE messages.attachments <> '[]' AND c.user_id = ?
  AND json_extract(file.value, '$.id') = ?
UNION ALL SELECT c.title
FROM queued_questions q JOIN conversations c ON c.id = q.conversation_id,
  json_each(q.attachments) AS file
WHERE q.user_id = ? AND json_extract(file.value, '$.id') = ? LIMIT 1
"""
_SWEEP: Final = f"DELETE FROM attachments WHERE created_at < ? AND id NOT IN ({_SENT})"


def owned_attachment(
    database: sqlite_utils.Database,
    principal: Principal,
    attachment_id: str,
    *,
    param: str | None = None,
) -> dict[str, Any]:
    """The row of the caller's attachment. Raises NotFound."""
    for row in database.query(_OWN, (attachment_id, principal.user_id)):
        return dict(row)
    raise not_found("attachment", attachment_id, param=param)


def owned_attachments(
    database: sqlite_utils.Database, principal: Principal, ids: Sequence[str]
) -> list[Attachment]:
    """Those of a question, each once, in the order given. Raises NotFound, InvalidRequest."""
    chosen = list(dict.fromkeys(ids))
    if len(chosen) > MAX_PER_MESSAGE:
        raise InvalidRequest(
            f"A question takes at most {MAX_PER_MESSAGE} attachments, not {len(chosen)}.",
            param="attachments",
        )
    rows = [owned_attachment(database, principal, one, param="attachments") for one in chosen]
    return [Attachment.from_row(row) for row in rows]


def page_of(
    database: sqlite_utils.Database, principal: Principal, *, limit: int, after: str | None
) -> list[Attachment]:
    """The newest first, one more than `limit`. Raises NotFound for `after`."""
    cursor = {} if after is None else owned_attachment(database, principal, after, param="after")
    values = {"user_id": principal.user_id, "number": cursor.get("number"), "limit": limit + 1}
    return [Attachment.from_row(row) for row in database.query(_NEWEST, values)]


def hashes_of(
    database: sqlite_utils.Database, principal: Principal, ids: Collection[str]
) -> dict[str, str]:
    """SHA-256 by id, of those of the caller that are there."""
    values = (principal.user_id, json.dumps(list(ids)))
    return {row[0]: row[1] for row in database.execute(_HASHES, values).fetchall()}


def all_hashes(database: sqlite_utils.Database) -> set[tuple[str, str]]:
    """Owner and SHA-256 of everybody's."""
    sql = "SELECT DISTINCT user_id, sha256 FROM attachments"
    return {(row[0], row[1]) for row in database.execute(sql).fetchall()}


def room_of(
    database: sqlite_utils.Database, principal: Principal, *, size: int, max_total_bytes: int
) -> None:
    """Raises Conflict where the caller has no room for `size` more bytes."""
    used, count = database.execute(_SUM, (principal.user_id,)).fetchone()
    if used + size > max_total_bytes or count >= MAX_PER_USER:
        raise Conflict(
            f"Your attachments take {used:,} of {max_total_bytes:,} bytes: there is no room for "
            "this one. Delete chats with files that you need no more, for good, take files out of "
            "projects, or ask an administrator to raise AIPORTAL_MAX_ATTACHMENT_BYTES_PER_USER.",
            code="attachments_full",
        )


def insert_row(
    database: sqlite_utils.Database,
    principal: Principal,
    attachment: Attachment,
    *,
    kept_bytes: int,
) -> None:
    """Add one of the caller's. kept_bytes: with what lies beside it."""
    row = asdict(attachment) | {"user_id": principal.user_id, "kept_bytes": kept_bytes}
    database.table("attachments").insert(row)


def delete_row(database: sqlite_utils.Database, principal: Principal, attachment_id: str) -> None:
    """Remove one. Raises NotFound; Conflict where a question or a project holds it."""
    owned_attachment(database, principal, attachment_id)
    sent = database.execute(_IS_SENT, (principal.user_id, attachment_id) * 2).fetchone()
    if sent is not None:
        raise Conflict(
            f"A question of the chat {json.dumps(sent[0], ensure_ascii=False)} holds this "
            "attachment. Delete that message or the chat: the file goes with it.",
            code="attachment_in_use",
        )
    project = database.execute(_IN_PROJECT, (attachment_id,)).fetchone()
    if project is not None:
        raise Conflict(
            f"It is a file of the project {json.dumps(project[0], ensure_ascii=False)}. Remove it "
            "there first.",
            code="attachment_in_use",
        )
    database.execute("DELETE FROM attachments WHERE id = ?", (attachment_id,))


def sweep_rows(database: sqlite_utils.Database, before: str) -> int:
    """Remove those that were made before that moment and nothing holds; how many."""
    return database.execute(_SWEEP, (before,)).rowcount
