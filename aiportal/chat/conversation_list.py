"""The list of conversations: newest first, narrowed by what the user has arranged, searched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlite_utils

from aiportal.chat.arrangement import checked_tag
from aiportal.chat.conversation import Conversation
from aiportal.chat.owned_rows import owned_project_row, owned_row
from aiportal.chat.search import HITS, SearchMatch, match_expression, matches_of, search_values
from aiportal.errors import InvalidRequest
from aiportal.principal import Principal

__all__ = [
    "MAX_PAGE",
    "ConversationPage",
    "ListFilter",
    "Overview",
    "check_limit",
    "select_overview",
    "select_page",
]

MAX_PAGE = 200
MAX_TAGS_LISTED = 200

_WHERE = """
c.user_id = :user_id AND c.deleted_at IS NULL AND c.is_archived = :is_archived
  AND (:number IS NULL OR (c.updated_at, c.number) < (:updated_at, :number))
"""
_ORDER = "ORDER BY c.updated_at DESC, c.number DESC LIMIT :limit"
_FOUND = """
AND (places.id IS NOT NULL
  OR c.number IN (SELECT rowid FROM conversations_text WHERE conversations_text MATCH :match))
"""
_NARROWED = {
    "project_id": "AND c.project_id = :project_id",
    "tag": "AND EXISTS (SELECT 1 FROM json_each(c.tags) WHERE value = :tag COLLATE NOCASE)",
}
_TAGS = f"""
SELECT value FROM conversations c, json_each(c.tags)
WHERE c.user_id = ? AND c.deleted_at IS NULL AND c.tags <> '[]'
GROUP BY value ORDER BY value COLLATE NOCASE LIMIT {MAX_TAGS_LISTED}
"""


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What a list is narrowed to; None does not narrow it.

    is_archived: the archived ones alone, or the others alone. tag: upper case and lower case of
    ASCII are one.
    """

    project_id: str | None = None
    tag: str | None = None
    is_archived: bool = False
    is_pinned: bool | None = None


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """A part of the list. has_more: there are further ones after the last of `data`.

    matches: of a search, by the id of each conversation of `data`.
    """

    data: Sequence[Conversation]
    has_more: bool
    matches: Mapping[str, Sequence[SearchMatch]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overview:
    """What a list begins with, as of one moment: the newest of the pinned ones, of the others, and the
    words that the caller's conversations are tagged with, in order, 200 at most, none where the list
    is narrowed."""

    pinned: ConversationPage
    others: ConversationPage
    tags: Sequence[str]


def select_overview(
    database: sqlite_utils.Database, principal: Principal, *, narrowed: ListFilter, limit: int
) -> Overview:
    """See `Conversations.overview`. Raises NotFound for a project that is not there."""

    def page(*, is_pinned: bool) -> ConversationPage:
        chosen = replace(narrowed, is_pinned=is_pinned)
        return select_page(database, principal, q=None, narrowed=chosen, limit=limit, after=None)

    database.execute("BEGIN")  # a chat that is pinned meanwhile would be in neither page
    try:
        pinned, others = page(is_pinned=True), page(is_pinned=False)
        tags = _tags(database, principal) if narrowed == ListFilter() else []
    finally:
        database.execute("ROLLBACK")
    return Overview(pinned, others, tags)


def _tags(database: sqlite_utils.Database, principal: Principal) -> list[str]:
    return [str(row[0]) for row in database.execute(_TAGS, (principal.user_id,)).fetchall()]


def select_page(
    database: sqlite_utils.Database,
    principal: Principal,
    *,
    q: str | None,
    narrowed: ListFilter,
    limit: int,
    after: str | None,
) -> ConversationPage:
    """See `Conversations.list`. Raises NotFound for a cursor or a project that is not there."""
    check_limit(limit)
    match = match_expression(q or "")
    cursor = {} if after is None else owned_row(database, principal, after, param="after")
    if narrowed.tag is not None:
        checked_tag(narrowed.tag, param="tag")
    if narrowed.project_id is not None:
        owned_project_row(database, principal, narrowed.project_id, param="project")
    values: dict[str, Any] = {
        "user_id": principal.user_id,
        "updated_at": cursor.get("updated_at"),
        "number": cursor.get("number"),
        "is_archived": narrowed.is_archived,
        "limit": limit + 1,
    }
    where = _WHERE
    if narrowed.is_pinned is not None:  # no parameter: the index of pinned ones is asked for by it
        where += "AND c.is_pinned " if narrowed.is_pinned else "AND NOT c.is_pinned "
    for name, clause in _NARROWED.items():
        if (value := getattr(narrowed, name)) is not None:
            where += clause
            values[name] = value
    if match is None:
        rows = list(
            database.query(f"SELECT c.* FROM conversations c WHERE {where} {_ORDER}", values)
        )
        return _page(rows, limit)
    values |= search_values(database, principal, q or "")
    sql = f"""
        WITH {HITS} SELECT c.*, places.numbers
        FROM conversations c LEFT JOIN places ON places.id = c.id WHERE {where} {_FOUND} {_ORDER}
    """
    rows = list(database.query(sql, values))
    return _page(rows, limit, matches_of(database, rows[:limit], match))


def check_limit(limit: int) -> None:
    """Raises InvalidRequest for a page that is empty or larger than the largest."""
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidRequest(f"`limit` is 1 to {MAX_PAGE}, not {limit}.", param="limit")


def _page(
    rows: Sequence[Mapping[str, Any]],
    limit: int,
    matches: Mapping[str, Sequence[SearchMatch]] | None = None,
) -> ConversationPage:
    data = [Conversation.from_row(row) for row in rows[:limit]]
    return ConversationPage(data, has_more=len(rows) > limit, matches=matches or {})
