"""The API serves before the web app is built; what comes too early for the web app waits."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from aiportal.api.web_app import WebApp


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> None:
    """What builds the app is in a thread of its own, where a loop serves nobody."""


@asynccontextmanager
async def running(web_app: WebApp) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(web_app)
    async with web_app.running(), httpx.AsyncClient(transport=transport, base_url="http://x") as it:
        yield it


def page_app() -> FastAPI:
    app = FastAPI()
    app.get("/")(lambda: "page")
    return app


async def test_who_comes_too_early_waits() -> None:
    may_go_on = threading.Event()

    def build() -> FastAPI:
        may_go_on.wait()
        return page_app()

    async with running(WebApp(build)) as client:
        early = asyncio.create_task(client.get("/"))
        await asyncio.sleep(0)
        assert not early.done()
        may_go_on.set()
        assert (await early).text == '"page"'
        assert (await client.get("/")).text == '"page"'


async def test_who_leaves_while_waiting_takes_nobody_along() -> None:
    may_go_on = threading.Event()

    def build() -> FastAPI:
        may_go_on.wait()
        return page_app()

    async with running(WebApp(build)) as client:
        leaving = asyncio.create_task(client.get("/"))
        await asyncio.sleep(0)
        leaving.cancel()
        may_go_on.set()
        assert (await client.get("/")).text == '"page"'


async def test_an_app_that_cannot_be_built_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def build() -> FastAPI:
        raise OSError("no room")

    web_app = WebApp(build)
    async with running(web_app) as client:
        with pytest.raises(OSError, match="no room"):
            await web_app.ready()
        with pytest.raises(OSError, match="no room"):
            await client.get("/")
    assert "cannot be served" in caplog.text


async def test_what_runs_in_the_app_begins_and_ends_with_it() -> None:
    happened = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        happened.append("began")
        yield
        happened.append("ended")

    web_app = WebApp(lambda: FastAPI(lifespan=lifespan))
    async with web_app.running():
        await web_app.ready()
        assert happened == ["began"]
    assert happened == ["began", "ended"]
