"""Search providers: how each is asked and what its answer says. Pure; `Engine` does the asking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol
from urllib.parse import quote, urlencode

import orjson

from aiportal.errors import UpstreamError
from aiportal.fetch import Tempo
from aiportal.search.results import SearchResult
from aiportal.search.texts import field_of, plain_html, result_of

__all__ = [
    "PROVIDERS",
    "Asking",
    "Brave",
    "Provider",
    "ProviderKind",
    "SearXNG",
    "Tavily",
    "Wikipedia",
]


@dataclass(frozen=True, slots=True)
class Asking:
    """One request. content: a JSON body that is posted, None for GET."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


class Provider(Protocol):
    """One provider with its address and its key."""

    name: ClassVar[str]
    is_web: ClassVar[bool]
    """Whether it knows the whole web."""
    variable: ClassVar[str | None]
    """The environment variable that it cannot do without."""
    usual_base: ClassVar[str | None]
    tempo: ClassVar[Tempo]

    def asking(self, query: str, count: int) -> Asking:
        """How to ask for `count` results; it may give fewer or more."""

    def results(self, answer: Any) -> Sequence[SearchResult]:
        """What its decoded answer says, best first."""


class ProviderKind(Protocol):
    """A class of a provider."""

    name: str
    is_web: bool
    variable: str | None
    usual_base: str | None

    def __call__(self, base: str, key: str) -> Provider:
        """base: without a trailing slash."""


@dataclass(frozen=True, slots=True)
class Brave:
    """https://api-dashboard.search.brave.com/documentation: `web/search`, at most 20 results."""

    base: str
    key: str

    name: ClassVar[str] = "brave"
    is_web: ClassVar[bool] = True
    variable: ClassVar[str | None] = "BRAVE_API_KEY"
    usual_base: ClassVar[str | None] = "https://api.search.brave.com"
    tempo: ClassVar[Tempo] = Tempo(interval_s=1.0, burst=2)  # the free plan's

    def asking(self, query: str, count: int) -> Asking:
        """See Provider."""
        asked = urlencode({"q": query, "count": min(count, 20), "text_decorations": "false"})
        headers = {"X-Subscription-Token": self.key, "Accept": "application/json"}
        return Asking(f"{self.base}/res/v1/web/search?{asked}", headers)

    def results(self, answer: Any) -> Sequence[SearchResult]:
        """See Provider."""
        if isinstance(answer, dict) and answer.get("web") is None:  # its way to say: nothing
            return []
        return [
            found
            for item in _objects(self.name, field_of(answer, "web", "results"))
            if (
                found := result_of(
                    self.name,
                    title=_plain(item.get("title")),
                    url=item.get("url"),
                    snippet=_plain(item.get("description")),
                    published=item.get("page_age"),
                )
            )
        ]


@dataclass(frozen=True, slots=True)
class Tavily:
    """https://docs.tavily.com/documentation/api-reference/endpoint/search, at most 20 results."""

    base: str
    key: str

    name: ClassVar[str] = "tavily"
    is_web: ClassVar[bool] = True
    variable: ClassVar[str | None] = "TAVILY_API_KEY"
    usual_base: ClassVar[str | None] = "https://api.tavily.com"
    tempo: ClassVar[Tempo] = Tempo(interval_s=0.6)  # 100 calls a minute

    def asking(self, query: str, count: int) -> Asking:
        """See Provider."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        body = {"query": query, "max_results": min(count, 20)}
        return Asking(f"{self.base}/search", headers, orjson.dumps(body))

    def results(self, answer: Any) -> Sequence[SearchResult]:
        """See Provider."""
        return _listed(self.name, answer, snippet="content", published="published_date")


@dataclass(frozen=True, slots=True)
class SearXNG:
    """https://docs.searxng.org/dev/search_api.html; `json` has to be among its `search.formats`."""

    base: str
    key: str

    name: ClassVar[str] = "searxng"
    is_web: ClassVar[bool] = True
    variable: ClassVar[str | None] = "SEARXNG_URL"
    usual_base: ClassVar[str | None] = None
    tempo: ClassVar[Tempo] = Tempo(interval_s=0.2)

    def asking(self, query: str, count: int) -> Asking:  # noqa: ARG002 - it gives what it has
        """See Provider."""
        return Asking(f"{self.base}/search?{urlencode({'q': query, 'format': 'json'})}")

    def results(self, answer: Any) -> Sequence[SearchResult]:
        """See Provider."""
        return _listed(self.name, answer, snippet="content", published="publishedDate")


@dataclass(frozen=True, slots=True)
class Wikipedia:
    """https://www.mediawiki.org/wiki/API:Search, of any wiki of MediaWiki's; needs no key."""

    base: str
    key: str

    name: ClassVar[str] = "wikipedia"
    is_web: ClassVar[bool] = False
    variable: ClassVar[str | None] = None
    usual_base: ClassVar[str | None] = "https://en.wikipedia.org"
    tempo: ClassVar[Tempo] = Tempo(interval_s=0.2)

    def asking(self, query: str, count: int) -> Asking:
        """See Provider."""
        asked = {
            "action": "query",
            "list": "search",
            "srsearch": query[:300],  # the most that its search takes
            "srlimit": count,
            "srprop": "snippet|timestamp",
            "format": "json",
            "formatversion": 2,
        }
        return Asking(f"{self.base}/w/api.php?{urlencode(asked)}")

    def results(self, answer: Any) -> Sequence[SearchResult]:
        """See Provider."""
        return [
            found
            for item in _objects(self.name, field_of(answer, "query", "search"))
            if isinstance(title := item.get("title"), str)
            and (
                found := result_of(
                    self.name,
                    title=title,
                    url=f"{self.base}/wiki/{quote(title.replace(' ', '_'), safe=':/()!,')}",
                    snippet=_plain(item.get("snippet")),
                    published=item.get("timestamp"),
                )
            )
        ]


PROVIDERS: Mapping[str, ProviderKind] = {
    kind.name: kind for kind in (Brave, Tavily, SearXNG, Wikipedia)
}


def _listed(name: str, answer: Any, *, snippet: str, published: str) -> Sequence[SearchResult]:
    """Those of `results`, whose snippet and date stand under these names."""
    return [
        found
        for item in _objects(name, field_of(answer, "results"))
        if (
            found := result_of(
                name,
                title=item.get("title"),
                url=item.get("url"),
                snippet=item.get(snippet),
                published=item.get(published),
            )
        )
    ]


def _plain(text: object) -> object:
    return plain_html(text) if isinstance(text, str) else None


def _objects(name: str, value: object) -> Sequence[Mapping[str, Any]]:
    """Raises UpstreamError where there is no list."""
    if not isinstance(value, list):
        raise UpstreamError(
            f"The search provider {name!r} answered in another form than it should.",
            upstream_status=200,
        )
    return [item for item in value if isinstance(item, dict)]
