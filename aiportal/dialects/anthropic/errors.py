"""Errors in Anthropic's shape, which holds all that OpenAI's does."""

from typing import Any

from aiportal.dialects.anthropic.schema import THREAD_UNSUPPORTED
from aiportal.errors import PortalError, UpstreamOverloaded

__all__ = ["as_anthropic"]

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    431: "invalid_request_error",
    504: "timeout_error",
}


def as_anthropic(error: PortalError, request_id: str | None = None) -> dict[str, Any]:
    """Anthropic's error object, ready for the wire: OpenAI's with Anthropic's word for the type."""
    if isinstance(error, UpstreamOverloaded):
        kind = "overloaded_error"
    else:
        kind = _TYPES.get(error.status, "api_error")
    details: dict[str, Any] = {**error.as_openai()["error"], "type": kind}
    if error.code == THREAD_UNSUPPORTED:
        details["details"] = {"error_code": error.code}  # where Anthropic's clients look for it
    body: dict[str, Any] = {"type": "error", "error": details}
    return body if request_id is None else {**body, "request_id": request_id}
