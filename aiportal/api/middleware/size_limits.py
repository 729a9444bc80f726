"""Bounds on what a caller may send, enforced before anything is parsed."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aiportal.errors import HeadersTooLarge, InvalidRequest, RequestTooLarge

__all__ = ["MAX_HEADER_BYTES", "SizeLimits"]

MAX_HEADER_BYTES = 64 * 1024


class SizeLimits:
    """max_body_bytes: a function, since the model config that sets it can be reloaded."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: Callable[[], int]) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._max_body_bytes()
        _check_head(scope, limit)
        received = 0

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    raise _too_large(limit)
            return message

        await self._app(scope, bounded, send)


def _check_head(scope: Scope, limit: int) -> None:
    size = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
    for name, value in scope["headers"]:
        size += len(name) + len(value) + 4
        if name == b"content-length":
            if not value.isdigit():
                raise InvalidRequest("The header Content-Length is not a number.")
            if len(value) > 18 or int(value) > limit:
                raise _too_large(limit)
    if size > MAX_HEADER_BYTES:
        raise HeadersTooLarge(
            f"The headers hold {size} bytes; at most {MAX_HEADER_BYTES} are taken."
        )


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(
        f"The body is larger than {limit} bytes. Send less, or raise `limits.maxBodyBytes` in "
        "model_config/config.json."
    )
