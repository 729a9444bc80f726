"""Words and figures for the reader of the page whose event or request is being handled.

What is rendered deep below a handler does not carry the language along: `Access.principal`, which
every handler calls first, and the pages of their own set it for the task that handles the event.
Threads that are asked from there know it too, other tasks' readers do not.
"""

from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

from pages.texts import direction, say

__all__ = ["figure", "held_together", "language", "read_in", "worded"]

_LANGUAGE: Final[ContextVar[str]] = ContextVar("reader_language", default="en")
# Thousands and decimals, as Intl has them in the scripts; the others write as English does.
_SEPARATORS: Final = MappingProxyType(
    {"de": (".", ","), "es": (".", ","), "fr": ("\N{NARROW NO-BREAK SPACE}", ",")}
)


def read_in(language: str) -> None:
    """From here on the reader of this task reads `language`, one of `texts.LANGUAGES`."""
    _LANGUAGE.set(language)


def language() -> str:
    """The reader's language."""
    return _LANGUAGE.get()


def worded(text: str, **values: object) -> str:
    """The English `text` in the reader's language, with its `{placeholders}` filled."""
    return say(_LANGUAGE.get(), text, **values)


def held_together(text: str) -> str:
    """`text`, such as an amount with its sign, kept from left to right among words that run
    from right to left."""
    if direction(_LANGUAGE.get()) == "ltr":
        return text
    return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


def figure(value: float, decimals: int = 0) -> str:
    """A number with as many decimals, its thousands apart, as the reader's language writes it."""
    written = f"{value:,.{decimals}f}"
    thousands, point = _SEPARATORS.get(_LANGUAGE.get(), (",", "."))
    return written.translate({ord(","): thousands, ord("."): point})
