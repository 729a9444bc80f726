"""Errors of ours, of FastAPI and of Starlette as OpenAI's error object: the one place for it.

Where callers speak Anthropic's dialect it is Anthropic's, which holds all of OpenAI's.
"""

import logging
import math
from collections.abc import Mapping

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from aiportal.api.caller_dialect import speaks_anthropic
from aiportal.dialects.anthropic import as_anthropic
from aiportal.errors import (
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PermissionDenied,
    PortalError,
    RateLimited,
    UpstreamError,
)

__all__ = ["error_body", "error_headers", "error_response", "internal_error", "register"]

_log = logging.getLogger(__name__)


def error_body(error: PortalError) -> bytes:
    """OpenAI's error object as JSON."""
    return orjson.dumps(error.as_openai())


def error_headers(error: PortalError) -> dict[str, str]:
    """Headers that belong to an error: when to come back, and how to sign in."""
    if isinstance(error, RateLimited):
        return {"retry-after": str(math.ceil(error.retry_after_s))}
    if isinstance(error, UpstreamError) and error.retry_after is not None:
        return {"retry-after": error.retry_after}
    if error.status == 401:
        return {"www-authenticate": "Bearer"}
    return {}


def error_response(error: PortalError, extra: Mapping[str, str] | None = None) -> Response:
    """The whole HTTP answer for an error."""
    return _ErrorResponse(error, extra or {})


class _ErrorResponse(Response):
    """In the dialect of the path that is answered."""

    def __init__(self, error: PortalError, extra: Mapping[str, str]) -> None:
        super().__init__(
            error_body(error),
            error.status,
            headers={**error_headers(error), **extra},
            media_type="application/json",
        )
        self._error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if speaks_anthropic(scope):
            self.body = orjson.dumps(as_anthropic(self._error, scope["state"]["request_id"]))
            self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def register(app: FastAPI) -> None:
    """Make every route of `app` answer errors in OpenAI's shape."""
    app.add_exception_handler(PortalError, _portal_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)


async def _portal_error(_: Request, error: Exception) -> Response:
    return error_response(error if isinstance(error, PortalError) else internal_error(error))


def internal_error(error: BaseException) -> InternalError:
    """A bug of ours: logged with its trace, told without."""
    _log.error("An unexpected error ended a request", exc_info=error)
    return InternalError(
        "The portal failed. The log has the reason, under the id in the header x-request-id."
    )


async def _validation_error(_: Request, error: Exception) -> Response:
    findings = error.errors() if isinstance(error, RequestValidationError) else ()
    first = max(findings, key=lambda finding: len(finding["loc"]))
    param = ".".join(str(step) for step in first["loc"][1:]) or None
    where = f"`{param}`" if param else f"The {first['loc'][0]}"
    return error_response(InvalidRequest(f"{where} is not valid: {first['msg']}.", param=param))


async def _http_exception(_: Request, error: Exception) -> Response:
    if isinstance(error.__cause__, PortalError):
        return error_response(error.__cause__)
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    kinds: dict[int, type[PortalError]] = {
        403: PermissionDenied,
        404: NotFound,
        405: MethodNotAllowed,
    }
    headers = getattr(error, "headers", None)
    translated = kinds.get(status, InvalidRequest if status < 500 else InternalError)(detail)
    return error_response(translated, headers)
