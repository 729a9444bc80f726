"""A fake provider of Anthropic's dialect over a real socket: enough of `POST /v1/messages`."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

__all__ = ["AnthropicUpstream", "anthropic_upstream"]

USAGE = {"input_tokens": 11, "output_tokens": 3}
WORDS = ("It is ", "Paris.")


@dataclass
class AnthropicUpstream:
    """url: the `apiBase`. failing_status: answer with that status and an error instead."""

    url: str = ""
    failing_status: int | None = None
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
            return await _stream(request)
        return web.json_response(
            {**_message(), "content": [{"type": "text", "text": "".join(WORDS)}]}
        )


def _message() -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": USAGE,
    }


async def _stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    start = {**_message(), "stop_reason": None, "usage": {"input_tokens": 11, "output_tokens": 1}}
    block = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": ""},
    }
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}, block]
    for word in WORDS:
        delta = {"type": "text_delta", "text": word}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events.append({"type": "content_block_stop", "index": 0})
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    events.append({"type": "message_delta", "delta": end, "usage": {"output_tokens": 3}})
    events.append({"type": "message_stop"})
    for event in events:
        await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
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
