"""What to search for, from what was asked.

No model is asked for it: that would cost a call before each answer, and small models make the words
worse. The last question is searched as it stands; of a long one the sentence that asks; and where it
points back ("and when did she die?"), with the question before it.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["plainer", "query_of", "questions_of"]

MAX_CHARS: Final = 240
MAX_READ_CHARS: Final = 20_000  # of one question
MAX_BEFORE_CHARS: Final = 120  # of the question before
MAX_POINTING_CHARS: Final = 90  # a longer one says itself what it is about
MIN_WORD_CHARS: Final = 4
MAX_WORDS: Final = 6
_FENCED: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_SENTENCE: Final = re.compile(r"[^.!?。！？؟\n]+[.!?。！？؟]*")
_WORD: Final = re.compile(r"[^\W_](?:[\w'’.-]*\w)?")
_POINTING: Final = re.compile(
    r"\b(?:it|its|they|them|their|he|him|his|she|her|this|that|these|those|there|then"
    r"|er|sie|es|ihn|ihm|ihr|ihre|sein|seine|das|dies|diese|dieser|davon|dort"
    r"|él|ella|ellos|ellas|eso|esto|esta|ese|su|sus|allí"
    r"|il|elle|ils|elles|ce|cela|ça|cette|ces|leur|leurs|là)\b|[它他她这那其]|(?:^|\s)(?:هو|هي|هذا|هذه|ذلك)\b",
    re.IGNORECASE,
)


def questions_of(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The last two texts of the user's in messages of Chat Completions, the older first."""
    texts = [_text(one.get("content")) for one in messages if one.get("role") == "user"]
    return texts[-2:]


def query_of(questions: Sequence[str]) -> str:
    """questions: the user's, oldest first. At most 240 characters; "" where there is nothing."""
    if not questions:
        return ""
    query = _asked(questions[-1])
    if len(questions) > 1 and len(query) <= MAX_POINTING_CHARS and _POINTING.search(query):
        before = _cut(_asked(questions[-2]), MAX_BEFORE_CHARS)
        query = f"{before} {query}".strip()
    return _cut(query, MAX_CHARS)


def plainer(query: str) -> str:
    """Its longest words alone, for a search that wants all words and found nothing."""
    words = [word for word in _WORD.findall(query) if len(word) >= MIN_WORD_CHARS]
    kept = set(sorted(words, key=len, reverse=True)[:MAX_WORDS])
    return " ".join(word for word in dict.fromkeys(words) if word in kept)


def _asked(question: str) -> str:
    """On one line, without code; of a long text the last sentence that asks, else the first."""
    text = _FENCED.sub("\n", question[:MAX_READ_CHARS])
    line = _line(text)
    if len(line) <= MAX_CHARS:
        return line
    sentences = [one for match in _SENTENCE.finditer(text) if (one := _line(match[0]))]
    asking = [one for one in sentences if one.endswith(("?", "？", "؟"))]
    return asking[-1] if asking else next(iter(sentences), "")


def _line(text: str) -> str:
    joined = " ".join(text.split())
    return "".join(one for one in joined if unicodedata.category(one) not in ("Cc", "Cf", "Cs"))


def _cut(text: str, max_chars: int) -> str:
    """At a word, where there is one."""
    if len(text) <= max_chars:
        return text
    return text[: max_chars + 1].rpartition(" ")[0] or text[:max_chars]


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, Mapping))
    return "\n".join(text for text in texts if isinstance(text, str))
