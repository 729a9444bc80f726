"""Headers that every response carries: its id, what a browser may do with it, and the rate limits."""

from collections import Counter
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aiportal.api.caller_dialect import speaks_anthropic

__all__ = ["ResponseHeaders", "content_security_policy"]

NO_LIMIT = b"2147483647"
DOCS_PAGE = "/api/docs"
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_RATE_LIMITS = [
    (b"x-ratelimit-limit-requests", NO_LIMIT),
    (b"x-ratelimit-remaining-requests", NO_LIMIT),
    (b"x-ratelimit-reset-requests", b"0s"),
    (b"x-ratelimit-limit-tokens", NO_LIMIT),
    (b"x-ratelimit-remaining-tokens", NO_LIMIT),
    (b"x-ratelimit-reset-tokens", b"0s"),
]
_API_PREFIXES = ("/api/", "/v1/")
_ID_NAMES = (b"x-request-id",)
_ANTHROPIC_ID_NAMES = (b"x-request-id", b"request-id")  # the one that Anthropic's clients look for


def content_security_policy(frame_ancestors: Sequence[str]) -> str:
    """Nothing from another host. Gradio's page needs inline scripts and eval."""
    rules = {
        "default-src": "'self'",
        "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "form-action": "'self'",
        "base-uri": "'self'",
        "object-src": "'none'",
        "frame-ancestors": " ".join(("'self'", *frame_ancestors)),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class ResponseHeaders:
    """To be put inside RequestLog. frame_ancestors: other origins that may show the portal in a frame.

    counts: of answers by status, kept here for /metrics.
    Notes `response_status` in the request's state once the answer has begun, so that what needs to
    know that, `RequestLog` and `LastResort`, need not look through what is sent as well.
    """

    def __init__(
        self, app: ASGIApp, *, counts: Counter[int], frame_ancestors: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._counts = counts
        self._pages = [
            _NO_SNIFFING,
            (b"content-security-policy", content_security_policy(frame_ancestors).encode()),
            (b"referrer-policy", b"same-origin"),
        ]
        # What is not shown as a page may load and run nothing at all.
        self._api = [
            _NO_SNIFFING,
            (b"content-security-policy", b"default-src 'none'"),
            *_RATE_LIMITS,
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_page = not scope["path"].startswith(_API_PREFIXES) or scope["path"] == DOCS_PAGE
        extra = self._pages if is_page else self._api
        state, counts = scope["state"], self._counts
        id_names = _ANTHROPIC_ID_NAMES if speaks_anthropic(scope) else _ID_NAMES

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = state["response_status"] = message["status"]
                counts[status] += 1
                request_id = state["request_id"].encode()
                ids = [(name, request_id) for name in id_names]
                message["headers"] = [*message.get("headers", ()), *ids, *extra]
            await send(message)

        await self._app(scope, receive, with_headers)
