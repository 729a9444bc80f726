"""The web app at `/`, which takes seconds to import: it is built while the API serves already."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from aiportal.api import errors
from aiportal.api.fastapi_app import InnerApp
from aiportal.portal import Portal

__all__ = ["WebApp", "built_pages"]

_log = logging.getLogger(__name__)


class WebApp:
    """An ASGI app that is built in the background; who comes too early waits for it.

    build: makes it, on another thread; `built_pages` in a portal.
    """

    def __init__(self, build: Callable[[], FastAPI]) -> None:
        self._build = build
        self._has_ended = asyncio.Event()
        self._built: asyncio.Future[FastAPI] | None = None

    async def ready(self) -> FastAPI:
        """The app, once it is built. Raises what its building raised."""
        if self._built is None:
            raise RuntimeError("The web app is not running.")
        return await asyncio.shield(self._built)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Builds it in the background, and ends what runs in it at the end."""
        self._built = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._run(self._built), name="web-app")
        try:
            yield
        finally:
            self._has_ended.set()
            await task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self.ready())(scope, receive, send)

    async def _run(self, built: "asyncio.Future[FastAPI]") -> None:
        try:
            app = await asyncio.to_thread(asyncio.run, self._build_in_loop())
            async with app.router.lifespan_context(app):
                built.set_result(app)
                await self._has_ended.wait()
        except Exception as error:
            if built.done():
                raise
            _log.exception("the web app cannot be served")
            built.set_exception(error)
            built.exception()  # told above: nobody need ask for it

    async def _build_in_loop(self) -> FastAPI:
        # In a loop of its own: without one Gradio makes four, and leaves them open.
        return self._build()


def built_pages(outer: FastAPI, portal: Portal) -> FastAPI:
    """The portal's pages. To be mounted at `/` after all other routes of `outer`.

    Gives the state of `outer` what renders the pages before the app: `sign_in_page`, `link_page`.
    """
    import pages

    app = InnerApp(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    errors.register(app)
    sign_in = pages.mount(app, portal)
    outer.state.sign_in_page = sign_in.render_sign_in
    outer.state.link_page = sign_in.render_link
    return app
