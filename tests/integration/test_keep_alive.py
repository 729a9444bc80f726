"""Silence in a stream is filled with comments that clients can bear."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import openai
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from aiportal.api.listening import listening
from aiportal.api.streams import EventStream
from aiportal.settings import Settings
from tests.loopback import NO_TLS
from tests.upstreams import DONE, chunk

KEEP_ALIVE = b": keep-alive\n"


class _SilentStream:
    """A server whose stream pauses after its first event until `go_on` is set."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def events(self) -> AsyncIterator[bytes]:
        yield b"id: 1\n" + chunk("one")
        await self.go_on.wait()
        yield chunk("two", finish="stop")
        yield DONE

    async def answer(self, request: Request) -> EventStream:
        return EventStream(self.events(), keep_alive_s=0.02)

    @asynccontextmanager
    async def serving(self, settings: Settings) -> AsyncIterator[str]:
        routes = [Route("/v1/chat/completions", self.answer, methods=["GET", "POST"])]
        async with listening(Starlette(routes=routes), settings) as server:
            yield f"{server.url}/v1"


async def test_silence_is_filled_between_whole_events(settings: Settings) -> None:
    silent = _SilentStream()
    async with (
        silent.serving(settings) as base,
        httpx.AsyncClient(verify=NO_TLS) as client,
        client.stream("GET", f"{base}/chat/completions") as answer,
    ):
        body = b""
        async for piece in answer.aiter_raw():
            body += piece
            if body.count(KEEP_ALIVE) == 3:
                silent.go_on.set()

    assert body.replace(KEEP_ALIVE, b"") == b"id: 1\n" + b"".join(
        [chunk("one"), chunk("two", finish="stop"), DONE]
    )
    assert body.startswith(b"id: 1\n" + chunk("one") + KEEP_ALIVE)


@pytest.mark.parametrize("silences", [1, 5])
async def test_the_openai_client_bears_the_comments(settings: Settings, silences: int) -> None:
    silent = _SilentStream()
    async with (
        silent.serving(settings) as base,
        openai.AsyncOpenAI(base_url=base, api_key="none", max_retries=0) as client,
    ):
        stream = await client.chat.completions.create(
            model="any", messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        first = await anext(stream)
        asyncio.get_running_loop().call_later(0.02 * silences + 0.01, silent.go_on.set)
        rest = [each async for each in stream]

    assert first.choices[0].delta.content == "one"
    assert [each.choices[0].delta.content for each in rest] == ["two"]
