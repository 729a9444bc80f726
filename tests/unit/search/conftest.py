"""Fixtures: fake providers, and a search that asks them."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from aiportal.fetch import Fetcher, Tempo
from aiportal.principal import Principal
from aiportal.search import WebSearch
from aiportal.search.engine import Engine
from aiportal.search.providers import PROVIDERS
from tests.upstreams import SearchSite

QUICK = Tempo(interval_s=0, at_once=8)
ANN = Principal(user_id="ann", username="ann", role="user")
BEN = Principal(user_id="ben", username="ben", role="user")
MakeSearch = Callable[..., WebSearch]


@pytest.fixture(scope="module")
def _site() -> Iterator[SearchSite]:
    with SearchSite() as site:
        yield site


@pytest.fixture
def site(_site: SearchSite) -> SearchSite:
    """Empty at the start of each test."""
    _site.requests.clear()
    _site.clear()
    return _site


@pytest.fixture
async def fetcher(site: SearchSite) -> AsyncIterator[Fetcher]:
    async with Fetcher.open([f"127.0.0.1:{site.port}"]) as fetcher:
        yield fetcher


@pytest.fixture
def make(fetcher: Fetcher, site: SearchSite) -> MakeSearch:
    """`make("brave", "tavily")`: a search with these providers and Wikipedia."""

    def make(*names: str) -> WebSearch:
        return WebSearch(
            {
                name: Engine(fetcher, kind(site.base_of(name), f"{name}-key"), tempo=QUICK)
                for name, kind in PROVIDERS.items()
                if name in names or name == "wikipedia"
            }
        )

    return make
