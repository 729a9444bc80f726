"""The ASGI app: middleware, routes in order, the web app last. Read it as a table of contents."""

from fastapi import APIRouter, FastAPI, Request
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Match

from aiportal.api import errors
from aiportal.api.middleware.last_resort import LastResort
from aiportal.api.middleware.request_id import RequestId
from aiportal.api.middleware.response_headers import ResponseHeaders
from aiportal.api.middleware.size_limits import SizeLimits
from aiportal.api.routes import (
    auth,
    chat,
    conversations,
    health,
    keys,
    models,
    sign_in,
    turns,
    usage,
)
from aiportal.errors import MethodNotAllowed, NotFound
from aiportal.portal import Portal

__all__ = ["create_app"]

BASES = ("/api/v1", "/v1")
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
SPACES_FRAMES = ("https://huggingface.co", "https://*.hf.space")


def create_app(portal: Portal, *, with_pages: bool) -> FastAPI:
    """Everything that is reached over HTTP. with_pages: also the web app, which takes seconds to import."""
    app = FastAPI(
        title="AI Portal",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        middleware=_middleware(portal),
    )
    app.state.portal = portal
    errors.register(app)
    app.include_router(health.router)
    app.include_router(auth.router)
    app.include_router(keys.router)
    app.include_router(sign_in.router, include_in_schema=False)
    for base in BASES:
        resources = APIRouter(prefix=base)
        for resource in (chat, models, conversations, turns, usage):
            resources.include_router(resource.router)
        app.include_router(resources, include_in_schema=base == BASES[0])
    for prefix in ("/api", "/v1"):
        app.add_api_route(
            f"{prefix}/{{path:path}}", _unknown, methods=METHODS, include_in_schema=False
        )
    if with_pages:
        import pages

        pages.mount(app, portal)
    return app


def _middleware(portal: Portal) -> list[Middleware]:
    """Outermost first."""
    settings = portal.settings
    stack = [
        Middleware(RequestId),
        Middleware(ResponseHeaders, frame_ancestors=SPACES_FRAMES if settings.on_spaces else ()),
        Middleware(LastResort),
        Middleware(SizeLimits, max_body_bytes=lambda: portal.registry.limits.max_body_bytes),
        Middleware(chat.FastPath),
    ]
    if settings.cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["x-request-id", "x-aiportal-cost", "x-aiportal-model"],
        )
        stack.insert(2, cors)
    return stack


async def _unknown(request: Request) -> Response:
    """What no route serves: 405 if one would with another method, else 404."""
    allowed: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is Match.PARTIAL:
            allowed |= set(getattr(route, "methods", None) or ())
    if allowed:
        methods = ", ".join(sorted(allowed))
        error = MethodNotAllowed(f"{request.url.path} takes {methods}, not {request.method}.")
        return errors.error_response(error, {"allow": methods})
    raise NotFound("There is no such address. GET /api/openapi.json lists those that there are.")
