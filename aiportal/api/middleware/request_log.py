"""One line in the log for each request, and the request's id on every line that it causes."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aiportal.logs import bound_request_id

__all__ = ["RequestLog"]

_API_PREFIXES = ("/api/", "/v1/")
_CLIENT_CLOSED_REQUEST = 499  # nginx's status for a caller that left
_log = logging.getLogger(__name__)


class RequestLog:
    """To be put inside RequestId. Calls of the API are told from `info` on, the rest from `debug`.

    The path is logged without its query, which can hold a sign-in token.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        level = logging.INFO if scope["path"].startswith(_API_PREFIXES) else logging.DEBUG
        with bound_request_id(scope["state"]["request_id"]):
            if not _log.isEnabledFor(level):
                await self._app(scope, receive, send)
                return
            exchange = _Exchange(send)
            try:
                await self._app(scope, receive, exchange.send)
            finally:
                _log.log(level, "answered", extra=exchange.facts(scope))


class _Exchange:
    """What is known of one request: when it came, and the status it got."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = time.perf_counter()
        self._status = _CLIENT_CLOSED_REQUEST

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        await self._send(message)

    def facts(self, scope: Scope) -> dict[str, object]:
        """The fields of the log line."""
        facts = {
            "method": scope["method"],
            "path": scope["path"],
            "status": self._status,
            "duration_ms": round((time.perf_counter() - self._started) * 1000, 1),
        }
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                facts["caller_request_id"] = value[:100].decode("latin-1")
        return facts
