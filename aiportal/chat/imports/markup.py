"""Pieces of Markdown that stand for what a message of another program held beside its text."""

import re
from typing import Final

__all__ = ["attachment", "fenced", "without_citations"]

_TICKS: Final = re.compile("`{3,}")
_LANGUAGE: Final = re.compile(r"[a-z0-9+#-]{1,20}")
_PLAIN_NAME: Final = re.compile(r"[\[\]*_`<>\s]+")
MAX_NAME_CHARS: Final = 100
# ChatGPT's references to sources that are not in the file: private characters around a code.
_CITATION: Final = re.compile("\ue200[^\ue200\ue201]*\ue201")


def fenced(text: str, language: str = "") -> str:
    """A block of code whose fence is longer than any within it; "" for no text."""
    if not text.strip():
        return ""
    longest = max((len(run) for run in _TICKS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    known = language if _LANGUAGE.fullmatch(language) else ""
    return f"{fence}{known}\n{text.strip(chr(10))}\n{fence}"


def attachment(kind: str, name: str = "") -> str:
    """Says that there was a picture or a file, which does not come with the text."""
    plain = _PLAIN_NAME.sub(" ", name[:MAX_NAME_CHARS]).strip()
    return f"*[{kind}: {plain}]*" if plain else f"*[{kind}]*"


def without_citations(text: str) -> str:
    """`text` without marks that lead nowhere."""
    return _CITATION.sub("", text)
