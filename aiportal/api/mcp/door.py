"""The ASGI app at `/mcp`: who calls, from where, and how much they send, before the protocol begins.

The SDK takes seconds to import, so that happens at the first call, on another thread. Every request
stands alone and any replica can answer it: a session is only a name that a client of the older
protocols sends with each request, and all that it is for is to find a call that is taken back.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aiportal.api import errors
from aiportal.api.csrf import is_same_origin
from aiportal.api.mcp.calls import CallKey, RunningCalls
from aiportal.api.replayed import Replayed
from aiportal.errors import (
    InvalidRequest,
    MethodNotAllowed,
    PermissionDenied,
    RateLimited,
    RequestTooLarge,
)
from aiportal.ids import new_id
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["PRINCIPAL", "SESSION_HEADER", "McpDoor"]

PRINCIPAL = "mcp_principal"  # in the scope's state
SESSION_HEADER = "mcp-session-id"
MAX_BODY_BYTES = 12 * 1024**2  # the arguments of a tool have 8 MiB at most
MAX_NOTICE_BYTES = 8 * 1024  # a larger body neither begins a session nor takes a call back
MAX_SESSION_CHARS = 100
MAX_AT_ONCE = 256  # requests, those whose answer is a stream among them


@dataclass(frozen=True)
class _Notice:
    """What of a small body matters here."""

    method: str
    request_id: str | int | None


class McpDoor:
    """Use `running` around the time that it serves."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._calls = RunningCalls()
        self._open = 0
        self._app: asyncio.Future[ASGIApp] | None = None
        self._serving: asyncio.Task[None] | None = None
        self._has_ended = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ends what runs in it when the context is left."""
        try:
            yield
        finally:
            self._has_ended.set()
            if self._serving is not None:
                await self._serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        principal = await self._authenticated(request)
        _check_origin(request, self._portal.settings.cors_origins)
        if request.method == "DELETE":
            self._calls.cancel_session(principal.user_id, _session_of(request))
            await Response(status_code=204)(scope, receive, send)
            return
        if request.method != "POST":
            error = MethodNotAllowed(
                f"/mcp takes POST, not {request.method}: each answer comes with its own request."
            )
            await errors.error_response(error, {"allow": "POST, DELETE"})(scope, receive, send)
            return
        await self._answer(principal, request, send)

    async def _authenticated(self, request: Request) -> Principal:
        """By key or token only: a browser sends cookies also for a page that is not ours."""
        return await self._portal.credentials.authenticate(
            authorization=request.headers.get("authorization"),
            api_key=request.headers.get("x-api-key"),
            cookie=None,
        )

    async def _answer(self, principal: Principal, request: Request, send: Send) -> None:
        body = await _body_of(request)
        notice = _notice_of(body)
        if notice is not None and notice.method == "notifications/cancelled":
            if notice.request_id is not None:
                key = CallKey(principal.user_id, _session_of(request), notice.request_id)
                self._calls.cancel(key)
            await Response(status_code=202)(request.scope, request.receive, send)
            return
        if notice is not None and notice.method == "initialize":
            send = _NamingSession(send, new_id("mcp"))
        if self._open >= MAX_AT_ONCE:
            words = "Too many calls of /mcp are open. Try again in a moment."
            raise RateLimited(words, retry_after_s=1)
        self._open += 1
        try:
            app = await self._started()
            request.scope.setdefault("state", {})[PRINCIPAL] = principal
            await app(request.scope, Replayed(body, request.receive), send)
        finally:
            self._open -= 1

    async def _started(self) -> ASGIApp:
        """What speaks the protocol; made by the first who asks."""
        if self._app is None:
            self._app = asyncio.get_running_loop().create_future()
            self._serving = asyncio.create_task(self._serve(self._app), name="mcp")
        return await asyncio.shield(self._app)

    async def _serve(self, started: "asyncio.Future[ASGIApp]") -> None:
        """One task from its start to its end, as the SDK's task group wants it."""
        try:
            server = await asyncio.to_thread(import_module, "aiportal.api.mcp.server")
            async with server.speaking(self._portal, self._calls) as app:
                started.set_result(app)
                await self._has_ended.wait()
        except Exception as error:
            if started.done():
                raise
            started.set_exception(errors.internal_error(error))
            self._app = None


class _NamingSession:
    """Gives the client a name for its session with the answer."""

    def __init__(self, send: Send, name: str) -> None:
        self._send = send
        self._name = name

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            header = (SESSION_HEADER.encode(), self._name.encode())
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await self._send(message)


def _check_origin(request: Request, allowed: tuple[str, ...]) -> None:
    """A browser's page has to be ours, or one that the settings name. Raises PermissionDenied.

    What no browser sends has no `Origin`. A page that only claims our name (DNS rebinding) gets
    nothing: no credential comes by itself.
    """
    origin = request.headers.get("origin")
    if origin is None or origin in allowed or "*" in allowed:
        return
    if not is_same_origin(request.headers, request.url.netloc, request.url.scheme):
        raise PermissionDenied(
            "This call came from a page of another site. Name its origin in AIPORTAL_CORS_ORIGINS.",
            code="cross_site_request",
        )


async def _body_of(request: Request) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY_BYTES:
            words = f"A message to /mcp has at most {MAX_BODY_BYTES} bytes. Send less."
            raise RequestTooLarge(words)
        pieces.append(piece)
    return b"".join(pieces)


def _session_of(request: Request) -> str:
    name = request.headers.get(SESSION_HEADER, "")
    if len(name) > MAX_SESSION_CHARS:
        words = f"The header {SESSION_HEADER} is none of ours. Initialize anew."
        raise InvalidRequest(words, param=SESSION_HEADER)
    return name


def _notice_of(body: bytes) -> _Notice | None:
    """None for a larger body and one that is no message; the SDK says what is wrong with it."""
    if len(body) > MAX_NOTICE_BYTES:
        return None
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    method = found.get("method") if isinstance(found, dict) else None
    if not isinstance(method, str):
        return None
    parameters = found.get("params")
    request_id = parameters.get("requestId") if isinstance(parameters, dict) else None
    is_id = isinstance(request_id, str | int) and not isinstance(request_id, bool)
    return _Notice(method, request_id if is_id else None)
