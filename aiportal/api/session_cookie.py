"""The cookie of the web app's sign-in."""

from starlette.requests import Request
from starlette.responses import Response

from aiportal.accounts import COOKIE_NAME
from aiportal.portal import Portal
from aiportal.settings import Settings

__all__ = ["clear_session_cookie", "start_session"]

_LONGEST_S = 400 * 86_400  # browsers allow no more; the session in the database ends it earlier


async def start_session(request: Request, response: Response, portal: Portal, user_id: str) -> None:
    """Sign the browser in that sent the request: a session, and its cookie on the response."""
    user_agent = request.headers.get("user-agent", "")
    value = await portal.sessions.create(user_id, user_agent=user_agent)
    _set(response, request, portal.settings, value, max_age_s=_LONGEST_S)


def clear_session_cookie(response: Response, request: Request, settings: Settings) -> None:
    """Make the browser forget it. The attributes have to be those it was set with."""
    _set(response, request, settings, "", max_age_s=0)


def _set(
    response: Response, request: Request, settings: Settings, value: str, *, max_age_s: int
) -> None:
    """Written by hand, because Starlette knows `Partitioned` from Python 3.14 on only."""
    cookie = f"{COOKIE_NAME}={value}; Max-Age={max_age_s}; Path=/; HttpOnly"
    if settings.on_spaces:  # shown in a frame of another site
        cookie += "; SameSite=None; Secure; Partitioned"
    else:
        cookie += "; SameSite=Lax"
        if request.url.scheme == "https":
            cookie += "; Secure"
    response.headers.append("set-cookie", cookie)
