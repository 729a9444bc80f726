"""Whatever escapes the routes becomes an answer in our shape; the server goes on."""

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from aiportal.api.errors import error_response, internal_error
from aiportal.errors import PortalError

__all__ = ["LastResort"]


class LastResort:
    """To be put inside ResponseHeaders."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return  # gone before the whole request was here: nobody is left to answer
        except Exception as error:
            if not await _answered(error, scope, receive, send):
                raise


async def _answered(error: Exception, scope: Scope, receive: Receive, send: Send) -> bool:
    """False where another answer has begun.

    Apart, since a frame that the error's traceback knows and that knows the error is a cycle.
    """
    known = error if isinstance(error, PortalError) else internal_error(error)
    if "response_status" in scope["state"]:
        return False
    await error_response(known)(scope, receive, send)
    return True
