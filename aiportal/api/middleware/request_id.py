"""Every request has an id, ours; a caller's own is only logged."""

from starlette.types import ASGIApp, Receive, Scope, Send

from aiportal.ids import new_id

__all__ = ["RequestId"]


class RequestId:
    """Puts `request_id` into the request's state, from where `ResponseHeaders` sends it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["request_id"] = new_id("req")
        await self._app(scope, receive, send)
