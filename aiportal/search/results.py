"""What a search finds."""

from dataclasses import dataclass

__all__ = ["Found", "SearchResult"]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page. Title and snippet are plain text from a stranger.

    published: when the page was, or was last changed, in ISO 8601; None where it is not told.
    source: the providers that found it, separated by commas.
    """

    title: str
    url: str
    snippet: str
    published: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Found:
    """results: best first. provider: those that were heard, separated by commas.

    note: in words, what should be known of them: that only Wikipedia was asked, who did not answer.
    """

    results: tuple[SearchResult, ...]
    provider: str
    note: str | None
