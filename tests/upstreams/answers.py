"""What a fake provider can be told to do: an answer is a list of steps, taken in order."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.upstreams.gate import Gate
from tests.upstreams.received import Received

__all__ = [
    "DONE",
    "Answer",
    "Close",
    "Hang",
    "Head",
    "Reset",
    "Step",
    "chunk",
    "error",
    "event",
    "hang",
    "page",
    "plain",
    "reset",
    "stream",
    "text",
    "usage_chunk",
]

DONE = b"data: [DONE]\n\n"
USAGE: Mapping[str, Any] = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


@dataclass(frozen=True)
class Head:
    """Status line and headers. With `length` the body is framed by Content-Length, else chunked."""

    status: int = 200
    content_type: str = "application/json"
    length: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reset:
    """Drop the connection at once with a TCP reset."""


@dataclass(frozen=True)
class Close:
    """Close the connection cleanly, without ending the HTTP message."""


@dataclass(frozen=True)
class Hang:
    """Say nothing more until the client leaves."""


Step = Head | bytes | Gate | Reset | Close | Hang
"""`bytes` are written as one piece; a `Gate` is waited for. After the last step the HTTP message
is ended properly, unless it was a Reset or a Close."""

Answer = Callable[[Received], Sequence[Step]]


def event(payload: object) -> bytes:
    """One SSE event with this JSON."""
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def chunk(content: str | None = None, *, finish: str | None = None, **extra: Any) -> bytes:
    """One streamed chunk as OpenAI sends it; `extra` are further top-level fields."""
    delta = {} if content is None else {"role": "assistant", "content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event(_envelope("chat.completion.chunk", [choice]) | extra)


def usage_chunk(usage: Mapping[str, Any] = USAGE) -> bytes:
    """The chunk without choices that carries usage, the last one before `[DONE]`."""
    return event(_envelope("chat.completion.chunk", []) | {"usage": dict(usage)})


def text(
    content: str = "Hello from the upstream.",
    *,
    usage: Mapping[str, Any] | None = USAGE,
    finish: str = "stop",
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Answer:
    """A whole answer, streamed word by word or in one body as the request asks.

    usage: sent where asked for; None for a provider that never sends any.
    extra: further top-level fields of the unstreamed body.
    """

    def answer(request: Received) -> Sequence[Step]:
        if not request.is_stream:
            message = {"role": "assistant", "content": content}
            choice = {"index": 0, "message": message, "finish_reason": finish}
            body = _envelope("chat.completion", [choice], request.model) | extra
            if usage is not None:
                body["usage"] = dict(usage)
            return plain(json.dumps(body).encode(), headers=headers)(request)
        pieces = [chunk(word) for word in _words(content)]
        pieces.append(chunk(finish=finish))
        if usage is not None and request.wants_usage:
            pieces.append(usage_chunk(usage))
        return stream(*pieces, DONE, headers=headers)(request)

    return answer


def stream(*steps: Step, headers: Mapping[str, str] | None = None) -> Answer:
    """An event stream of exactly these steps, whatever the request asked for."""
    head = Head(content_type="text/event-stream", headers=headers or {})
    return lambda _: (head, *steps)


def plain(
    body: bytes,
    *,
    status: int = 200,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Any body, whole. Also for malformed JSON."""
    head = Head(status, content_type, len(body), headers or {})
    return lambda _: (head, body)


def error(
    status: int,
    message: str = "The upstream said no.",
    *,
    code: str | None = None,
    param: str | None = None,
    kind: str = "invalid_request_error",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """An OpenAI-shaped error. A 429 usually wants `headers={"Retry-After": "7"}`."""
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return plain(json.dumps(body).encode(), status=status, headers=headers)


def page(status: int) -> Answer:
    """An HTML page, as a proxy in front of a provider sends."""
    body = b"<html><body><h1>Bad gateway</h1></body></html>"
    return plain(body, status=status, content_type="text/html")


def reset(*before: Step) -> Answer:
    """A connection that is reset after these steps; without any, before the first byte."""
    return lambda _: (*before, Reset())


def hang(*before: Step) -> Answer:
    """Silence after these steps, until the client leaves."""
    return lambda _: (*before, Hang())


def _envelope(kind: str, choices: list[dict[str, Any]], model: str = "fast") -> dict[str, Any]:
    return {
        "id": "chatcmpl-fake",
        "object": kind,
        "created": 1_700_000_000,
        "model": model,
        "choices": choices,
    }


def _words(content: str) -> list[str]:
    """Pieces that join to `content`."""
    return [word if i == 0 else f" {word}" for i, word in enumerate(content.split(" "))]
