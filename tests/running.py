"""Portals that tests talk to over sockets: in this event loop, or in a process of their own."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from aiportal.api.app import create_app
from aiportal.api.listening import listening
from aiportal.portal import Portal
from aiportal.settings import Settings
from aiportal.usage import UsageRow
from tests.processes import ServerProcess

__all__ = [
    "AppServer",
    "PortalProcess",
    "chat_chunks",
    "key_of_new_user",
    "make_key",
    "make_key_of_new_user",
    "serving",
]

API_ONLY = "tests.performance.portal_process"


@dataclass(frozen=True)
class AppServer:
    """url: without a trailing slash. key: of the admin. portal: the one behind it."""

    url: str
    key: str
    portal: Portal

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    async def rows(self, count: int = 1) -> Sequence[UsageRow]:
        """All usage rows, as soon as there are `count`. Raises TimeoutError after two seconds."""
        operator = await self.portal.users.operator()
        deadline = asyncio.get_running_loop().time() + 2
        while len(rows := await self.portal.ledger.rows(operator)) < count:
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"there are {len(rows)} usage rows, not {count}")
            await asyncio.sleep(0.01)
        return rows


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[AppServer]:
    """The API without pages on a real socket, in the running event loop."""
    async with Portal.open(settings) as portal:
        _, key = await portal.keys.create(await portal.users.operator(), name="test")
        app = create_app(portal, with_pages=False)
        async with listening(app, settings) as server:
            yield AppServer(server.url, key, portal)


async def make_key(settings: Settings, *, username: str | None = None) -> str:
    """Make the data folder ready and a key of `username` (default: the admin) in it; the key."""
    async with Portal.open(settings) as portal:
        principal = await portal.users.operator()
        _, key = await portal.keys.create(principal, name="test", username=username)
        return key


async def key_of_new_user(portal: Portal, username: str) -> str:
    """A key of a plain user who is made for it, without a password."""
    operator = await portal.users.operator()
    await portal.users.create(operator, username=username, password=None)
    return (await portal.keys.create(operator, name="test", username=username))[1]


async def make_key_of_new_user(settings: Settings, username: str) -> str:
    """The same in the data folder of a portal that is not open here."""
    async with Portal.open(settings) as portal:
        return await key_of_new_user(portal, username)


async def chat_chunks(server: AppServer, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The chunks of a streamed chat completion."""
    url = f"{server.url}/v1/chat/completions"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json={**body, "stream": True}, headers=server.headers) as response,
    ):
        lines = (await response.text()).splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


class PortalProcess(ServerProcess):
    """A portal in a process of its own, with these settings; `headers` carry `key`.

    has_pages: False starts the API alone, which takes a fraction of the time and memory.
    environment: variables beside those of the settings. launcher: see ServerProcess.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        key: str = "",
        has_pages: bool = True,
        environment: Mapping[str, str] | None = None,
        launcher: Sequence[str] = (),
    ) -> None:
        super().__init__(
            "aiportal" if has_pages else API_ONLY,
            folder=settings.data_dir.parent,
            environment=_environment(settings) | dict(environment or {}),
            health="/health",
            launcher=launcher,
        )
        self.settings = settings
        self.key = key
        self.headers = {"Authorization": f"Bearer {key}"}


def _environment(settings: Settings) -> dict[str, str]:
    """The variables that give another process these settings."""
    variables = {
        "AIPORTAL_DATA_DIR": str(settings.data_dir),
        "AIPORTAL_CACHE_DIR": str(settings.cache_dir),
        "AIPORTAL_LOCAL_MODEL": settings.local_model,
        "AIPORTAL_SANDBOX": settings.sandbox,
        "AIPORTAL_LOG_LEVEL": settings.log_level,
        "AIPORTAL_CHAT_TITLES": settings.chat_titles,
        "AIPORTAL_DISCOVER_LOCAL": str(settings.discover_local),
        "AIPORTAL_LOCAL_SERVERS": ",".join(settings.local_servers),
        "AIPORTAL_FETCH_ALLOW": ",".join(settings.fetch_allow),
        "AIPORTAL_SEARCH_URLS": ",".join(settings.search_urls),
    }
    if settings.tools_dir is not None:
        variables["AIPORTAL_TOOLS_DIR"] = str(settings.tools_dir)
    if settings.model_config_dir is not None:
        variables["AIPORTAL_MODEL_CONFIG_DIR"] = str(settings.model_config_dir)
    return variables
