"""Full-text search: what a person types as an expression of FTS5, and what it has found."""

import random
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import orjson
import sqlite_utils

from aiportal.errors import InvalidRequest
from aiportal.principal import Principal

__all__ = ["HITS", "SearchMatch", "match_expression", "matches_of", "search_values"]

MAX_CHARS = 1_000
MAX_WORDS = 32  # each is one look-up in the index
# Of one search: bounds its time. Where more messages match, it is the newest that count.
MAX_HITS = 5_000
MATCHES_OF_MESSAGES = 3  # shown of one conversation
SNIPPET_WORDS = 16
MAX_SNIPPET_CHARS = 400  # a word may be as long as a message
MAX_SEARCHED_CHARS = 100_000  # of a message, for its snippet

HITS = """
hits AS MATERIALIZED (
  SELECT rowid AS number FROM messages_text WHERE messages_text MATCH :messages_match
  ORDER BY rowid DESC LIMIT :max_hits
),
places AS MATERIALIZED (
  SELECT m.conversation_id AS id, json_group_array(m.number) AS numbers
  FROM hits JOIN messages m USING (number) GROUP BY m.conversation_id
)
"""
_IS_FREQUENT = """
SELECT count(*) = :max_hits FROM (
  SELECT 1 FROM messages_text WHERE messages_text MATCH :match LIMIT :max_hits
)
"""
_MESSAGES = f"""
SELECT conversation_id, id, substr(content, 1, {MAX_SEARCHED_CHARS}) FROM messages
WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number DESC
"""
# What a page shows, indexed alone: to ask the large index once more would cost as much as before.
_INDEX = """
CREATE VIRTUAL TABLE shown USING fts5 (
  conversation UNINDEXED, message UNINDEXED, text, tokenize = 'unicode61 remove_diacritics 2'
)
"""
_MARKED = f"""
SELECT conversation, message, CASE WHEN message IS NULL THEN highlight(shown, 2, :mark, :mark)
  ELSE snippet(shown, 2, :mark, :mark, '…', {SNIPPET_WORDS}) END
FROM shown WHERE shown MATCH :match ORDER BY rowid
"""


@dataclass(frozen=True, slots=True)
class SearchMatch:
    """Where words of a search were found.

    message_id: None for the title. snippet: the text around them on one line, or the whole title.
    spans: the words within it, as pairs of (start, end) in characters, in order.
    """

    message_id: str | None
    snippet: str
    spans: tuple[tuple[int, int], ...]


def match_expression(words: str) -> str | None:
    """Rows that hold every word, or one that begins with it; None for an empty search.

    Every word is quoted, so no input is an operator or a syntax error.
    Raises InvalidRequest for more than 1,000 characters.
    """
    return " ".join(f"{word}*" for word in _quoted(words)) or None


def search_values(
    database: sqlite_utils.Database, principal: Principal, words: str
) -> dict[str, Any]:
    """What the SQL of a search is given: the words are looked for in the caller's own messages.

    A word that 5,000 of them hold is not also taken for the beginning of others.
    """
    owner = re.sub(r'["_]', "", principal.user_id)
    looked_for = []
    for word in _quoted(words):
        values = {"match": f'(owner : "{owner}") AND (content : {word})', "max_hits": MAX_HITS}
        is_frequent = database.execute(_IS_FREQUENT, values).fetchone()[0]
        looked_for.append(word if is_frequent else f"{word}*")
    return {
        "match": match_expression(words),
        "messages_match": f'(owner : "{owner}") AND (content : ({" ".join(looked_for)}))',
        "max_hits": MAX_HITS,
    }


def matches_of(
    database: sqlite_utils.Database, found: Sequence[Mapping[str, Any]], match: str
) -> dict[str, list[SearchMatch]]:
    """By conversation: the title first, then the newest messages, three at most.

    found: rows with `id`, `title` and, as a JSON list or NULL, the `numbers` of their messages.
    """
    numbers = orjson.dumps([number for row in found for number in _newest(row["numbers"])])
    texts = [(row["id"], None, row["title"]) for row in found]
    texts += database.execute(_MESSAGES, (numbers.decode(),)).fetchall()
    mark = f"\x02{random.getrandbits(64):016x}\x03"  # no text holds it
    matches: dict[str, list[SearchMatch]] = {row["id"]: [] for row in found}
    with closing(sqlite3.connect(":memory:")) as index:
        index.execute(_INDEX)
        index.executemany("INSERT INTO shown VALUES (?, ?, ?)", texts)
        for conversation, message, marked in index.execute(_MARKED, {"mark": mark, "match": match}):
            matches[conversation].append(_match(message, marked, mark))
    return matches


def _quoted(words: str) -> list[str]:
    if len(words) > MAX_CHARS:
        raise InvalidRequest(f"`q` takes at most {MAX_CHARS:,} characters.", param="q")
    # NUL would end the expression for SQLite, half a surrogate pair cannot be handed to it.
    cleaned = words.replace("\0", " ").encode(errors="replace").decode()
    return ['"' + word.replace('"', '""') + '"' for word in cleaned.split()[:MAX_WORDS]]


def _newest(numbers: str | None) -> list[int]:
    found: list[int] = orjson.loads(numbers or "[]")
    return sorted(found, reverse=True)[:MATCHES_OF_MESSAGES]


def _match(message_id: str | None, marked: str, mark: str) -> SearchMatch:
    """marked: text in which every second piece between marks is a word that was found."""
    snippet, spans = "", []
    for place, piece in enumerate(marked.split(mark)):
        start = len(snippet)
        snippet = (snippet + re.sub(r"\s+", " ", piece))[:MAX_SNIPPET_CHARS]
        if place % 2 and len(snippet) > start:
            spans.append((start, len(snippet)))
    return SearchMatch(message_id, snippet, tuple(spans))
