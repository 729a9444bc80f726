"""Every response carries `x-request-id`, ours; a caller's own is only logged.

Anthropic's clients look for `request-id`.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aiportal.api.speech import speaks_anthropic
from aiportal.ids import new_id

__all__ = ["RequestId"]


class RequestId:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id("req")
        scope.setdefault("state", {})["request_id"] = request_id
        headers = [(b"x-request-id", request_id.encode())]
        if speaks_anthropic(scope):
            headers.append((b"request-id", request_id.encode()))

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        await self._app(scope, receive, with_id)
