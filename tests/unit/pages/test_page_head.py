"""Our tags come first in the head of Gradio's page, in the reader's language, and nowhere else."""

import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from aiportal.accounts import UserSettings
from aiportal.api.listening import listening
from aiportal.settings import Settings
from pages.page_head import PageHead
from pages.static import StaticFiles

PAGE = '<html\n\tlang="en"\n><head><title>⟦Today⟧</title></head><body><head></body></html>'
PLAIN = {"accept-encoding": "identity"}


async def _page(request: Request) -> Response:
    return HTMLResponse(PAGE, headers={"x-saw": request.headers.get("accept-encoding", "none")})


async def _chosen(request: Request) -> UserSettings:
    """What stands in the address, instead of in a database."""
    look = {"theme": request.query_params.get("theme"), "density": "compact"}
    return UserSettings.parse({"look": look, "language": request.query_params.get("language")})


@pytest.fixture(scope="module")
def files() -> StaticFiles:
    return StaticFiles.read()


@pytest.fixture
async def client(settings: Settings, files: StaticFiles) -> AsyncIterator[aiohttp.ClientSession]:
    routes = [Route(path, _page) for path in ("/", "/config", "/other")]
    app = PageHead(Starlette(routes=routes), files=files, read=_chosen)
    async with (
        listening(app, settings) as server,
        aiohttp.ClientSession(server.url, auto_decompress=False) as session,
    ):
        yield session


async def test_the_tags_stand_first_in_the_head_once(client: aiohttp.ClientSession) -> None:
    async with client.get("/", headers=PLAIN) as answer:
        text = await answer.text()
    assert text.count('<head><link rel="stylesheet" href="/assets/portal.css') == 1
    assert text.endswith("</head><body><head></body></html>")
    assert "<title>Today</title>" in text
    assert "texts-" not in text


async def test_the_page_is_compressed_by_us_and_not_before(client: aiohttp.ClientSession) -> None:
    async with client.get("/", headers={"accept-encoding": "gzip, br"}) as answer:
        body = await answer.read()

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["x-saw"] == "none"
    assert b"<head><link" in gzip.decompress(body)


async def test_what_the_user_has_chosen_stands_in_the_page(client: aiohttp.ClientSession) -> None:
    async with client.get("/?theme=dark&language=ar", headers=PLAIN) as answer:
        text = await answer.text()
    root = text[: text.index("<head>")]
    for attribute in (
        'lang="ar"',
        'dir="rtl"',
        'data-look="dark"',
        'data-density="compact"',
        'data-send-with="enter"',
    ):
        assert attribute in root
    assert 'lang="en"' not in root
    assert "<title>اليوم</title>" in text
    assert text.index("/assets/texts-ar.js") < text.index("/assets/portal.js")
    assert answer.headers["set-cookie"].startswith("aiportal_language=ar;")


async def test_without_a_choice_the_browsers_language_counts(client: aiohttp.ClientSession) -> None:
    known = {"Accept-Language": "de-AT", "Cookie": "aiportal_language=de"}
    async with client.get("/config", headers=PLAIN | known) as answer:
        assert "Heute" in await answer.text()
    assert "set-cookie" not in answer.headers


async def test_other_pages_are_left_alone(client: aiohttp.ClientSession) -> None:
    async with client.get("/other") as answer:
        assert await answer.text() == PAGE
