"""The site that the network's tools ask."""

import sys
from collections.abc import Iterator

import pytest

from tests.unit.tools.shipped.controllers import load
from tests.unit.tools.shipped.site import serving


@pytest.fixture(scope="package")
def site() -> Iterator[str]:
    """Its address; what `aiportal_tool.ask` asks from then on."""
    load("web-search")  # puts the module where controllers find it
    with serving() as url:
        sys.modules["aiportal_tool"].__dict__["site"]["url"] = url
        yield url
