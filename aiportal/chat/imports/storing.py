"""Conversations from elsewhere as rows: each whole or not at all, under ids of its own."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import sqlite_utils

from aiportal.chat.conversation import MAX_MODEL_CHARS
from aiportal.chat.imports.foreign import ForeignConversation, ForeignMessage
from aiportal.chat.tool_artifacts import with_files_stored
from aiportal.chat.tool_use import ToolUse
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.timestamps import now_text

__all__ = ["insert_conversation", "insert_once"]

# What is in the trash is not there: it may be brought in again.
_KNOWN: Final = """
SELECT c.id FROM imported_conversations i JOIN conversations c ON c.id = i.conversation_id
WHERE i.user_id = :user_id AND source = :source AND foreign_id = :foreign_id
  AND deleted_at IS NULL
UNION ALL SELECT id FROM conversations
WHERE id = :foreign_id AND user_id = :user_id AND deleted_at IS NULL
"""
_REMEMBER: Final = """
INSERT OR REPLACE INTO imported_conversations
VALUES (:user_id, :source, :foreign_id, :conversation_id)
"""
_MESSAGE: Final = """
INSERT INTO messages (id, conversation_id, parent_id, role, content, reasoning, model, status,
  finish_reason, usage, cost_usd, error, created_at, tool_calls, web_search)
VALUES (:id, :conversation_id, :parent_id, :role, :content, :reasoning, :model, :status,
  :finish_reason, :usage, :cost_usd, :error, :created_at, :tool_calls, :web_search)
"""


def insert_once(
    database: sqlite_utils.Database, principal: Principal, found: ForeignConversation
) -> str | None:
    """The new conversation's id; None where the caller has it already, nothing is written then."""
    key = {
        "user_id": principal.user_id,
        "source": found.source,
        "foreign_id": found.foreign_id,
    }
    if database.execute(_KNOWN, key).fetchone() is not None:
        return None
    conversation_id = insert_conversation(database, principal, found)
    database.execute(_REMEMBER, key | {"conversation_id": conversation_id})
    return conversation_id


def insert_conversation(
    database: sqlite_utils.Database, principal: Principal, found: ForeignConversation
) -> str:
    """The new conversation's id. Times that are not known are those of its messages, or now."""
    times = [message.created_at for message in found.messages if message.created_at]
    created_at = found.created_at or min(times, default=now_text())
    conversation_id = new_id("conv")
    row = {
        "id": conversation_id,
        "user_id": principal.user_id,
        "title": found.title,
        "title_by": "user",
        "model": found.model,
        "system_prompt": found.system_prompt,
        "parameters": json.dumps(dict(found.parameters)),
        "created_at": created_at,
        "updated_at": found.updated_at or max(times, default=created_at),
        "web_search": found.web_search,
    }
    database.table("conversations").insert(row)
    files: list[dict[str, Any]] = []
    rows = _rows(conversation_id, found.messages, created_at, files)
    database.conn.executemany(_MESSAGE, rows)
    if files:
        database.table("tool_artifacts").insert_all(files)
    return conversation_id


def _rows(
    conversation_id: str,
    messages: Sequence[ForeignMessage],
    created_at: str,
    files: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Parents before their children; a message without a time has that of the one it follows.

    files: the rows of what tools made are added to it.
    """
    made: dict[str, dict[str, Any]] = {}
    for message in messages:
        parent = None if message.parent_id is None else made[message.parent_id]
        message_id = new_id("msg")
        made[message.id] = {
            "id": message_id,
            "conversation_id": conversation_id,
            "parent_id": None if parent is None else parent["id"],
            "role": message.role,
            "content": message.content,
            "reasoning": message.reasoning,
            "model": None if message.model is None else message.model[:MAX_MODEL_CHARS],
            "status": message.status,
            "finish_reason": message.finish_reason,
            "usage": None if message.usage is None else json.dumps(asdict(message.usage)),
            "cost_usd": message.cost_usd,
            "error": None if message.error is None else json.dumps(asdict(message.error)),
            "created_at": message.created_at or (parent or {}).get("created_at") or created_at,
            "tool_calls": json.dumps(
                [_stored(use, message_id, files).as_json() for use in message.tool_calls]
            ),
            "web_search": _search(message),
        }
    return list(made.values())


def _stored(use: ToolUse, message_id: str, files: list[dict[str, Any]]) -> ToolUse:
    if use.returned is None:
        return use
    returned, rows = with_files_stored(message_id, use.returned)
    files += rows
    return replace(use, returned=returned)


def _search(message: ForeignMessage) -> str | None:
    search = message.findings.as_json()
    return None if search is None else json.dumps(search)
