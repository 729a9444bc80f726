"""The list of chats in the left column, and the month's spending below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from aiportal.chat import ConversationPage, Project, SearchMatch
from aiportal.errors import NotFound
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.components import HistoryRow, account_value, list_value, row_groups
from pages.footers import usd
from pages.list_view import ListView
from pages.texts import say

__all__ = ["History", "ListedChats"]

MAX_ROWS = 100
MAX_TAGS = 20


@dataclass(frozen=True, slots=True)
class ListedChats:
    """The value of the list, the titles in it by the chats' ids, and whether it will soon change by
    itself, by an answer that is being written in another chat than the open one, or by a title."""

    value: dict[str, Any]
    titles: Mapping[str, str]
    is_busy: bool


class History:
    """What stands in the left column for one caller."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    async def rows(
        self, principal: Principal, *, chat_id: str, search: str | None, clock: str | None
    ) -> ListedChats:
        """The pinned and the newest chats, or those that hold the words of `search`; `chat_id` is
        marked.

        clock: what the page knows of the list, a `ListView`.
        """
        is_titled = self._portal.titles.is_writing(principal)  # before: it may end while this reads
        words, view = (search or "").strip(), ListView.parse(clock)
        projects = (await self._portal.projects.list(principal)).data
        if view.project_id and all(one.id != view.project_id for one in projects):
            view = view.narrowed()
        pages, tags = await self._pages(principal, words, view)
        live = {turn.conversation_id for turn in self._portal.turns.running(principal)}
        rows = [row for page in pages for row in _rows(page, chat_id=chat_id, live=live)]
        groups = row_groups(
            rows, now=datetime.now(UTC), minutes_east=view.minutes_east, language=view.language
        )
        value = list_value(
            groups,
            label=say(view.language, "Chats"),
            note=_note(
                is_empty=not rows,
                is_search=bool(words),
                view=view,
                has_more=any(page.has_more for page in pages),
            ),
        )
        value |= self._around(view, projects, tags, is_search=bool(words))
        titles = {chat.id: chat.title for page in pages for chat in page.data}
        return ListedChats(value, titles, bool(live - {chat_id}) or is_titled)

    async def account(self, principal: Principal) -> dict[str, Any]:
        """Who is signed in, and what this month has cost so far (the month of UTC)."""
        month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        user = await self._portal.users.get(principal, principal.user_id)
        spent = await self._portal.ledger.spent_usd(principal, since=month)
        return account_value(
            user.name,
            user.username,
            spent=usd(spent),
            is_admin=principal.is_admin,
        )

    async def _pages(
        self, principal: Principal, words: str, view: ListView
    ) -> tuple[Sequence[ConversationPage], Sequence[str]]:
        """The pinned ones first, however old; a search is one list. And the tags that there are."""
        conversations, narrowed = self._portal.conversations, view.filter()
        try:
            if words or view.is_archived:
                found = await conversations.list(
                    principal, q=words or None, narrowed=narrowed, limit=MAX_ROWS
                )
                return [found], []
            shown = await conversations.overview(principal, narrowed=narrowed, limit=MAX_ROWS)
            return [shown.pinned, shown.others], shown.tags
        except NotFound:  # the project has gone in this moment
            return [], []

    @staticmethod
    def _around(
        view: ListView, projects: Sequence[Project], tags: Sequence[str], *, is_search: bool
    ) -> dict[str, Any]:
        """Where the reader is, and the ways to other lists."""
        ordered = sorted(projects, key=lambda project: project.name.casefold())
        listed = [
            {
                "id": project.id,
                "name": project.name,
                "instructions": project.instructions,
                "model": project.model or "",
            }
            for project in ordered
        ]
        here = next((one for one in listed if one["id"] == view.project_id), None)
        archived = say(view.language, "Archived")
        name = here["name"] if here else f"#{view.tag}" if view.tag else archived
        is_open = not (view.is_narrowed or is_search)
        return {
            "scope": {"name": name, "project": here} if view.is_narrowed else None,
            "has_ways": is_open,
            "projects": listed,
            "tags": list(tags)[:MAX_TAGS],
            "choices": orjson.dumps([[one["id"], one["name"]] for one in listed]).decode(),
        }


def _rows(page: ConversationPage, *, chat_id: str, live: set[str]) -> list[HistoryRow]:
    return [
        HistoryRow(
            id=chat.id,
            title=chat.title,
            at=datetime.fromisoformat(chat.updated_at),
            is_current=chat.id == chat_id,
            is_live=chat.id in live,
            is_pinned=chat.is_pinned,
            is_archived=chat.is_archived,
            project_id=chat.project_id or "",
            tags=chat.tags,
            title_pieces=_title_pieces(chat.title, page.matches.get(chat.id, ())),
            hits=[
                _pieces(match)
                for match in page.matches.get(chat.id, ())
                if match.message_id is not None
            ],
        )
        for chat in page.data
    ]


def _title_pieces(title: str, matches: Sequence[SearchMatch]) -> list[dict[str, object]]:
    match = next((one for one in matches if one.message_id is None), None)
    return [{"text": title, "is_hit": False}] if match is None else _pieces(match)


def _pieces(match: SearchMatch) -> list[dict[str, object]]:
    """The snippet cut at its spans; the template escapes each piece."""
    pieces: list[dict[str, object]] = []
    end = 0
    for start, stop in match.spans:
        pieces.append({"text": _plain(match.snippet[end:start]), "is_hit": False})
        pieces.append({"text": match.snippet[start:stop], "is_hit": True})
        end = stop
    pieces.append({"text": _plain(match.snippet[end:]), "is_hit": False})
    return [piece for piece in pieces if piece["text"]]


def _plain(text: str) -> str:
    """Without the marks of bold words and of code."""
    return text.replace("**", "").replace("`", "")


def _note(*, is_empty: bool, is_search: bool, view: ListView, has_more: bool) -> str:
    if is_empty and is_search:
        return say(view.language, "No chat holds these words.")
    if is_empty and view.is_archived:
        return say(view.language, "No chat is archived.")
    if is_empty and view.is_narrowed:
        return say(view.language, "No chat is here yet.")
    if is_empty:
        return say(view.language, "Your chats will be listed here.")
    if not has_more:
        return ""
    return say(
        view.language,
        "Only the newest {count} are listed. Search finds the others.",
        count=MAX_ROWS,
    )
