"""Fixtures: a fetcher, and a listener inside that has to stay silent.

127.0.0.2 is opened for the fetcher as if it were public; 127.0.0.1 is inside as it always is.
"""

from collections.abc import AsyncIterator, Iterator

import pytest

from aiportal.fetch import Fetcher, Tempo
from tests.upstreams import PUBLIC, Names, Site

QUICK = Tempo(interval_s=0, at_once=4, waiting=8)


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
