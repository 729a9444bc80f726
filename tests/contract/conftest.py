"""Fixtures: one portal for all examples that are generated; two users of a test's own portal."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import aiohttp
import httpx
import pytest

from aiportal.settings import Settings
from tests.contract.conversing import Client
from tests.contract.tool_cases import write_tools
from tests.loopback import NO_TLS
from tests.running import AppServer, PortalProcess, key_of_new_user, make_key
from tests.upstreams import SearchSite, Upstream, write_model_config
from tests.upstreams.searching import wikipedia

TIMEOUT_S = 10


@pytest.fixture(scope="package")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalProcess]:
    """A portal without pages, with an admin's key, in front of a fake provider and Wikipedia."""
    folder = tmp_path_factory.mktemp("generated")
    with Upstream() as upstream, SearchSite() as site:
        site.finds("wikipedia", wikipedia("Alan Turing"))
        config = write_model_config(folder / "model_config", upstream.url)
        settings = Settings(
            data_dir=folder / "data",
            model_config_dir=config,
            tools_dir=write_tools(folder / "tools"),
            local_model="off",
            fetch_allow=(f"127.0.0.1:{site.port}",),
            search_urls=(f"wikipedia={site.base_of('wikipedia')}",),
        )
        key = asyncio.run(make_key(settings))
        with PortalProcess(settings, key=key, has_pages=False) as process:
            yield process


@pytest.fixture(scope="package")
def portal(process: PortalProcess) -> Iterator[httpx.Client]:
    """A client of `process`, with the admin's key."""
    with httpx.Client(
        verify=NO_TLS, base_url=process.url, headers=process.headers, timeout=TIMEOUT_S
    ) as client:
        yield client


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def ann(app_server: AppServer, session: aiohttp.ClientSession) -> Client:
    """The admin."""
    return Client(session, app_server.url + "/api/v1", app_server.headers)


@pytest.fixture
async def ben(app_server: AppServer, session: aiohttp.ClientSession) -> Client:
    """A plain user."""
    key = await key_of_new_user(app_server.portal, "ben")
    return Client(session, app_server.url + "/v1", {"X-API-Key": key})
