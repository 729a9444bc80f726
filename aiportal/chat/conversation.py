"""A conversation without its messages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["MAX_MODEL_CHARS", "MAX_TITLE_CHARS", "Conversation", "title_from"]

MAX_MODEL_CHARS = 100
MAX_TITLE_CHARS = 200
UNTITLED = "New chat"
MAX_TITLE_FROM_QUESTION = 60


@dataclass(frozen=True, slots=True)
class Conversation:
    """model: the id for its turns, None for the portal's default. parameters: OpenAI's sampling
    fields. updated_at: when the last question was asked; the list is in this order."""

    id: str
    title: str
    model: str | None
    system_prompt: str
    parameters: Mapping[str, Any]
    created_at: str
    updated_at: str

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
        )


def title_from(question: str) -> str:
    """The first 60 characters or so of a question, cut at a word, on one line."""
    line = " ".join(question.replace("\0", " ").split())
    if len(line) <= MAX_TITLE_FROM_QUESTION:
        return line
    cut = line[: MAX_TITLE_FROM_QUESTION + 1].rpartition(" ")[0] or line[:MAX_TITLE_FROM_QUESTION]
    return cut.rstrip(" ,.;:-") + "…"
