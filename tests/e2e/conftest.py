"""One portal in a process of its own and one browser for all tests of this folder.

Each test gets people of its own and a browser context of its own; at its end the page must have
asked no other host for anything and written no error to its console.
"""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from aiportal.portal import Portal
from aiportal.settings import Settings
from tests.e2e.people import People, Person
from tests.e2e.watched import TIMEOUT_MS, Watched
from tests.running import PortalProcess
from tests.system_parts import chromium
from tests.tool_folder import write_tools
from tests.upstreams import SearchSite, Upstream, write_model_config
from tests.upstreams.mcp_servers import honest_server, serving_mcp_in_thread

ROOT = Path(__file__).parents[2]
LINKS = 6
PEOPLE = 120  # more than there are tests; each takes what it needs
# An answer that is held open while much else is tried is not to be cut off.
PATIENT = {"connect": 5, "firstByte": 60, "betweenBytes": 600, "total": 900}
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def provider() -> Iterator[Upstream]:
    """The fake provider behind `acme/fast` and `acme/slow`; tests script its answers."""
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="package")
def search_site() -> Iterator[SearchSite]:
    """The fake Wikipedia that the portal searches."""
    with SearchSite() as site:
        yield site


@pytest.fixture(scope="package")
def mcp_port() -> Iterator[int]:
    """Of an MCP server that the portal may fetch from; nothing names it yet."""
    with serving_mcp_in_thread(honest_server()) as port:
        yield port


@pytest.fixture(scope="package")
def settings(
    tmp_path_factory: pytest.TempPathFactory,
    provider: Upstream,
    search_site: SearchSite,
    mcp_port: int,
    weights_cache: Path,
) -> Settings:
    """Settings of the portal: the fake provider's models and the embedded one."""
    folder = tmp_path_factory.mktemp("e2e")
    shipped = json.loads((ROOT / "model_config" / "config.json").read_text())["providers"]["local"]
    acme = {"dialect": "openai", "apiBase": provider.url, "apiKeyEnv": None}
    config = write_model_config(
        folder / "model_config",
        provider.url,
        config={"providers": {"acme": acme, "local": shipped}, "timeouts": PATIENT},
    )
    shutil.copytree(ROOT / "model_config" / "models" / "local", config / "models" / "local")
    return Settings(
        port=0,
        data_dir=folder / "data",
        cache_dir=weights_cache,
        model_config_dir=config,
        tools_dir=_tools(folder / "tools"),
        local_model="on",
        chat_titles="off",
        search_urls=(f"wikipedia={search_site.base_of('wikipedia')}",),
        fetch_allow=(f"127.0.0.1:{search_site.port}", f"127.0.0.1:{mcp_port}"),
    )


def _tools(folder: Path) -> Path:
    """Those of all tests, and the shipped one that runs code."""
    write_tools(folder)
    shutil.copytree(ROOT / "tools" / "code-execution", folder / "code-execution")
    shutil.copy(ROOT / "tools" / "config.json", folder)
    return folder


@pytest.fixture(scope="package")
def people(settings: Settings) -> People:
    """Users with a session each, and one-time links for the admin."""

    async def make() -> People:
        async with Portal.open(settings) as portal:
            operator = await portal.users.operator()
            found = []
            for number in range(PEOPLE):
                user = await portal.users.create(
                    operator, username=f"person{number}", name=f"Person {number}", password=None
                )
                cookie = await portal.sessions.create(user.id, user_agent="test")
                found.append(Person(user.username, cookie))
            await portal.users.create(operator, username="mei", password="Secret-123!")
            tokens = [await portal.links.create(operator, "admin") for _ in range(LINKS)]
            return People(found, tokens)

    return asyncio.run(make())


@pytest.fixture(scope="package")
def portal(settings: Settings, people: People) -> Iterator[PortalProcess]:
    """`aiportal serve`, with the web app."""
    with PortalProcess(settings) as process:
        yield process


@pytest.fixture(scope="package")
def browser(portal: PortalProcess) -> Iterator[Browser]:
    """Chromium without a window."""
    program = chromium()
    if program is None:
        pytest.fail("There is no Chromium. Run: python -m tests.system_parts")
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def person(people: People) -> Person:
    """Somebody who has no chats yet."""
    return people.next()


@pytest.fixture
def watched(browser: Browser, portal: PortalProcess) -> Iterator[Watched]:
    """Opens pages; at the end of the test it fails for whatever they should not have done."""
    with Watched(browser, portal.url) as watched:
        yield watched


@pytest.fixture
def watched_page(watched: Watched) -> Callable[..., Page]:
    """Opens pages of somebody who is not signed in; keywords as `Watched.page` has them."""
    return watched.page


@pytest.fixture
def people_next(people: People) -> Callable[[], Person]:
    """Gives somebody else at each call."""
    return people.next


@pytest.fixture
def portal_url(portal: PortalProcess) -> str:
    """The portal's address, without a trailing slash."""
    return portal.url


@pytest.fixture
def stranger(watched: Watched) -> Page:
    """A page of somebody who is not signed in."""
    return watched.page()


@pytest.fixture
def open_chat(watched: Watched, person: Person) -> Callable[..., Page]:
    """Opens the web app as `person`; keywords as `Watched.page` has them, `path` to start at."""

    def open_at(path: str = "/", **options: Any) -> Page:
        page = watched.page(person.cookie, **options)
        page.goto(path)
        page.wait_for_selector("html[data-ready]")
        return page

    return open_at
