"""The notebook's portal over both its backends, on the fake provider."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from aiportal.notebook.loop import BackgroundLoop
from aiportal.notebook.portal import Portal, connect
from aiportal.settings import Settings
from tests.running import AppServer, serving

BACKENDS = ("embedded", "remote")


@pytest.fixture
def remote_server(wired_settings: Settings) -> Iterator[AppServer]:
    """The API on a real socket and a loop of its own, for sync callers."""
    loop = BackgroundLoop()
    stack = AsyncExitStack()
    server = loop.run(stack.enter_async_context(serving(wired_settings)))
    yield server
    loop.run(stack.aclose())
    loop.close()


@pytest.fixture(params=BACKENDS)
def portal(request: pytest.FixtureRequest, wired_settings: Settings) -> Iterator[Portal]:
    """`Portal()` or `connect()`: a test that takes it runs with each."""
    if request.param == "embedded":
        made = Portal(settings=wired_settings)
    else:
        server: AppServer = request.getfixturevalue("remote_server")
        made = connect(server.url, api_key=server.key)
    with made:
        yield made
