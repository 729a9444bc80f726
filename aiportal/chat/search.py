"""Full-text search: what a person types as an expression of FTS5, and what it has found."""

import random
import re
from collections.abc import Mapping, Sequence
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
MAX_HITS = 10_000
MATCHES_OF_MESSAGES = 3  # shown of one conversation
SNIPPET_WORDS = 16
MAX_SNIPPET_CHARS = 400  # a word may be as long as a message

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
_TITLES = """
SELECT rowid AS number, highlight(conversations_text, 0, :mark, :mark) AS text
FROM conversations_text
WHERE conversations_text MATCH :match AND rowid BETWEEN :first AND :last
  AND +rowid IN (SELECT value FROM json_each(:numbers))
"""
# All of them in one walk: with the unary plus SQLite does not ask the index once for each.
_SNIPPETS = f"""
SELECT messages_text.rowid AS number, m.id, m.conversation_id,
  snippet(messages_text, 1, :mark, :mark, '…', {SNIPPET_WORDS}) AS text
FROM messages_text JOIN messages m ON m.number = messages_text.rowid
WHERE messages_text MATCH :messages_match AND messages_text.rowid BETWEEN :first AND :last
  AND +messages_text.rowid IN (SELECT value FROM json_each(:numbers))
ORDER BY messages_text.rowid DESC
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
    if len(words) > MAX_CHARS:
        raise InvalidRequest(f"`q` takes at most {MAX_CHARS:,} characters.", param="q")
    # NUL would end the expression for SQLite, half a surrogate pair cannot be handed to it.
    cleaned = words.replace("\0", " ").encode(errors="replace").decode()
    quoted = ['"' + word.replace('"', '""') + '"*' for word in cleaned.split()[:MAX_WORDS]]
    return " ".join(quoted) or None


def search_values(principal: Principal, match: str) -> dict[str, Any]:
    """What the SQL of a search is given: `match` is looked for in the caller's own messages."""
    owner = re.sub(r'["_]', "", principal.user_id)
    messages_match = f'(owner : "{owner}") AND (content : ({match}))'
    return {"match": match, "messages_match": messages_match, "max_hits": MAX_HITS}


def matches_of(
    database: sqlite_utils.Database, found: Sequence[Mapping[str, Any]], values: Mapping[str, Any]
) -> dict[str, list[SearchMatch]]:
    """By conversation: the title first, then the newest messages, three at most.

    found: rows with `id`, `number` and, as a JSON list or NULL, the `numbers` of their messages.
    values: what `search_values` has made.
    """
    mark = f"\x02{random.getrandbits(64):016x}\x03"  # no text holds it
    marking = {**values, "mark": mark}
    matches: dict[str, list[SearchMatch]] = {row["id"]: [] for row in found}
    ids = {row["number"]: row["id"] for row in found}
    for row in _walk(database, _TITLES, list(ids), marking):
        matches[ids[row["number"]]].append(_match(None, row["text"], mark))
    numbers = [number for row in found for number in _newest(row["numbers"])]
    for row in _walk(database, _SNIPPETS, numbers, marking):
        matches[row["conversation_id"]].append(_match(row["id"], row["text"], mark))
    return matches


def _walk(
    database: sqlite_utils.Database, sql: str, numbers: Sequence[int], values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    if not numbers:
        return []
    bounds = {
        "numbers": orjson.dumps(numbers).decode(),
        "first": min(numbers),
        "last": max(numbers),
    }
    return list(database.query(sql, {**values, **bounds}))


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
