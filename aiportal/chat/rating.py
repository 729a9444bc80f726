"""What the owner of a conversation thinks of an answer in it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal, Self

from aiportal.chat.text_bounds import check_text
from aiportal.errors import InvalidRequest

__all__ = ["MAX_COMMENT_CHARS", "MAX_REASONS", "MAX_REASON_CHARS", "Rating", "RatingValue"]

MAX_COMMENT_CHARS: Final = 2_000
MAX_REASONS: Final = 10
MAX_REASON_CHARS: Final = 50

RatingValue = Literal["good", "poor"]
_VALUES: Final = ("good", "poor")


@dataclass(frozen=True, slots=True)
class Rating:
    """reasons: short texts, each once. comment: "" for none. rated_at: when it was last changed."""

    value: RatingValue
    comment: str
    reasons: Sequence[str]
    rated_at: str

    @classmethod
    def checked(cls, value: str, *, comment: str, reasons: Sequence[str], rated_at: str) -> Self:
        """Raises InvalidRequest for a value that is none, and for what is too long or too many."""
        if value not in _VALUES:
            raise InvalidRequest("`value` is `good` or `poor`.", param="value")
        if len(reasons) > MAX_REASONS:
            raise InvalidRequest(
                f"There are {len(reasons)} `reasons`; at most {MAX_REASONS} are taken.",
                param="reasons",
            )
        kept = [
            check_text(" ".join(reason.split()), param="reasons", max_chars=MAX_REASON_CHARS)
            for reason in reasons
        ]
        check_text(comment, param="comment", max_chars=MAX_COMMENT_CHARS)
        unique = tuple(dict.fromkeys(reason for reason in kept if reason))
        return cls("good" if value == "good" else "poor", comment.strip(), unique, rated_at)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """As `to_json` wrote it."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """For the database."""
        return json.dumps(asdict(self))
