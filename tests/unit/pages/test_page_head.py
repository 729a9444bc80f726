"""Our tags come first in the head of Gradio's page, and nowhere else."""

import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from aiportal.api.listening import listening
from aiportal.settings import Settings
from pages.page_head import PageHead

PAGE = "<html><head><title>x</title></head><body><head></body></html>"


async def _page(request: Request) -> Response:
    return HTMLResponse(PAGE, headers={"x-saw": request.headers.get("accept-encoding", "none")})


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    app = PageHead(Starlette(routes=[Route("/", _page), Route("/other", _page)]), tags="<link>")
    async with (
        listening(app, settings) as server,
        aiohttp.ClientSession(server.url, auto_decompress=False) as session,
    ):
        yield session


async def test_the_tags_stand_first_in_the_head_once(client: aiohttp.ClientSession) -> None:
    async with client.get("/", headers={"accept-encoding": "identity"}) as answer:
        assert await answer.text() == PAGE.replace("<head>", "<head><link>", 1)


async def test_the_page_is_compressed_by_us_and_not_before(client: aiohttp.ClientSession) -> None:
    async with client.get("/", headers={"accept-encoding": "gzip, br"}) as answer:
        body = await answer.read()

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["x-saw"] == "none"
    assert b"<head><link>" in gzip.decompress(body)


async def test_other_pages_are_left_alone(client: aiohttp.ClientSession) -> None:
    async with client.get("/other") as answer:
        assert await answer.text() == PAGE
