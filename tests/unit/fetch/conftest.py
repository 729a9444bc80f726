"""Fixtures: a site that stands for the public web, a listener inside that has to stay silent.

127.0.0.2 is opened for the fetcher as if it were public; 127.0.0.1 is inside as it always is.
"""

from collections.abc import AsyncIterator, Iterator

import pytest

from aiportal.fetch import Fetcher, Tempo
from tests.upstreams import Names, Site

PUBLIC = "127.0.0.2"
QUICK = Tempo(interval_s=0, at_once=4, waiting=8)


@pytest.fixture(scope="module")
def _site() -> Iterator[Site]:
    with Site(PUBLIC) as site:
        yield site


@pytest.fixture
def site(_site: Site) -> Site:
    """Empty at the start of each test."""
    _site.requests.clear()
    _site.clear()
    return _site


@pytest.fixture(scope="module")
def inside() -> Iterator[Site]:
    """Nobody may come here: `inside.connections_made` stays 0."""
    with Site() as inside:
        yield inside


@pytest.fixture
def names() -> Names:
    return Names(
        {
            "public.test": [[PUBLIC]],
            "other.test": [[PUBLIC]],
            "localhost": [["127.0.0.1"]],
            "inside.test": [["127.0.0.1"]],
            "half.test": [[PUBLIC, "127.0.0.1"]],
            "six.test": [["::1"]],
            "mapped.test": [["::ffff:127.0.0.1"]],
            "zone.test": [["fe80::1%lo"]],
            "metadata.test": [["169.254.169.254"]],
            "rebinding.test": [[PUBLIC], ["127.0.0.1"]],
        }
    )


@pytest.fixture
async def fetcher(names: Names) -> AsyncIterator[Fetcher]:
    async with Fetcher.open([PUBLIC], look_up=names, tempo=QUICK) as fetcher:
        yield fetcher
