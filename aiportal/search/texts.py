"""Titles, snippets and times of providers, each in its own form, as plain bounded text."""

import html
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from aiportal.search.results import SearchResult

__all__ = ["field_of", "plain_html", "result_of"]

_MAX_TITLE_CHARS = 300
_MAX_SNIPPET_CHARS = 1_000
_MAX_URL_CHARS = 2_048
_MAX_DATE_CHARS = 60
_HIGHLIGHT = re.compile(r"</?(?:strong|b|em|i|span)\b[^<>]*>", re.IGNORECASE)


def plain_html(text: str) -> str:
    """Without the marks of what was found, and with characters for entities."""
    return html.unescape(_HIGHLIGHT.sub("", text))


def result_of(
    source: str, *, title: object, url: object, snippet: object, published: object = None
) -> SearchResult | None:
    """A result, None where the provider gave no address of a page."""
    if not isinstance(url, str) or len(url) > _MAX_URL_CHARS or not _is_web(url):
        return None
    shown = _plain(title, _MAX_TITLE_CHARS)
    text = _plain(snippet, _MAX_SNIPPET_CHARS)
    return SearchResult(shown or url, url, text, _moment(published), source)


def _is_web(url: str) -> bool:
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zs") for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _plain(text: object, max_chars: int) -> str:
    """On one line, without control characters and lone surrogates."""
    if not isinstance(text, str):
        return ""
    line = " ".join(text[: 10 * max_chars].split())
    shown = "".join(one for one in line if unicodedata.category(one) not in ("Cc", "Cs"))
    return shown if len(shown) <= max_chars else shown[: max_chars - 1] + "…"


def _moment(text: object) -> str | None:
    """ISO 8601 in UTC from ISO 8601, or from the form of mail and feeds (RFC 5322)."""
    if not isinstance(text, str) or len(text) > _MAX_DATE_CHARS:
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC).isoformat(timespec="seconds")
        except (ValueError, OverflowError):
            continue
    return None


def field_of(item: Mapping[str, Any], *path: str) -> Any:
    """What stands at `path` in nested objects, None where one of them is none."""
    value: Any = item
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
