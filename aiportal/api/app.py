"""The ASGI app: middleware, routes in order, the web app last. Read it as a table of contents."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cache, partial
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from aiportal import __version__
from aiportal.api import errors
from aiportal.api.fastapi_app import InnerApp
from aiportal.api.mcp import McpDoor
from aiportal.api.middleware.last_resort import LastResort
from aiportal.api.middleware.request_log import RequestLog
from aiportal.api.middleware.response_headers import ResponseHeaders
from aiportal.api.middleware.short_base import LONG_BASE, SHORT_BASE, ShortBase
from aiportal.api.middleware.size_limits import SizeLimits
from aiportal.api.openapi import correct
from aiportal.api.routes import (
    admin_groups,
    admin_tool_servers,
    admin_tools,
    answers,
    arena,
    arrangement,
    attachments,
    auth,
    branches,
    chat,
    comparisons,
    conversations,
    custom_models,
    docs,
    embeddings,
    exports,
    health,
    images,
    imports,
    keys,
    messages,
    metrics,
    models,
    moderations,
    personal_data,
    preferences,
    project_files,
    projects,
    prompts,
    queue,
    rerank,
    responses,
    routerbox,
    search,
    shares,
    sign_in,
    temporary_chats,
    text_completions,
    tool_artifacts,
    tool_runs,
    tools,
    turns,
    usage,
)
from aiportal.api.web_app import WebApp, built_pages
from aiportal.errors import MethodNotAllowed, NotFound
from aiportal.portal import Portal

__all__ = ["create_app"]

RESOURCES = (  # a request is compared with one after the other: those in a hurry come first
    chat,
    tools,
    text_completions,
    tool_artifacts,
    responses,
    messages,
    embeddings,
    images,
    moderations,
    rerank,
    models,
    custom_models,
    routerbox,
    exports,  # before `conversations`, which takes `export.zip` for an id
    imports,
    conversations,
    branches,
    answers,
    arrangement,
    projects,
    project_files,
    shares,
    turns,
    queue,
    comparisons,
    arena,
    temporary_chats,
    attachments,
    prompts,
    search,
    tool_runs,
    usage,
)
BESIDE = (  # not below `/api/v1`
    health,
    metrics,
    auth,
    keys,
    preferences,
    personal_data,
    admin_groups,
    admin_tools,
    admin_tool_servers,
    docs,
)
# Gradio answers these itself, with another meaning than ours.
SHADOWED = ("/logout", "/login/", "/logout/", "/health/", "/openapi.json", "/robots.txt")
PAGES_ALONE = ("/gradio_api/", "/live/", "/assets/")  # no route of the API begins so
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
EXPOSED_HEADERS = (
    "request-id",
    "age",
    "retry-after",
    "x-aiportal-cache",
    "x-aiportal-cost",
    "x-aiportal-deployment",
    "x-aiportal-model",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-request-id",
)
SPACES_FRAMES = ("https://huggingface.co", "https://*.hf.space")


def create_app(portal: Portal, *, with_pages: bool, frame_ancestors: Sequence[str] = ()) -> FastAPI:
    """Everything that is reached over HTTP.

    with_pages: also the web app, which is ready some seconds after the server has started:
    `app.state.web_app`, else None. frame_ancestors: further origins whose pages may show it in a frame.
    """
    app = _PortalApp(
        title="AI Portal",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a path with a slash too many is unknown
    )
    app.state.portal = portal
    app.state.answer_counts = Counter()
    app.wrap(_middleware(portal, app.state.answer_counts, frame_ancestors))
    errors.register(app)
    app.router.routes += _api_routes()
    unknown = _UnknownAddress(app.routes)
    unknown.look_through()
    for path in SHADOWED:
        app.router.routes.append(Route(path, unknown))
    for prefix in ("/api", SHORT_BASE):
        app.router.routes += [Route(prefix, unknown), Mount(prefix, unknown)]
    mcp = McpDoor(portal)
    app.router.routes.append(Route("/mcp", mcp))
    app.router.lifespan_context = lambda _: mcp.running()
    app.state.web_app = None
    if with_pages:
        web_app = app.state.web_app = WebApp(partial(built_pages, app, portal))
        app.router.lifespan_context = lambda _: _together(mcp.running(), web_app.running())
        app.router.routes.insert(0, _PagesAlone("/", web_app))
        app.router.routes.append(Mount("/", web_app))
    return app


@asynccontextmanager
async def _together(*contexts: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for context in contexts:
            await stack.enter_async_context(context)
        yield


@cache
def _api_routes() -> Sequence[BaseRoute]:
    """The same ones for every portal of a process: to work them out takes a tenth of a second."""
    router = APIRouter()
    for resource in RESOURCES:
        router.include_router(resource.router, prefix=LONG_BASE)
    for resource in BESIDE:
        router.include_router(resource.router)
    router.include_router(sign_in.router, include_in_schema=False)
    return router.routes


class _PortalApp(InnerApp):
    """Carries our middleware around itself, so that what the fast path answers never enters FastAPI."""

    _wrapped: ASGIApp

    def openapi(self) -> dict[str, Any]:
        """The document of this API; made at the first call."""
        if self.openapi_schema is None:
            correct(super().openapi())
        return super().openapi()

    def wrap(self, stack: Sequence[Middleware]) -> None:
        """Put middleware around the app, the first outermost."""
        self._wrapped = super().__call__
        for middleware, args, kwargs in reversed(stack):
            self._wrapped = middleware(self._wrapped, *args, **kwargs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._wrapped(scope, receive, send)


def _middleware(
    portal: Portal, counts: Counter[int], frame_ancestors: Sequence[str]
) -> list[Middleware]:
    """Outermost first."""
    settings = portal.settings
    frames = (*frame_ancestors, *(SPACES_FRAMES if settings.on_spaces else ()))
    stack = [
        Middleware(RequestLog),
        Middleware(ResponseHeaders, counts=counts, frame_ancestors=frames),
        Middleware(LastResort),
        Middleware(SizeLimits, max_body_bytes=lambda: portal.registry.limits.max_body_bytes),
        Middleware(chat.FastPath),
        Middleware(ShortBase),
    ]
    if settings.cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
        stack.insert(2, cors)
    return stack


class _PagesAlone(Mount):
    """What only the web app can serve, without a look at the API's routes, which takes a while."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Everything else is left to the routes behind it."""
        if scope["type"] == "http" and scope["path"].startswith(PAGES_ALONE):
            return super().matches(scope)
        return Match.NONE, {}


class _UnknownAddress:
    """Answers what no route serves: 405 if one would with another method, else 404."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = tuple(routes)

    def look_through(self) -> None:
        """Have FastAPI work out every route now: at its first look nobody else would be answered."""
        nowhere = f"{LONG_BASE}/-"
        self._is_served(
            {"type": "http", "method": "GET", "path": nowhere, "root_path": "", "headers": []}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # As the mount's outer router saw the call, which the routes were made for.
        outer = {**scope, "root_path": scope.get("app_root_path", "")}
        allowed = [method for method in METHODS if self._is_served({**outer, "method": method})]
        if not allowed:
            raise NotFound("There is no such address. GET /api/openapi.json lists those there are.")
        methods = ", ".join(allowed)
        error = MethodNotAllowed(f"This address takes {methods}, not {scope['method']}.")
        await errors.error_response(error, {"allow": methods})(scope, receive, send)

    def _is_served(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._routes)
