"""A request whose body was read before the app that answers it reads it."""

from starlette.types import Message, Receive

__all__ = ["Replayed"]


class Replayed:
    """Gives the body once more, then what comes after it: that the caller leaves."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
