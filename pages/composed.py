"""What the browser sends along with a question beside its words: files, and a choice for it alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Composed"]

MAX_CHARS = 10_000
MAX_FILES = 100  # the core's own bound is lower, and says so


@dataclass(frozen=True, slots=True)
class Composed:
    """attachments: ids. model: "" for the one that is picked. project: "" for that of the list.
    is_temporary: the question is not to be stored. is_searched: the web is, before the answer.
    tools: of the portal, for the chat, as a request has them; None for what its model has anyway.

    Nothing of it is believed: the core checks what it names against the caller.
    """

    attachments: tuple[str, ...] = ()
    model: str = ""
    project: str = ""
    is_temporary: bool = False
    is_searched: bool = False
    tools: Mapping[str, Any] | None = None

    @classmethod
    def parse(cls, text: object) -> "Composed":
        """From the JSON of the page; what is no such thing counts as nothing."""
        try:
            value = json.loads(text) if isinstance(text, str) and len(text) <= MAX_CHARS else {}
        except ValueError:
            value = {}
        if not isinstance(value, dict):
            return cls()
        files = value.get("attachments")
        tools = value.get("tools")
        ids = [one for one in files if isinstance(one, str)] if isinstance(files, list) else []
        return cls(
            tuple(ids[:MAX_FILES]),
            _word(value.get("model")),
            _word(value.get("project")),
            value.get("temporary") is True,
            value.get("web") is True,
            tools if isinstance(tools, dict) else None,
        )


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
