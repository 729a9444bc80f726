"""How JSON bodies are read: strictly, and with errors in our words."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from aiportal.dialects.openai_chat import loads_object

__all__ = ["PortalRoute", "StrictRequest", "read_body"]


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request. Raises ClientDisconnect where the caller leaves in the middle."""
    pieces = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


class StrictRequest(Request):
    """A request whose JSON is refused where the standard library is lenient: NaN, depth, UTF-8."""

    async def json(self) -> Any:
        """Raises InvalidRequest."""
        return loads_object(await self.body())


class PortalRoute(APIRoute):
    """The route class of all our routers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(StrictRequest(request.scope, request.receive))

        return strict
