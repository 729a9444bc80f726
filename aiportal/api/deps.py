"""What routes ask FastAPI for: the portal and the caller."""

from collections import Counter
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection, Request

from aiportal.accounts import COOKIE_NAME
from aiportal.api.csrf import require_same_origin
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = [
    "PortalDep",
    "PrincipalDep",
    "answer_counts_of",
    "authenticate",
    "is_anonymous",
    "is_by_cookie",
    "portal_of",
    "request_id_of",
]

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def portal_of(connection: HTTPConnection) -> Portal:
    """The portal that this app serves."""
    portal = connection.app.state.portal
    if not isinstance(portal, Portal):
        raise TypeError("app.state.portal is not a Portal")
    return portal


def answer_counts_of(connection: HTTPConnection) -> Counter[int]:
    """How many answers with each HTTP status have begun."""
    counts = connection.app.state.answer_counts
    if not isinstance(counts, Counter):
        raise TypeError("app.state.answer_counts is not a Counter")
    return counts


def request_id_of(connection: HTTPConnection) -> str:
    """The id that the response, the log and the usage row share."""
    return str(connection.scope["state"]["request_id"])


async def authenticate(portal: Portal, connection: HTTPConnection) -> Principal:
    """The caller, by API key, access token or session cookie.

    Raises AuthenticationFailed; PermissionDenied for a call from another site that changes
    something and carries nothing but the browser's cookie.
    """
    authorization, api_key = _presented(connection)
    if not _needs_cookie(authorization, api_key):
        return await portal.credentials.authenticate(
            authorization=authorization, api_key=api_key, cookie=None
        )
    principal = await portal.credentials.authenticate(
        authorization=authorization, api_key=api_key, cookie=connection.cookies.get(COOKIE_NAME)
    )
    if connection.scope.get("method", "GET") not in _SAFE_METHODS:
        require_same_origin(connection)
    return principal


def is_anonymous(connection: HTTPConnection) -> bool:
    """Whether a call carries no credential of any kind."""
    return is_by_cookie(connection) and COOKIE_NAME not in connection.cookies


def is_by_cookie(connection: HTTPConnection) -> bool:
    """Whether the session cookie is what authenticates a call: no key and no bearer token came.

    Another `Authorization`, such as a proxy's Basic, does not count.
    """
    return _needs_cookie(*_presented(connection))


def _presented(connection: HTTPConnection) -> tuple[str | None, str | None]:
    """`Authorization` and `X-API-Key`, of each the first: every call needs both, so in one pass."""
    authorization = api_key = None
    for name, value in connection.scope["headers"]:
        if name == b"authorization" and authorization is None:
            authorization = value.decode("latin-1")
        elif name == b"x-api-key" and api_key is None:
            api_key = value.decode("latin-1")
    return authorization, api_key


def _needs_cookie(authorization: str | None, api_key: str | None) -> bool:
    return api_key is None and not (authorization or "").lower().startswith("bearer ")


async def _portal(request: Request) -> Portal:
    """A coroutine, as FastAPI would run a plain function on another thread."""
    return portal_of(request)


PortalDep = Annotated[Portal, Depends(_portal)]


async def _principal(request: Request, portal: PortalDep) -> Principal:
    return await authenticate(portal, request)


PrincipalDep = Annotated[Principal, Depends(_principal)]
