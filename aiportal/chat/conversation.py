"""A conversation without its messages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiportal.chat.text_bounds import check_text

__all__ = ["MAX_MODEL_CHARS", "MAX_TITLE_CHARS", "Conversation", "checked_title", "title_from"]

MAX_MODEL_CHARS = 100
MAX_TITLE_CHARS = 200
UNTITLED = "New chat"
MAX_TITLE_FROM_QUESTION = 60


@dataclass(frozen=True, slots=True)
class Conversation:
    """model: the id for its turns, None for its project's or else the portal's default.
    parameters: OpenAI's sampling fields. updated_at: when the last question was asked; the list is
    in this order. tags: words of the user's, in the order given. web_search: the web is searched for
    its questions, unless one says otherwise."""

    id: str
    title: str
    model: str | None
    system_prompt: str
    parameters: Mapping[str, Any]
    created_at: str
    updated_at: str
    project_id: str | None = None
    is_pinned: bool = False
    is_archived: bool = False
    tags: tuple[str, ...] = ()
    web_search: bool = False

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Conversation":
        """Build one from a row of the table `conversations`."""
        return cls(
            id=row["id"],
            title=row["title"] or UNTITLED,
            model=row["model"],
            system_prompt=row["system_prompt"],
            parameters=json.loads(row["parameters"]),
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            project_id=row["project_id"],
            is_pinned=bool(row["is_pinned"]),
            is_archived=bool(row["is_archived"]),
            tags=tuple(json.loads(row["tags"])),
            web_search=bool(row["web_search"]),
        )


def checked_title(title: str) -> str:
    """A title that somebody has given, on one line. Raises InvalidRequest."""
    line = " ".join(title.split())
    return check_text(line, param="title", max_chars=MAX_TITLE_CHARS, min_chars=1)


def title_from(question: str) -> str:
    """The first 60 characters or so of a question, cut at a word, on one line."""
    line = " ".join(question.replace("\0", " ").split())
    if len(line) <= MAX_TITLE_FROM_QUESTION:
        return line
    cut = line[: MAX_TITLE_FROM_QUESTION + 1].rpartition(" ")[0] or line[:MAX_TITLE_FROM_QUESTION]
    return cut.rstrip(" ,.;:-") + "…"
