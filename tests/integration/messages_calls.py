"""How tests call the portal in Anthropic's dialect."""

import json
from typing import Any

import httpx

from tests.integration.calls import client
from tests.running import AppServer

__all__ = ["MESSAGES", "ask", "message_body", "named_events", "stream_message"]

MESSAGES = "/v1/messages"


def message_body(**fields: Any) -> dict[str, Any]:
    """A request for `acme/fast`; fields replace or add."""
    question = {"role": "user", "content": "Hi there"}
    return {"model": "acme/fast", "max_tokens": 100, "messages": [question]} | fields


async def ask(server: AppServer, path: str = MESSAGES, **fields: Any) -> httpx.Response:
    """One unstreamed message, read whole."""
    async with client(server) as session:
        return await session.post(path, json=message_body(**fields))


async def stream_message(server: AppServer, **fields: Any) -> list[tuple[str, Any]]:
    """Names and data of the events of one message. Raises HTTPStatusError for other than 200."""
    answer = await ask(server, stream=True, **fields)
    answer.raise_for_status()
    assert answer.headers["content-type"].startswith("text/event-stream")
    return named_events(answer.text)


def named_events(body: str) -> list[tuple[str, Any]]:
    """Names and data of events."""
    lines = (event.split("\n") for event in body.split("\n\n")[:-1])
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in lines
    ]
