"""Whether a browser sent a call from a page of ours: the defence of whatever a cookie allows."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from aiportal.errors import PermissionDenied

__all__ = ["is_same_origin", "require_same_origin"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_same_origin(headers: Mapping[str, str], host: str, scheme: str) -> bool:
    """True if the call comes from a page of this origin, or from the user's own hand.

    headers: with names in lower case. host: as the caller addressed us, with the port if it is not
    the scheme's own. `Sec-Fetch-Site` decides where a browser sends it (to https and to loopback),
    because it also holds behind a proxy that renames us; else `Origin` has to be ours. A call with
    neither is refused, and so is one of an opaque origin (`null`: a sandboxed frame, a data: page).
    """
    origin = headers.get("origin")
    if origin == "null":
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    if origin is None:
        return False
    ours = _parts(f"{scheme}://{host}")
    return ours is not None and _parts(origin) == ours


def require_same_origin(connection: HTTPConnection) -> None:
    """Raises PermissionDenied for a call that another site's page may have sent."""
    url = connection.url
    if not is_same_origin(connection.headers, url.netloc, url.scheme):
        raise PermissionDenied(
            "This call did not come from a page of this portal. Load the page again and retry, or "
            "use an API key.",
            code="cross_site_request",
        )


def _parts(origin: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for what is no origin."""
    try:
        url = urlsplit(origin)
        port = url.port
    except ValueError:
        return None
    if url.scheme not in _DEFAULT_PORTS or not url.hostname or url.username is not None:
        return None
    if url.path or url.query or url.fragment:
        return None
    return url.scheme, url.hostname, port if port is not None else _DEFAULT_PORTS[url.scheme]
