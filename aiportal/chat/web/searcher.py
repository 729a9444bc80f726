"""Searches the web for one answer: a query from the conversation, results, the text of some pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiportal.chat.web.findings import Findings
from aiportal.chat.web.page_reader import MAX_PAGES, PageReader
from aiportal.chat.web.query import plainer, query_of, questions_of
from aiportal.dialects.web_search import WebSearchWish
from aiportal.errors import InvalidRequest, PortalError
from aiportal.events import SourceFound, WebSearched
from aiportal.principal import Principal
from aiportal.search import Found, SearchResult, WebSearch
from aiportal.usage import Door

__all__ = ["Gathered", "Searcher"]

MIN_READ_CHARS: Final = 2_500  # below that room for all sources a page would crowd the others out
MAX_PAGE_CHARS: Final = 3_000
_NO_QUERY: Final = "The question has no words to search the web for."
_NOTHING: Final = "The web was searched, and nothing was found."


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found, and what each source says: of some the page, of the others the snippet."""

    findings: Findings
    texts: tuple[str, ...]


class Searcher:
    """Keeps nothing; what was searched is remembered by `WebSearch`."""

    def __init__(self, search: WebSearch, reader: PageReader) -> None:
        self._search = search
        self._reader = reader

    async def gather(
        self,
        principal: Principal,
        wish: WebSearchWish,
        messages: Sequence[Mapping[str, Any]],
        *,
        source: Door,
        max_chars: int,
    ) -> Gathered:
        """max_chars: what a model is told of all sources.

        A search that fails leaves no sources and a note that says so, because an answer is worth
        more than none. Raises InvalidRequest for a provider that there is not, and what it says
        where one was named and cannot be asked.
        """
        query = wish.query if wish.query is not None else query_of(questions_of(messages))
        if not query:
            return _without("", _NO_QUERY)
        try:
            found = await self._found(principal, query, wish)
        except InvalidRequest:
            raise
        except PortalError as error:
            if wish.provider is not None:
                raise
            return _without(query, f"The web could not be searched. {error.message}")
        if not found.results:
            note = " ".join(filter(None, (_NOTHING, found.note)))
            return _without(query, note, provider=found.provider)
        searched = WebSearched(query, found.provider, found.note)
        sources = tuple(_sources(found.results))
        texts = await self._texts(principal, sources, source, max_chars)
        return Gathered(Findings(searched, sources), texts)

    async def _found(self, principal: Principal, query: str, wish: WebSearchWish) -> Found:
        """Where nothing is found, once more with the longest words alone."""
        provider, count = wish.provider, wish.max_results
        found = await self._search.search(principal, query, provider=provider, max_results=count)
        words = plainer(query)
        if found.results or not words or words == query:
            return found
        return await self._search.search(principal, words, provider=provider, max_results=count)

    async def _texts(
        self,
        principal: Principal,
        sources: Sequence[SourceFound],
        door: Door,
        max_chars: int,
    ) -> tuple[str, ...]:
        snippets = tuple(one.snippet for one in sources)
        if max_chars < MIN_READ_CHARS:
            return snippets
        room = min(MAX_PAGE_CHARS, max_chars // min(len(sources), MAX_PAGES))
        urls = [one.url for one in sources]
        pages = await self._reader.texts(principal, urls, source=door, max_chars=room)
        return tuple(page or snippet for page, snippet in zip(pages, snippets, strict=True))


def _sources(results: Sequence[SearchResult]) -> list[SourceFound]:
    return [
        SourceFound(number, one.title, one.url, one.snippet)
        for number, one in enumerate(results, start=1)
    ]


def _without(query: str, note: str, *, provider: str = "") -> Gathered:
    return Gathered(Findings(WebSearched(query, provider, note)), ())
