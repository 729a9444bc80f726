"""Fixtures: running portals that are reached over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from aiportal.settings import Settings
from tests.running import AppServer, PortalProcess, make_key, serving

__all__ = ["app_server", "server"]


@pytest.fixture
async def app_server(wired_settings: Settings) -> AsyncIterator[AppServer]:
    """The API (no pages) in this test's event loop on a real socket, with an admin's key."""
    async with serving(wired_settings) as server:
        yield server


@pytest.fixture
def server(wired_settings: Settings) -> Iterator[PortalProcess]:
    """`aiportal serve` in a process of its own, healthy, with an admin's key."""
    key = asyncio.run(make_key(wired_settings))
    with PortalProcess(wired_settings, key=key) as process:
        yield process
