"""Search on the web."""

from aiportal.search.results import Found, SearchResult
from aiportal.search.search import MAX_QUERY_CHARS, MAX_RESULTS, WebSearch

__all__ = ["MAX_QUERY_CHARS", "MAX_RESULTS", "Found", "SearchResult", "WebSearch"]
