"""How JSON bodies are read: strictly, and with errors in our words."""

import json
import re
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from aiportal.dialects.openai_chat import loads_object

__all__ = ["PortalRoute", "StrictRequest", "read_body"]

_LONG_NUMBER = re.compile(rb"\d{19}")


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
        """Whole numbers keep all their digits. Raises InvalidRequest."""
        body = await self.body()
        value = loads_object(body)
        if _LONG_NUMBER.search(body):  # which it has read as a float
            with suppress(ValueError, RecursionError):  # too long or too deep for an exact one
                return json.loads(body)
        return value


class PortalRoute(APIRoute):
    """The route class of all our routers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(StrictRequest(request.scope, request.receive))

        return strict
