"""A fake provider of Anthropic's dialect over a real socket: enough of `POST /v1/messages`.

`AnthropicUpstream` says the same to everybody; `message`, `says` and `events_of` are for scripts of a
`ScriptedUpstream`.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.upstreams.answers import Answer, Step, plain, stream
from tests.upstreams.received import Received

__all__ = [
    "ANSWER",
    "AnthropicUpstream",
    "anthropic_upstream",
    "event",
    "events_of",
    "message",
    "says",
]

USAGE = {"input_tokens": 11, "output_tokens": 3}
ANSWER = "It is Paris."


@dataclass
class AnthropicUpstream:
    """url: the `apiBase`. failing_status: answer with that status and an error instead.

    usage: what an answer tells of itself.
    """

    url: str = ""
    failing_status: int | None = None
    usage: Mapping[str, Any] = field(default_factory=lambda: USAGE)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    async def messages(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.keys.append(request.headers.get("x-api-key"))
        if self.failing_status is not None:
            error = {"type": "error", "error": {"type": "api_error", "message": "on purpose"}}
            return web.json_response(error, status=self.failing_status)
        if body.get("stream"):
            return await _stream(request, self.usage)
        return web.json_response(message(ANSWER, usage=self.usage))


def message(
    *blocks: str | Mapping[str, Any],
    stop_reason: str = "end_turn",
    usage: Mapping[str, Any] = USAGE,
    **extra: Any,
) -> dict[str, Any]:
    """An answer of these content blocks; a string is a text block."""
    content = [
        {"type": "text", "text": block} if isinstance(block, str) else dict(block)
        for block in blocks
    ]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": dict(usage),
    } | extra


def says(whole: Mapping[str, Any]) -> Answer:
    """This message, streamed or in one body as the request asks."""

    def answer(request: Received) -> Sequence[Step]:
        if request.is_stream:
            return stream(*events_of(whole))(request)
        return plain(json.dumps(whole).encode())(request)

    return answer


def event(payload: Mapping[str, Any]) -> bytes:
    """One event, named by its type."""
    return f"event: {payload['type']}\ndata: {json.dumps(payload)}\n\n".encode()


def events_of(whole: Mapping[str, Any]) -> list[bytes]:
    """The events that a message is streamed as; texts go line by line."""
    usage = dict(whole["usage"])
    start = {**whole, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}, {"type": "ping"}]
    for index, block in enumerate(whole["content"]):
        events.extend({**each, "index": index} for each in _block_events(block))
    end = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    count = {"output_tokens": usage["output_tokens"]}
    events.append({"type": "message_delta", "delta": end, "usage": count})
    events.append({"type": "message_stop"})
    return [event(each) for each in events]


def _block_events(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    empty: dict[str, Any] = {"text": "", "thinking": "", "signature": "", "input": {}}
    begun = {name: empty.get(name, value) for name, value in block.items()}
    yield {"type": "content_block_start", "content_block": begun}
    for delta in _deltas(block):
        yield {"type": "content_block_delta", "delta": delta}
    yield {"type": "content_block_stop"}


def _deltas(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    match block["type"]:
        case "text":
            for word in block["text"].splitlines(keepends=True):
                yield {"type": "text_delta", "text": word}
        case "thinking":
            yield {"type": "thinking_delta", "thinking": block["thinking"]}
            yield {"type": "signature_delta", "signature": block["signature"]}
        case "tool_use" if block["input"]:
            text = json.dumps(block["input"])
            for piece in ("", text[:5], text[5:]):
                yield {"type": "input_json_delta", "partial_json": piece}


async def _stream(request: web.Request, usage: Mapping[str, Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for each in events_of(message(ANSWER, usage=usage)):
        await response.write(each)
    await response.write_eof()
    return response


@asynccontextmanager
async def anthropic_upstream() -> AsyncIterator[AnthropicUpstream]:
    """A running one."""
    upstream = AnthropicUpstream()
    app = web.Application()
    app.router.add_post("/v1/messages", upstream.messages)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        upstream.url = f"http://{host}:{port}"
        yield upstream
    finally:
        await runner.cleanup()
