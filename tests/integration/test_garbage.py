"""What is done with is freed at once: no cycles that wait for the garbage collector's rare full run."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import CoroutineType, FunctionType
from typing import Any

import pytest
from starlette.types import Message

from aiportal.api.streams import Caller, Stragglers
from tests.integration.calls import CHAT, chat_body, client
from tests.running import AppServer

CALLS = [
    (CHAT, chat_body()),
    (CHAT, chat_body(stream=True)),
    (CHAT, chat_body(model="acme/none")),
    ("/v1/responses", {"model": "acme/fast", "input": "Hi there"}),
    ("/v1/responses", {"model": "acme/fast", "input": "Hi there", "stream": True}),
    ("/v1/messages", chat_body(max_tokens=9)),
    ("/v1/messages", chat_body(max_tokens=9, stream=True)),
]


def _name(one: object) -> str:
    """Of what is ours, with its module; of anything else `""`."""
    if isinstance(one, CoroutineType):
        return one.__qualname__ if "/aiportal/" in one.cr_code.co_filename else ""
    named = one if isinstance(one, FunctionType) else type(one)
    return f"{named.__module__}.{named.__qualname__}" if "aiportal" in named.__module__ else ""


@contextmanager
def ours_left() -> Iterator[list[str]]:
    """What there is of ours that only the collector would have freed; filled at the end."""
    found: list[str] = []
    gc.freeze()  # else what an earlier test has left is found as well
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found += [name for one in gc.garbage if (name := _name(one))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        gc.unfreeze()


@pytest.mark.parametrize(("path", "body"), CALLS)
async def test_a_call_leaves_nothing_in_a_cycle(
    app_server: AppServer, path: str, body: dict[str, Any]
) -> None:
    async with client(app_server) as session:
        await session.post(path, json=body)
    with ours_left() as left:
        async with client(app_server) as session:
            await session.post(path, json=body)
        for _ in range(100):  # of the loop, in which the server sees that the connection is closed
            await asyncio.sleep(0)
    assert left == []


async def test_a_caller_who_was_watched_leaves_nothing_in_a_cycle() -> None:
    async def receive() -> Message:
        return await asyncio.Future[Message]()

    async def send(_: Message) -> None:
        raise AssertionError("nothing is sent")

    with ours_left() as left:
        async with Caller(receive, send, Stragglers()) as caller:
            caller.start_watching()
            await asyncio.sleep(0)
        gone = weakref.ref(caller)
        del caller
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert gone() is None
    assert left == []
