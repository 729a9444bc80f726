"""A client of conversations and turns over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

__all__ = ["Client", "SseEvent", "text_of"]

DEADLINE_S = 5


@dataclass(frozen=True)
class SseEvent:
    """One event as a browser would see it."""

    id: str | None
    data: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = orjson.loads(self.data)
        return value


@dataclass
class Client:
    """Calls one portal with one person's key."""

    session: aiohttp.ClientSession
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
        """Status and JSON body."""
        async with self.session.request(
            method, self.url + path, headers=self.headers, **options
        ) as answer:
            return answer.status, orjson.loads(await answer.read())

    async def new_chat(self, **fields: Any) -> str:
        status, body = await self.call("POST", "/conversations", json=fields)
        assert status == 201
        return str(body["id"])

    async def events(self, method: str, path: str, **options: Any) -> AsyncIterator[SseEvent]:
        """The events of a stream; leaving the iterator hangs up."""
        headers = self.headers | options.pop("headers", {})
        async with (
            asyncio.timeout(DEADLINE_S),
            self.session.request(method, self.url + path, headers=headers, **options) as answer,
        ):
            assert answer.status == 200
            assert answer.content_type == "text/event-stream"
            event_id = None
            async for line in answer.content:
                if line.startswith(b"id: "):
                    event_id = line[4:].decode().strip()
                elif line.startswith(b"data: "):
                    yield SseEvent(event_id, line[6:].decode().strip())
                    event_id = None

    async def ask(self, chat_id: str, content: str = "Hi") -> list[SseEvent]:
        path = f"/conversations/{chat_id}/turns"
        return [event async for event in self.events("POST", path, json={"content": content})]


def text_of(events: list[SseEvent]) -> str:
    """The answer that the events carry."""
    found = [event.json for event in events if event.data != "[DONE]"]
    return "".join(event["text"] for event in found if event["type"] == "text_delta")
