"""What the portal itself reads of a user's preferences: how the web app looks and starts chats.

Preferences hold whatever the user's programs put there, so nothing in them is taken on trust: a
value that is none of those below counts as if it were not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeVar, get_args

__all__ = ["Density", "SendKey", "Theme", "UserSettings"]

Theme = Literal["system", "light", "dark"]
Density = Literal["comfortable", "compact"]
SendKey = Literal["enter", "ctrl-enter"]
MAX_TEMPERATURE = 2.0
MAX_TOKENS = 10_000_000
MAX_MODEL_CHARS = 100
MAX_SYSTEM_PROMPT_CHARS = 50_000  # all preferences together have 64 KiB
MAX_LANGUAGE_CHARS = 20
_Word = TypeVar("_Word", bound=str)


@dataclass(frozen=True, slots=True)
class UserSettings:
    """`{"look": {"theme", "density"}, "language", "chat": {"model", "temperature", "top_p",
    "max_tokens", "system_prompt", "send_with"}}` of the preferences.

    None, and an empty text: not chosen. language: a tag such as `de`; which there are, doors know.
    The fields from `model` on are what new chats start with.
    """

    theme: Theme | None = None
    density: Density = "comfortable"
    language: str | None = None
    send_with: SendKey = "enter"
    model: str | None = None
    system_prompt: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None

    @classmethod
    def parse(cls, preferences: object) -> Self:
        """What they say, as far as it can be used."""
        found = _object(preferences)
        look, chat = _object(found.get("look")), _object(found.get("chat"))
        return cls(
            theme=_one_of(look.get("theme"), get_args(Theme)),
            density=_one_of(look.get("density"), get_args(Density)) or "comfortable",
            language=_text(found.get("language"), most=MAX_LANGUAGE_CHARS) or None,
            send_with=_one_of(chat.get("send_with"), get_args(SendKey)) or "enter",
            model=_text(chat.get("model"), most=MAX_MODEL_CHARS) or None,
            system_prompt=_text(chat.get("system_prompt"), most=MAX_SYSTEM_PROMPT_CHARS),
            temperature=_number(chat.get("temperature"), most=MAX_TEMPERATURE),
            top_p=_number(chat.get("top_p"), most=1.0),
            max_tokens=_count(chat.get("max_tokens")),
        )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _one_of(value: object, allowed: tuple[_Word, ...]) -> _Word | None:
    return next((word for word in allowed if word == value), None)


def _text(value: object, *, most: int) -> str:
    return value if isinstance(value, str) and len(value) <= most else ""


def _number(value: object, *, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        return None
    return float(value)


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_TOKENS:
        return None
    return value
