"""Fixture: a site that stands for the public web."""

from collections.abc import Iterator

import pytest

from tests.upstreams import PUBLIC, Site


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
