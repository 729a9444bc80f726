"""What the list of chats is narrowed to, and the reader's time zone: kept in the page as one text."""

from dataclasses import dataclass, replace
from typing import Any, Self

import orjson

from aiportal.chat import ListFilter
from pages.texts import LANGUAGES

__all__ = ["ListView"]

MAX_MINUTES_EAST = 14 * 60
MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class ListView:
    """project_id, tag: "" for any. minutes_east: of UTC. Whatever the browser sends is one.

    language: the one that the page is in.
    """

    minutes_east: int = 0
    project_id: str = ""
    tag: str = ""
    is_archived: bool = False
    language: str = "en"

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """What `text` says, as far as it says anything."""
        try:
            found = orjson.loads(text or "{}")
        except orjson.JSONDecodeError:
            return cls()
        if isinstance(found, int):
            found = {"minutes_east": found}
        if not isinstance(found, dict):
            return cls()
        minutes = found.get("minutes_east")
        return cls(
            minutes_east=max(-MAX_MINUTES_EAST, min(MAX_MINUTES_EAST, minutes))
            if isinstance(minutes, int)
            else 0,
            project_id=_text(found.get("project_id")),
            tag=_text(found.get("tag")),
            is_archived=found.get("is_archived") is True,
            language=chosen if (chosen := _text(found.get("language"))) in LANGUAGES else "en",
        )

    @property
    def text(self) -> str:
        """What `parse` reads."""
        return orjson.dumps(self).decode()

    @property
    def is_narrowed(self) -> bool:
        """Whether it shows less than all chats that are not archived."""
        return bool(self.project_id or self.tag or self.is_archived)

    def narrowed(self, *, project_id: str = "", tag: str = "", is_archived: bool = False) -> Self:
        """The same reader's view of other chats."""
        return replace(self, project_id=project_id, tag=tag, is_archived=is_archived)

    def filter(self) -> ListFilter:
        """For the core."""
        return ListFilter(
            project_id=self.project_id or None,
            tag=self.tag or None,
            is_archived=self.is_archived,
        )


def _text(value: Any) -> str:
    return value[:MAX_CHARS] if isinstance(value, str) else ""
