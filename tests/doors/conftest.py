"""The notebook's portal over both its backends, and in a kernel, on the fake provider."""

import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from aiportal.notebook.loop import BackgroundLoop
from aiportal.notebook.portal import Portal, connect
from aiportal.settings import Settings
from tests.doors.kernel import Kernel
from tests.running import AppServer, serving
from tests.upstreams import SearchSite, Upstream, write_model_config

BACKENDS = ("embedded", "remote")
ROOT = Path(__file__).parents[2]
SETUP = "%load_ext aiportal\nfrom aiportal import Portal, launch\nportal = Portal()"


@pytest.fixture
def search_site() -> Iterator[SearchSite]:
    """The fake search providers, of which Wikipedia is set up for `portal`."""
    with SearchSite() as site:
        yield site


@pytest.fixture
def wired_settings(wired_settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """With the fake search providers, where a test takes them."""
    if "search_site" not in request.fixturenames:
        return wired_settings
    site: SearchSite = request.getfixturevalue("search_site")
    changes = {
        "search_urls": (f"wikipedia={site.base_of('wikipedia')}",),
        "fetch_allow": (f"127.0.0.1:{site.port}",),
    }
    return wired_settings.model_copy(update=changes)


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


@pytest.fixture(scope="package")
def provider() -> Iterator[Upstream]:
    """The fake provider of the kernel's portal."""
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="package")
def kernel(provider: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with `portal`, `launch` and the magics, one for all tests of this folder."""
    folder = tmp_path_factory.mktemp("kernel")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "IPYTHONDIR": str(folder / "ipython"),
        "AIPORTAL_DATA_DIR": str(folder / "data"),
        "AIPORTAL_MODEL_CONFIG_DIR": str(write_model_config(folder / "config", provider.url)),
        "AIPORTAL_LOCAL_MODEL": "off",
    }
    with Kernel(environment) as kernel:
        assert kernel.run(SETUP).text == ""
        yield kernel
