"""The page of a share, as a browser asks for it; without the rest of the web app."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from aiportal.accounts import COOKIE_NAME
from aiportal.api.app import create_app
from aiportal.api.listening import listening
from aiportal.portal import Portal
from aiportal.settings import Settings
from pages.shared_chats import SharedChatPages
from pages.static import StaticFiles
from tests.hostile import HOSTILE
from tests.loopback import NO_TLS
from tests.unit.chat.imports.files import CHATGPT, chatgpt, file_of, node

OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Browser:
    """A client with a reader's session that follows no redirect."""

    http: httpx.AsyncClient
    portal: Portal

    async def share(self, conversation: dict[str, object]) -> str:
        """A share of the admin's; its id."""
        owner = await self.portal.users.operator()
        report = await self.portal.imports.run(owner, file_of(conversation))
        return (await self.portal.shares.create(owner, report.conversations[0].id)).id


@pytest.fixture
def files() -> StaticFiles:
    """Read outside of the event loop, as at a start."""
    return StaticFiles.read()


@pytest.fixture
async def browser(wired_settings: Settings, files: StaticFiles) -> AsyncIterator[Browser]:
    async with Portal.open(wired_settings) as portal:
        operator = await portal.users.operator()
        reader = await portal.users.create(operator, username="ben", password=None)
        cookie = await portal.sessions.create(reader.id, user_agent="test")
        app = create_app(portal, with_pages=False)
        pages = await asyncio.to_thread(SharedChatPages, portal, files)
        app.router.routes.extend(pages.routes())
        async with (
            listening(app, wired_settings) as server,
            httpx.AsyncClient(
                verify=NO_TLS, base_url=server.url, cookies={COOKIE_NAME: cookie}
            ) as client,
        ):
            yield Browser(client, portal)


async def test_a_share_is_a_page_with_a_button(browser: Browser) -> None:
    share_id = await browser.share(CHATGPT)

    page = await browser.http.get(f"/share/{share_id}")

    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert '<h1 dir="auto">Heat pumps</h1>' in page.text
    assert "Shared by Administrator" in page.text
    assert f'action="/share/{share_id}/copy"' in page.text
    assert "turned round" in page.text


async def test_the_button_makes_a_chat_of_the_readers_own(browser: Browser) -> None:
    share_id = await browser.share(CHATGPT)

    answer = await browser.http.post(f"/share/{share_id}/copy", headers=OURS)

    assert answer.status_code == 303
    path, _, chat_id = answer.headers["location"].partition("chat=")
    assert path == "/?"
    copied = await browser.http.get(f"/api/v1/conversations/{chat_id}")
    assert copied.json()["title"] == "Heat pumps"


async def test_another_site_cannot_press_the_button(browser: Browser) -> None:
    share_id = await browser.share(CHATGPT)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}

    answer = await browser.http.post(f"/share/{share_id}/copy", headers=foreign)

    assert answer.status_code == 403
    assert (await browser.http.get("/api/v1/conversations")).json()["data"] == []


async def test_a_stranger_sees_nothing(browser: Browser) -> None:
    share_id = await browser.share(CHATGPT)
    browser.http.cookies.clear()

    page = await browser.http.get(f"/share/{share_id}")
    button = await browser.http.post(f"/share/{share_id}/copy", headers=OURS)

    assert (page.status_code, "Heat" in page.text) == (401, False)
    assert button.status_code == 303
    assert button.headers["location"] == f"/login?next=%2Fshare%2F{share_id}"


@pytest.mark.parametrize(
    "share_id", ["share_0", "x" * 3_000, "%3Cscript%3E", "..%5C", "%00", "%F0"]
)
async def test_what_is_not_shared_is_a_page_that_says_so(browser: Browser, share_id: str) -> None:
    page = await browser.http.get(f"/share/{share_id}")
    button = await browser.http.post(f"/share/{share_id}/copy", headers=OURS)

    for answer in (page, button):
        assert answer.status_code == 404
        assert "This chat is not shared" in answer.text
        assert "<script>" not in answer.text


async def test_a_hostile_chat_runs_nothing_in_the_page(browser: Browser) -> None:
    texts = list(HOSTILE.values())
    nodes = [
        node(str(number), str(number - 1) if number else None, role, text)
        for number, (role, text) in enumerate(zip(["user", "assistant"] * 20, texts, strict=False))
    ]
    share_id = await browser.share(chatgpt(*nodes, title="</title><script>hacked=1</script>"))

    page = await browser.http.get(f"/share/{share_id}")

    assert page.text.count("<script") == 1  # ours, for light and dark
    body = page.text.partition("<main>")[2]
    for tag in ("<img", "<svg", "<iframe", "<form", "<style", "<meta", "<link", 'javascript:w"'):
        assert tag not in body
