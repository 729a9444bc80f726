"""The least that relays: Starlette and aiohttp on uvicorn, no key, no validation, no ledger.

`python -m tests.performance.bare_relay serve --port N --upstream URL`: what the portal is
compared to.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import click
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

__all__ = ["create_relay"]


class _Relay:
    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._session: aiohttp.ClientSession

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as self._session:
            yield

    async def completions(self, request: Request) -> Response:
        body = await request.body()
        headers = {"content-type": "application/json"}
        answer = await self._session.post(
            f"{self._upstream}/chat/completions", data=body, headers=headers
        )
        if answer.content_type != "text/event-stream":
            async with answer:
                content = await answer.read()
            return Response(content, answer.status, media_type="application/json")
        return StreamingResponse(_pieces(answer), media_type="text/event-stream")


async def _pieces(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with answer:
        async for piece in answer.content.iter_any():
            yield piece


def create_relay(upstream: str) -> Starlette:
    """The relay as an application; `upstream` is a base such as `http://127.0.0.1:9101/v1`."""
    relay = _Relay(upstream)
    route = Route("/v1/chat/completions", relay.completions, methods=["POST"])
    return Starlette(routes=[route], lifespan=relay.lifespan)


@click.group()
def main() -> None:
    """A bare relay for benchmarks."""


@main.command()
@click.option("--port", type=int, required=True)
@click.option("--upstream", required=True)
def serve(port: int, upstream: str) -> None:
    """Relay on loopback until killed."""
    uvicorn.run(create_relay(upstream), port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
