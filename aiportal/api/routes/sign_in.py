"""Signing in and out with a browser: forms in, a cookie and a redirect out.

The pages themselves belong to the web app, which leaves the functions that render them in
`app.state.sign_in_page` and `app.state.link_page` when it is built. Without it errors come as JSON.
"""

from collections.abc import Mapping
from typing import Annotated, Protocol, cast
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from aiportal.accounts import COOKIE_NAME, User
from aiportal.api.csrf import require_same_origin
from aiportal.api.deps import PortalDep
from aiportal.api.errors import error_headers
from aiportal.api.routes.auth import address_of
from aiportal.api.session_cookie import clear_session_cookie, start_session
from aiportal.errors import NotFound, PermissionDenied, PortalError
from aiportal.portal import Portal
from aiportal.settings import LOOPBACK_HOSTS

__all__ = ["LinkPage", "SignInPage", "router", "safe_next_path"]

router = APIRouter()
MAX_PATH_CHARS = 2000
_NO_PAGES = "This portal serves no web pages. Use the API with a key."
_NOT_KEPT = {"cache-control": "no-store"}
Text = Annotated[str, Form()]


class SignInPage(Protocol):
    """Renders the page with the form for POST /login. error: None at the first sight of it.

    headers: of the request, by which the page may choose its language.
    """

    def __call__(
        self, error: str | None, username: str, next_path: str, headers: Mapping[str, str]
    ) -> str: ...


class LinkPage(Protocol):
    """Renders the page with the button for POST /login/link; any token, good or not."""

    def __call__(self, token: str, headers: Mapping[str, str]) -> str: ...


@router.get("/login")
async def show_sign_in(request: Request, next: str = "/") -> Response:  # noqa: A002 - of the URL
    """The sign-in page. next: the path to go to afterwards."""
    page = await _sign_in_page(request)
    if page is None:
        raise NotFound(_NO_PAGES)
    return HTMLResponse(page(None, "", safe_next_path(next), request.headers), headers=_NOT_KEPT)


@router.post("/login")
async def sign_in(
    request: Request,
    portal: PortalDep,
    username: Text = "",
    password: Text = "",
    next: Text = "/",  # noqa: A002 - the field's name
) -> Response:
    """Check the form; then the cookie and a redirect, or the page again with what is wrong."""
    next_path = safe_next_path(next)
    try:
        require_same_origin(request)
        user = await portal.credentials.sign_in(username, password, address=address_of(request))
        return await _welcome(request, portal, user, next_path)
    except PortalError as error:
        return await _again(request, error, username, next_path)


@router.get("/login/link")
async def open_link(request: Request, portal: PortalDep, token: str = "") -> Response:
    """Sign in whoever opens a one-time link on this machine; elsewhere a page with a button.

    The button is for what only looks at a link, such as a preview of a messenger or a mail
    filter, and must not use it up.
    """
    if _is_opened_here(request):
        return await _redeem(request, portal, token)
    page = cast(LinkPage | None, await _page(request, "link_page"))
    if page is None:
        raise NotFound(_NO_PAGES)
    return HTMLResponse(page(token, request.headers), headers=_NOT_KEPT)


@router.post("/login/link")
async def redeem_link(request: Request, portal: PortalDep, token: Text = "") -> Response:
    """Use a one-time link up."""
    try:
        require_same_origin(request)
    except PermissionDenied as error:
        return await _again(request, error, "", "/")
    return await _redeem(request, portal, token)


@router.post("/logout")
async def sign_out(request: Request, portal: PortalDep) -> Response:
    """End the browser's session and go to the sign-in page."""
    require_same_origin(request)
    if (cookie := request.cookies.get(COOKIE_NAME)) is not None:
        await portal.sessions.end(cookie)
    response = RedirectResponse("/login", 303)
    clear_session_cookie(response, request, portal.settings)
    return response


def safe_next_path(path: str) -> str:
    """`path` if it stays on this site, else `/`.

    Browsers drop tabs and line ends within an address and take `\\` for `/`, so none may be there.
    """
    is_local = path.startswith("/") and not path.startswith("//") and len(path) <= MAX_PATH_CHARS
    is_plain = all(character > " " and character not in "\\\x7f" for character in path)
    return path if is_local and is_plain else "/"


async def _redeem(request: Request, portal: Portal, token: str) -> Response:
    try:
        return await _welcome(request, portal, await portal.links.redeem(token), "/")
    except PortalError as error:
        return await _again(request, error, "", "/")


def _is_opened_here(request: Request) -> bool:
    """True for a link opened on the portal's own machine, neither fetched ahead nor by another site."""
    headers = request.headers
    is_direct = request.client is not None and request.client.host in LOOPBACK_HOSTS
    is_forwarded = "x-forwarded-for" in headers or "forwarded" in headers
    is_asked_for = "sec-purpose" not in headers and headers.get("sec-fetch-site") != "cross-site"
    return is_direct and not is_forwarded and is_asked_for


async def _welcome(request: Request, portal: Portal, user: User, next_path: str) -> Response:
    response = RedirectResponse(quote(next_path, safe="/?&=%#:+,;@!$'()*~"), 303, _NOT_KEPT)
    await start_session(request, response, portal, user.id)
    return response


async def _again(request: Request, error: PortalError, username: str, next_path: str) -> Response:
    page = await _sign_in_page(request)
    if page is None:
        raise error
    html = page(error.message, username, next_path, request.headers)
    return HTMLResponse(html, error.status, headers={**_NOT_KEPT, **error_headers(error)})


async def _sign_in_page(request: Request) -> SignInPage | None:
    return cast(SignInPage | None, await _page(request, "sign_in_page"))


async def _page(request: Request, name: str) -> object:
    state = request.app.state
    if state.web_app is not None:
        await state.web_app.ready()
    return getattr(state, name, None)
