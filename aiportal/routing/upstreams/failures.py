"""An upstream's HTTP error as an error of ours (API.md, "Errors").

400 and 429 stay what they are, with `code`, `param` and `Retry-After`; 413 stays; 401, 403 and 404
are the portal's own trouble with its provider, 502; other 4xx are 400; 503 and 529 are 503;
408 and 504 are 504; other 5xx are 502.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from aiportal.errors import (
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from aiportal.registry import Confidential

__all__ = ["failure_from", "failure_from_error_object", "failure_from_provider"]

MAX_MESSAGE_CHARS = 2_000
# What other dialects say instead of a status, or of a code.
_STATUSES = {
    "authentication_error": 401,
    "billing_error": 403,
    "invalid_request_error": 400,
    "not_found_error": 404,
    "overloaded_error": 529,
    "permission_error": 403,
    "rate_limit_error": 429,
    "request_too_large": 413,
    "timeout_error": 504,
}
_TOO_LONG = re.compile(
    r"prompt is too long|input is too long|maximum context length|context (?:window|limit)"
    r"|token count .*exceeds the maximum|too many (?:input )?tokens",
    re.IGNORECASE,
)
_BATCH_EXCEEDED = "too large to process. increase the physical batch size"  # llama.cpp, as a 500
_RETRY_AFTER = re.compile(r"\d{1,9}(?:\.\d{1,9})?|[A-Za-z]{3,9}, [A-Za-z0-9 :-]{1,30}", re.ASCII)
_SECONDS = re.compile(r"(\d{1,9})(?:\.\d+)?s", re.ASCII)


def failure_from(
    status: int, body: bytes, headers: Mapping[str, str], *, confidential: Confidential
) -> UpstreamError:
    """The error for an upstream's status and body. Nothing confidential is in the message."""
    details = _details(body)
    message = _clean(details.get("message"), confidential)
    param = _text(details.get("param"), confidential)
    code = _text(details.get("code"), confidential) or _text(_error_code(details), confidential)
    if code == str(status):  # Google's, which says nothing
        code = None
    if "API_KEY_INVALID" in _hints(details, "reason"):  # Google's, under status 400
        status = 401
    if code is None and status in {400, 413} and _TOO_LONG.search(message):
        code = "context_length_exceeded"
    if details.get("type") == "exceed_context_size_error":  # llama.cpp's word for it
        code = "context_length_exceeded"
        message = (
            f"This is too long for the model: {details.get('n_prompt_tokens')} tokens, and it can "
            f"hold {details.get('n_ctx')}. Shorten it, begin a new chat, or choose a model with a "
            "larger context window."
        )
    if _BATCH_EXCEEDED in message:
        status, code = 400, "context_length_exceeded"
        message = "A text is too long for the model. Shorten it, or cut it into several."
    retry_after = _header(headers) or _retry_after(details)
    if status == 429:
        return UpstreamRateLimited(
            message or "The provider of this model limits its rate. Try again later.",
            upstream_status=429,
            retry_after=retry_after,
            param=param,
            code=code,
        )
    if status in {408, 504}:
        return UpstreamTimeout(
            "The provider of this model took too long. Try again.",
            upstream_status=status,
            retry_after=retry_after,
        )
    if status in {503, 529}:
        return UpstreamOverloaded(
            f"The provider of this model is overloaded ({status}). Try again in a moment.",
            upstream_status=status,
            retry_after=retry_after,
        )
    if status in {401, 403, 404} or not 400 <= status < 500:
        return UpstreamError(_own_trouble(status), upstream_status=status, retry_after=retry_after)
    return UpstreamRejected(
        message or f"The provider of this model refused the request ({status}).",
        status=413 if status == 413 else 400,
        upstream_status=status,
        param=param,
        code=code,
    )


def failure_from_error_object(error: object, *, confidential: Confidential) -> UpstreamError:
    """The error for an `error` object that came where an answer or a chunk was due."""
    message = _clean(error.get("message") if isinstance(error, dict) else error, confidential)
    code = _text(error.get("code"), confidential) if isinstance(error, dict) else None
    return UpstreamError(
        message or "The provider of this model failed in the middle of its answer.", code=code
    )


def failure_from_provider(error: object, *, confidential: Confidential) -> UpstreamError:
    """As failure_from_error_object, in the dialect of Anthropic or Google: by type or by number."""
    if isinstance(error, dict):
        number = error.get("code")
        status = number if isinstance(number, int) else _STATUSES.get(str(error.get("type")))
        if status is not None:
            return failure_from(
                status, orjson.dumps({"error": error}), {}, confidential=confidential
            )
    return failure_from_error_object(error, confidential=confidential)


def _own_trouble(status: int) -> str:
    reasons = {
        401: "refused the portal's key. An administrator must check it",
        403: "does not allow the portal's key to do this. An administrator must check it",
        404: "does not know the model or the address. An administrator must check the model config",
    }
    reason = reasons.get(status, f"failed with status {status}. Try again, or use another model")
    return f"The provider of this model {reason}."


def _details(body: bytes) -> dict[str, Any]:
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(decoded, dict):
        return {}
    error = decoded.get("error", decoded)
    return error if isinstance(error, dict) else {"message": error}


def _error_code(details: dict[str, Any]) -> object:
    """Anthropic's, where its clients look for it."""
    inner = details.get("details")
    return inner.get("error_code") if isinstance(inner, dict) else None


def _hints(details: dict[str, Any], name: str) -> list[str]:
    """Google's error details: the texts of this name."""
    hints = details.get("details")
    found = (
        [hint.get(name) for hint in hints if isinstance(hint, dict)]
        if isinstance(hints, list)
        else []
    )
    return [text for text in found if isinstance(text, str)]


def _header(headers: Mapping[str, str]) -> str | None:
    """`Retry-After` if it can be one, since it goes on to the caller: a number or a date."""
    value = headers.get("Retry-After")
    return value if value is not None and _RETRY_AFTER.fullmatch(value) else None


def _retry_after(details: dict[str, Any]) -> str | None:
    """Whole seconds, rounded up, where Google tells them."""
    for delay in _hints(details, "retryDelay"):
        if match := _SECONDS.fullmatch(delay):
            return str(int(match[1]) + (match[0] != f"{match[1]}s"))
    return None


def _clean(message: object, confidential: Confidential) -> str:
    text = message if isinstance(message, str) else ""
    return confidential.strike(text)[:MAX_MESSAGE_CHARS]


def _text(value: object, confidential: Confidential) -> str | None:
    if isinstance(value, str):
        return _clean(value, confidential)[:200]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
