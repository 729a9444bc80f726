"""Fake search providers on one site: Brave, Tavily, SearXNG and Wikipedia in their own forms."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.upstreams.answers import Answer, plain
from tests.upstreams.site import Site

__all__ = ["PATHS", "SearchSite", "brave", "searxng", "tavily", "wikipedia"]

PATHS: Mapping[str, str] = {
    "brave": "/brave/res/v1/web/search",
    "tavily": "/tavily/search",
    "searxng": "/searxng/search",
    "wikipedia": "/wikipedia/w/api.php",
}
Page = tuple[str, str]
"""Title and address."""


class SearchSite(Site):
    """`with SearchSite() as site:` `site.base_of("brave")` is what a setting names."""

    def base_of(self, name: str) -> str:
        return f"{self.base}/{name}"

    def finds(self, name: str, *answers: Answer) -> None:
        """Set what the provider says, call by call; the last answer stays."""
        self.page(PATHS[name], *answers)

    def calls(self, name: str) -> int:
        return len(self.asked(PATHS[name]))


def _json(value: object) -> Answer:
    return plain(json.dumps(value).encode())


def brave(*pages: Page, **extra: Any) -> Answer:
    found = [
        {"title": title, "url": url, "description": f"{title} <strong>by</strong> Brave"} | extra
        for title, url in pages
    ]
    return _json({"type": "search", "web": {"type": "search", "results": found}})


def tavily(*pages: Page, **extra: Any) -> Answer:
    found = [
        {"title": title, "url": url, "content": f"{title} by Tavily", "score": 0.9} | extra
        for title, url in pages
    ]
    return _json({"query": "", "results": found, "response_time": 1.0})


def searxng(*pages: Page, **extra: Any) -> Answer:
    found = [
        {"title": title, "url": url, "content": f"{title} by SearXNG", "engine": "x"} | extra
        for title, url in pages
    ]
    return _json({"query": "", "number_of_results": 0, "results": found, "suggestions": []})


def wikipedia(*titles: str, **extra: Any) -> Answer:
    found: Sequence[Mapping[str, Any]] = [
        {
            "ns": 0,
            "title": title,
            "pageid": number,
            "snippet": f'<span class="searchmatch">{title}</span> &amp; more',
            "timestamp": "2024-05-06T07:08:09Z",
        }
        | extra
        for number, title in enumerate(titles)
    ]
    return _json({"batchcomplete": True, "query": {"search": found}})
