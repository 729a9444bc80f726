"""Conversations: stored trees of messages, each of one owner."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlite_utils

from aiportal.chat import tree
from aiportal.chat.arrangement import BulkChange, arranged_columns, change_rows
from aiportal.chat.conversation import MAX_MODEL_CHARS, Conversation, checked_title
from aiportal.chat.conversation_list import (
    ConversationPage,
    ListFilter,
    Overview,
    select_overview,
    select_page,
)
from aiportal.chat.messages import Message
from aiportal.chat.owned_rows import not_found, owned_project_row, owned_row
from aiportal.chat.parameters import conversation_parameters
from aiportal.chat.text_bounds import check_text
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["MAX_SYSTEM_PROMPT_CHARS", "Conversations", "Page", "message_tree"]

T = TypeVar("T")
MAX_SYSTEM_PROMPT_CHARS = 100_000

_UPDATE = """
UPDATE conversations SET title = :title, title_by = :title_by, model = :model,
  system_prompt = :system_prompt, parameters = :parameters, project_id = :project_id,
  is_pinned = :is_pinned, is_archived = :is_archived, tags = :tags, web_search = :web_search
  WHERE number = :number
"""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. has_more: there are further ones after the last of `data`."""

    data: Sequence[T]
    has_more: bool


class Conversations:
    """Every method sees only the caller's own; another's is NotFound, as if it were not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self,
        principal: Principal,
        *,
        q: str | None = None,
        narrowed: ListFilter | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> ConversationPage:
        """The newest first, 1 to 200 of them, from the one after the conversation `after`.

        q: words that the title, or one message, must all hold (or begin a word of it with). Of more
        than 5,000 messages that hold them the newest count.
        narrowed: else those that are not archived. Raises NotFound, InvalidRequest.
        """
        chosen = narrowed or ListFilter()
        return await self._database.read(
            lambda database: select_page(
                database, principal, q=q, narrowed=chosen, limit=limit, after=after
            )
        )

    async def overview(
        self, principal: Principal, *, narrowed: ListFilter, limit: int = 50
    ) -> Overview:
        """What a list begins with: 1 to 200 of the pinned ones, however old, and of the others.

        narrowed: by all but `is_pinned`. Raises NotFound, InvalidRequest.
        """
        return await self._database.read(
            lambda database: select_overview(database, principal, narrowed=narrowed, limit=limit)
        )

    async def create(
        self,
        principal: Principal,
        *,
        title: str | None = None,
        model: str | None = None,
        system_prompt: str = "",
        parameters: Mapping[str, Any] | None = None,
        project_id: str | None = None,
        web_search: bool = False,
    ) -> Conversation:
        """A new, empty conversation. Without a title it gets one from its first question.

        Raises InvalidRequest, and NotFound for a project that is not there.
        """
        now = now_text()
        row = _fields(title, model, system_prompt, parameters or {}) | {
            "id": new_id("conv"),
            "user_id": principal.user_id,
            "project_id": project_id,
            "web_search": web_search,
            "created_at": now,
            "updated_at": now,
        }
        row.setdefault("title", "")

        def insert(database: sqlite_utils.Database) -> Conversation:
            if project_id is not None:
                owned_project_row(database, principal, project_id, param="project_id")
            database.table("conversations").insert(row)
            return Conversation.from_row(owned_row(database, principal, str(row["id"])))

        return await self._database.write(insert)

    async def get(self, principal: Principal, conversation_id: str) -> Conversation:
        """One of the caller's own. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> Conversation:
            return Conversation.from_row(owned_row(database, principal, conversation_id))

        return await self._database.read(select)

    async def update(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        title: str | None = None,
        model: str | None = None,
        system_prompt: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        is_pinned: bool | None = None,
        is_archived: bool | None = None,
        tags: Sequence[str] | None = None,
        project_id: str | None = None,
        web_search: bool | None = None,
    ) -> Conversation:
        """Change what is not None; its place in the list stays. `model=""`: its project's or the
        portal's default. `project_id=""`: no project.

        `parameters` and `tags` replace all of them. Raises NotFound, InvalidRequest.
        """
        changes = _fields(title, model, system_prompt, parameters)
        changes |= arranged_columns(is_pinned=is_pinned, is_archived=is_archived, tags=tags)
        if project_id is not None:
            changes["project_id"] = project_id or None
        if web_search is not None:
            changes["web_search"] = web_search

        def change(database: sqlite_utils.Database) -> Conversation:
            if project_id:
                owned_project_row(database, principal, project_id, param="project_id")
            row = owned_row(database, principal, conversation_id) | changes
            database.execute(_UPDATE, row)
            return Conversation.from_row(row)

        return await self._database.write(change)

    async def delete(self, principal: Principal, conversation_id: str) -> None:
        """Move it to the trash; an answer that is being written stops. Raises NotFound."""
        await self.change_all(principal, [conversation_id], BulkChange("delete"))

    async def change_all(
        self, principal: Principal, ids: Sequence[str], change: BulkChange
    ) -> Sequence[str]:
        """Change 1 to 1,000 conversations, all or none; their ids, each once.

        Raises NotFound for the first that is not the caller's, or for the project; InvalidRequest.
        """
        return await self._database.write(
            lambda database: change_rows(database, principal, ids, change)
        )

    async def messages(self, principal: Principal, conversation_id: str) -> Sequence[Message]:
        """The whole tree, parents before their children. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> Sequence[Message]:
            return message_tree(database, owned_row(database, principal, conversation_id))

        return await self._database.read(select)

    async def path(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        limit: int = 50,
        leaf_id: str | None = None,
    ) -> Sequence[Message]:
        """The newest `limit` messages of one branch, oldest first: what a chat shows.

        leaf_id: the branch's last message, else that of the branch which was last looked at.
        There are older ones if the first message has a `parent_id`. Raises NotFound.
        """

        def select(database: sqlite_utils.Database) -> Sequence[Message]:
            row = owned_row(database, principal, conversation_id)
            leaf = leaf_id or tree.shown_leaf_id(database, row)
            rows = tree.branch_rows(database, conversation_id, leaf, limit)
            found = [Message.from_row(row) for row in rows]
            if leaf_id is not None and not found:
                raise not_found("message", leaf_id, param="leaf_id")
            return found

        return await self._database.read(select)


def message_tree(
    database: sqlite_utils.Database, conversation: Mapping[str, Any]
) -> Sequence[Message]:
    """All messages of that row of `conversations`, parents before their children."""
    sql = "SELECT * FROM messages WHERE conversation_id = ? ORDER BY number"
    return [Message.from_row(row) for row in database.query(sql, (conversation["id"],))]


def _fields(
    title: str | None,
    model: str | None,
    system_prompt: str | None,
    parameters: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The columns of what is not None, checked."""
    columns: dict[str, Any] = {}
    if title is not None:
        columns["title"] = checked_title(title)
        columns["title_by"] = "user"
    if model is not None:
        columns["model"] = check_text(model, param="model", max_chars=MAX_MODEL_CHARS) or None
    if system_prompt is not None:
        columns["system_prompt"] = check_text(
            system_prompt, param="system_prompt", max_chars=MAX_SYSTEM_PROMPT_CHARS
        )
    if parameters is not None:
        columns["parameters"] = json.dumps(conversation_parameters(parameters))
    return columns
