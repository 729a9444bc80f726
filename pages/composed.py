"""What the browser sends along with a question beside its words: files, and a choice for it alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiportal.errors import InvalidRequest
from pages.reader import worded

__all__ = ["Composed", "receipt"]

MAX_CHARS = 100_000
MAX_FILES = 100  # the core's own bound is lower, and says so


@dataclass(frozen=True, slots=True)
class Composed:
    """attachments: ids. model: "" for the one that is picked. project: "" for that of the list.
    is_temporary: the question is not to be stored. is_searched: the web is, before the answer.
    tools: of the portal, for the chat, as a request has them; None for what its model has anyway.
    chat_id, picked: the chat and the model that the page showed when the person sent the question;
    None and "" where the browser does not say.

    Nothing of it is believed: the core checks what it names against the caller.
    """

    attachments: tuple[str, ...] = ()
    model: str = ""
    project: str = ""
    is_temporary: bool = False
    is_searched: bool = False
    tools: Mapping[str, Any] | None = None
    chat_id: str | None = None
    picked: str = ""

    @classmethod
    def parse(cls, text: object) -> "Composed":
        """From the JSON of the page. A wish that is no such thing counts as none.

        Raises InvalidRequest for what is too long or no object: that the question is not to be
        stored may stand in it.
        """
        value = _object(text)
        files = value.get("attachments")
        tools, chat = value.get("tools"), value.get("chat")
        ids = [one for one in files if isinstance(one, str)] if isinstance(files, list) else []
        return cls(
            tuple(ids[:MAX_FILES]),
            _word(value.get("model")),
            _word(value.get("project")),
            value.get("temporary") is True,
            value.get("web") is True,
            tools if isinstance(tools, dict) else None,
            chat if isinstance(chat, str) else None,
            _word(value.get("picked")),
        )


def receipt(chat_id: str, wishes: str) -> str:
    """What tells the page that a question is taken, and in which chat. wishes: as they came."""
    return f"{chat_id} {wishes}"


def _object(text: object) -> Mapping[str, Any]:
    value = None
    if isinstance(text, str) and len(text) <= MAX_CHARS:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict):
        words = worded("What goes with the question is too long or damaged. Reload the page.")
        raise InvalidRequest(words, param="composed")
    return value


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
