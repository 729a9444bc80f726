"""Who is behind a request of the web app: asked anew for every event, from the session cookie."""

from typing import Final
from urllib.parse import quote

import gradio as gr
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from aiportal.api.deps import authenticate
from aiportal.errors import AuthenticationFailed, PortalError
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.reader import read_in
from pages.texts import language_of

__all__ = ["Access", "LoginRedirect"]

_WITHOUT_SESSION: Final = (
    "/login",
    "/logout",
    "/assets/",
    "/api/",
    "/v1/",
    "/health",
    "/gradio_api/",
)


class Access:
    """Turns the cookie of a request into a Principal; a hit of the credentials' cache."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    async def user_id(self, request: Request) -> str | None:
        """For Gradio's `auth_dependency`: None is answered with 401."""
        try:
            return (await authenticate(self._portal, request)).user_id
        except PortalError:
            return None

    async def principal(self, request: gr.Request) -> Principal:
        """The caller of a Gradio event. Raises AuthenticationFailed.

        Nothing else that comes with the event says who it is: state and session hash are chosen
        by the browser. What is said to the caller from here on is in the language of the page.
        """
        connection = request.request
        if not isinstance(connection, HTTPConnection):
            raise AuthenticationFailed("This event came without a request. Sign in and reload.")
        read_in(language_of(connection.headers))
        principal = await authenticate(self._portal, connection)
        if principal.user_id != request.username:
            raise AuthenticationFailed("You have signed in as somebody else. Reload the page.")
        return principal


class LoginRedirect:
    """Sends a browser without a session to the sign-in page, instead of showing it a bare 401."""

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_page_view(scope) or await self._access.user_id(Request(scope)) is not None:
            await self._app(scope, receive, send)
            return
        wanted = scope["path"] + (
            f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        )
        target = f"{scope.get('root_path', '')}/login?next={quote(wanted, safe='')}"
        await RedirectResponse(target, status_code=303)(scope, receive, send)


def _is_page_view(scope: Scope) -> bool:
    """True for a browser that wants to see a page of the web app."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return False
    if scope["path"].startswith(_WITHOUT_SESSION):
        return False
    accepts = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"text/html" in accepts
