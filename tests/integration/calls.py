"""How the integration tests call the portal: bodies, a client, a parsed stream."""

import json
from typing import Any

import httpx

from tests.loopback import NO_TLS
from tests.running import AppServer

__all__ = ["CHAT", "chat_body", "client", "events", "post", "stream"]

CHAT = "/v1/chat/completions"


def chat_body(**fields: Any) -> dict[str, Any]:
    """A request for `acme/fast`; fields replace or add."""
    return {"model": "acme/fast", "messages": [{"role": "user", "content": "Hi there"}]} | fields


def client(server: AppServer) -> httpx.AsyncClient:
    """A client with the server's base and key."""
    return httpx.AsyncClient(verify=NO_TLS, base_url=server.url, headers=server.headers, timeout=10)


async def post(server: AppServer, **fields: Any) -> httpx.Response:
    """One unstreamed chat completion, read whole."""
    async with client(server) as session:
        return await session.post(CHAT, json=chat_body(**fields))


async def stream(server: AppServer, **fields: Any) -> bytes:
    """The bytes of one streamed chat completion. Raises HTTPStatusError for other than 200."""
    async with (
        client(server) as session,
        session.stream("POST", CHAT, json=chat_body(stream=True, **fields)) as answer,
    ):
        answer.raise_for_status()
        return await answer.aread()


def events(body: bytes) -> list[Any]:
    """The data of each event, decoded, or as text where it is no JSON. Comments are left out."""
    lines = body.replace(b"\r\n", b"\n").split(b"\n")
    return [_decoded(line[5:].strip()) for line in lines if line.startswith(b"data:")]


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode()
