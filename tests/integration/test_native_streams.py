"""Streams of Anthropic's events that a provider of that dialect sends: how they end, well or not."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from tests.integration.calls import client
from tests.integration.messages_calls import MESSAGES, message_body, named_events
from tests.integration.native_calls import KEY, KEY_VARIABLE, native_settings, send
from tests.running import AppServer, serving
from tests.upstreams import Answer, Close, Gate, Hang, Reset, stream
from tests.upstreams.anthropic import event, events_of, message
from tests.upstreams.scripted import ScriptedUpstream

SOON_S = 1
HELD_S = 0.3
EVENTS = events_of(message("It is\nParis."))
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def error_event(kind: str) -> bytes:
    return event({"type": "error", "error": {"type": kind, "message": f"no, {KEY}"}})


@pytest.fixture
def claude() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(stream(*EVENTS)) as upstream:
        yield upstream


@pytest.fixture
async def server(
    tmp_path: Path, claude: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AppServer]:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    settings = native_settings(tmp_path, claude.base, config={"retries": {"attempts": 0}})
    async with serving(settings) as server:
        yield server


BROKEN: dict[str, tuple[Answer, int, str]] = {
    "an error event": (stream(*EVENTS[:4], error_event("overloaded_error")), 503, "overloaded"),
    "an unknown error": (stream(*EVENTS[:4], error_event("new_error")), 502, "api"),
    "an end in the middle": (stream(*EVENTS[:4]), 502, "api"),
    "an end without a reason": (stream(*EVENTS[:-2], EVENTS[-1]), 502, "api"),
    "a reset": (stream(*EVENTS[:4], Reset()), 502, "api"),
    "a cut connection": (stream(*EVENTS[:4], Close()), 502, "api"),
    "no JSON": (stream(*EVENTS[:4], b"event: ping\ndata: {\n\n", *EVENTS[4:]), 502, "api"),
}


@pytest.mark.parametrize(("answer", "status", "kind"), BROKEN.values(), ids=BROKEN)
async def test_a_stream_that_breaks_ends_with_an_error_event(
    server: AppServer, claude: ScriptedUpstream, answer: Answer, status: int, kind: str
) -> None:
    claude.will_say(answer)

    found = await send(server, stream=True)
    (row,) = await server.rows()

    passed, _, told = found.content.partition(b"event: error\n")
    assert passed.startswith(b"".join(EVENTS[:4]))
    error = orjson.loads(told.removeprefix(b"data: "))
    assert (error["type"], error["error"]["type"]) == ("error", f"{kind}_error")
    assert KEY.encode() not in found.content
    assert b"message_stop" not in found.content
    assert row.status == status
    assert row.prompt_tokens == 11
    assert row.completion_tokens >= 1


async def test_an_error_before_anything_else_has_a_status_of_its_own(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    claude.will_say(stream(error_event("overloaded_error")))

    answer = await send(server, stream=True)

    assert (answer.status_code, answer.json()["error"]["type"]) == (503, "overloaded_error")


async def test_a_stream_that_lacks_nothing_but_its_last_event_gets_it(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    claude.will_say(stream(*EVENTS[:-1]))

    answer = await send(server, stream=True)

    assert answer.content == b"".join(EVENTS[:-1]) + STOP
    assert [row.status for row in await server.rows()] == [200]


async def test_a_stream_ends_with_its_last_event_whatever_comes_after(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    claude.will_say(stream(b"".join(EVENTS) + b"data: [DONE]\n\n", Hang()))

    answer = await send(server, stream=True)

    assert answer.content == b"".join(EVENTS)
    await claude.last().closed.arrival(SOON_S)


async def test_comments_pass_and_what_steers_a_reconnection_does_not(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    steered = [b"id: 1\nretry: 5\n" + each for each in EVENTS]
    claude.will_say(stream(b": hello\n\n", *steered))

    answer = await send(server, stream=True)

    assert answer.content == b": hello\n\n" + b"".join(EVENTS)


async def test_the_last_event_waits_for_the_row(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    locked = Gate()
    claude.will_say(stream(*EVENTS[:-2], locked, *EVENTS[-2:]))
    path = server.portal.settings.database_path
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        async with (
            client(server) as session,
            session.stream("POST", MESSAGES, json=message_body(stream=True)) as answer,
        ):
            pieces = answer.aiter_raw()
            got = await anext(pieces)
            other.execute("BEGIN IMMEDIATE")
            locked.open()
            while b"message_delta" not in got:
                got += await anext(pieces)
            rest = asyncio.ensure_future(anext(pieces))
            done, _ = await asyncio.wait({rest}, timeout=HELD_S)
            assert (done, b"message_stop" in got) == (set(), False)
            other.execute("ROLLBACK")
            got += await rest
    names = [name for name, _ in named_events(got.decode())]

    assert (names[-2], names[-1]) == ("message_delta", "message_stop")
    assert len(await server.rows()) == 1


async def test_a_caller_that_leaves_cancels_the_provider_and_pays_for_what_came(
    server: AppServer, claude: ScriptedUpstream
) -> None:
    claude.will_say(stream(*EVENTS[:5], Hang()))
    async with client(server) as session:
        async with session.stream("POST", MESSAGES, json=message_body(stream=True)) as answer:
            await anext(answer.aiter_raw())
        await claude.last().closed.arrival(SOON_S)
    (row,) = await server.rows()

    assert (row.status, row.error_code, row.estimated) == (499, "cancelled", True)
    assert row.prompt_tokens == 11
    assert row.cost_usd > 0


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_caller_that_leaves_before_the_first_byte_cancels_the_provider(
    server: AppServer, claude: ScriptedUpstream, is_stream: bool
) -> None:
    claude.will_say(lambda _: [Hang()])
    async with client(server) as session:
        call = asyncio.create_task(session.post(MESSAGES, json=message_body(stream=is_stream)))
        request = await claude.arrival()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await request.closed.arrival(SOON_S)
    (row,) = await server.rows()

    assert (row.status, row.estimated, row.prompt_tokens) == (499, True, 2)
