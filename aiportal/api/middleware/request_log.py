"""Each request's id, ours; it is on every line of the log that the request causes, and one is its own."""

import logging
import time

from starlette.types import ASGIApp, Receive, Scope, Send

from aiportal.ids import new_id
from aiportal.logs import bound_request_id

__all__ = ["RequestLog"]

_API_PREFIXES = ("/api/", "/v1/")
_CLIENT_CLOSED_REQUEST = 499  # nginx's status for a caller that left
_log = logging.getLogger(__name__)


class RequestLog:
    """To be put around ResponseHeaders, which sends the id. A caller's own id is only logged.

    Calls of the API are told from `info` on, the rest from `debug`.
    The path is logged without its query, which can hold a sign-in token.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        level = logging.INFO if scope["path"].startswith(_API_PREFIXES) else logging.DEBUG
        request_id = scope.setdefault("state", {})["request_id"] = new_id("req")
        with bound_request_id(request_id):
            if not _log.isEnabledFor(level):
                await self._app(scope, receive, send)
                return
            started = time.perf_counter()
            try:
                await self._app(scope, receive, send)
            finally:
                _log.log(level, "answered", extra=_facts(scope, time.perf_counter() - started))


def _facts(scope: Scope, duration_s: float) -> dict[str, object]:
    """The fields of the log line."""
    facts = {
        "method": scope["method"],
        "path": scope["path"],
        "status": scope["state"].get("response_status", _CLIENT_CLOSED_REQUEST),
        "duration_ms": round(duration_s * 1000, 1),
    }
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            facts["caller_request_id"] = value[:100].decode("latin-1")
    return facts
