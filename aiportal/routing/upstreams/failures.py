"""An upstream's HTTP error as an error of ours (API.md, "Errors").

400 and 429 stay what they are, with `code`, `param` and `Retry-After`; 413 stays; 401, 403 and 404
are the portal's own trouble with its provider, 502; other 4xx are 400; 503 and 529 are 503;
408 and 504 are 504; other 5xx are 502.
"""

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

__all__ = ["failure_from", "failure_from_error_object"]

MAX_MESSAGE_CHARS = 2_000


def failure_from(
    status: int, body: bytes, headers: Mapping[str, str], *, secret: str | None
) -> UpstreamError:
    """The error for an upstream's status and body. `secret` never appears in the message."""
    details = _details(body)
    message = _clean(details.get("message"), secret)
    param, code = _text(details.get("param"), secret), _text(details.get("code"), secret)
    if details.get("type") == "exceed_context_size_error":  # llama.cpp's word for it
        code = "context_length_exceeded"
        message = (
            f"This is too long for the model: {details.get('n_prompt_tokens')} tokens, and it can "
            f"hold {details.get('n_ctx')}. Shorten it, begin a new chat, or choose a model with a "
            "larger context window."
        )
    retry_after = headers.get("Retry-After")
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


def failure_from_error_object(error: object, *, secret: str | None) -> UpstreamError:
    """The error for an `error` object that came where an answer or a chunk was due."""
    message = _clean(error.get("message") if isinstance(error, dict) else error, secret)
    code = _text(error.get("code"), secret) if isinstance(error, dict) else None
    return UpstreamError(
        message or "The provider of this model failed in the middle of its answer.", code=code
    )


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


def _clean(message: object, secret: str | None) -> str:
    text = message if isinstance(message, str) else ""
    if secret:
        text = text.replace(secret, "[key]")
    return text[:MAX_MESSAGE_CHARS]


def _text(value: object, secret: str | None) -> str | None:
    if isinstance(value, str):
        return _clean(value, secret)[:200]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
