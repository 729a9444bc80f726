from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiportal.dialects.sse import DONE, encode
from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import NotFound, UpstreamError
from aiportal.events import (
    Event,
    ReasoningDelta,
    SourceFound,
    TextDelta,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    UsageReported,
    WebSearched,
)
from aiportal.notebook.pieces import (
    ChunkEnd,
    Outcome,
    ToolCallDelta,
    read_chunks,
    read_events,
)

STARTED = TurnStarted("turn_1", "conv_1", "msg_1", "msg_2", "acme/fast")
REPORT = UsageReported("req_1", "acme/fast", "acme", 3, 2, 0.5, False, 10.0, 20.0)


async def _cut(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def _sequence(*events: Event) -> AsyncIterator[Event]:
    for event in events:
        yield event


def _chunk(**delta: object) -> bytes:
    return encode({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})


END = encode({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}) + encode(
    {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
)


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_chunks_are_read_however_the_network_cut_them(size: int) -> None:
    body = _chunk(reasoning_content="hm") + b": keep-alive\n" + _chunk(content="Paré") + END + DONE
    pieces = [piece async for piece in read_chunks(_cut(body, size))]
    assert pieces == [
        ReasoningDelta("hm"),
        TextDelta("Paré"),
        ChunkEnd("stop", TokenUsage(3, 2)),
    ]


async def test_of_several_answers_the_first_counts() -> None:
    second = encode({"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "x"}]})
    body = _chunk(content="yes") + second + END + DONE
    pieces = [piece async for piece in read_chunks(_cut(body, 100))]
    assert pieces == [TextDelta("yes"), ChunkEnd("stop", TokenUsage(3, 2))]


async def test_calls_of_the_callers_functions_are_pieces_too() -> None:
    call = {"index": 0, "id": "call_1", "function": {"name": "add", "arguments": '{"a"'}}
    rest = {"index": 0, "function": {"arguments": ": 1}"}}
    body = _chunk(tool_calls=[call]) + _chunk(tool_calls=[rest]) + END + DONE
    pieces = [piece async for piece in read_chunks(_cut(body, 100))]
    assert pieces[:2] == [
        ToolCallDelta(0, "call_1", "add", '{"a"'),
        ToolCallDelta(0, "", "", ": 1}"),
    ]


async def test_an_error_event_is_raised_as_its_kind() -> None:
    body = _chunk(content="Pa") + encode(NotFound("It has gone.").as_openai())
    with pytest.raises(NotFound, match="It has gone"):
        [piece async for piece in read_chunks(_cut(body, 100))]


async def test_a_stream_without_its_end_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="broke off"):
        [piece async for piece in read_chunks(_cut(_chunk(content="Pa"), 100))]


async def test_the_events_of_a_turn_become_the_same_pieces() -> None:
    finished = TurnFinished("done", "stop")
    events = _sequence(STARTED, ReasoningDelta("hm"), TextDelta("Paris"), REPORT, finished)
    assert [piece async for piece in read_events(events)] == [
        ReasoningDelta("hm"),
        TextDelta("Paris"),
        Outcome("req_1", "acme/fast", "stop", TokenUsage(3, 2), 0.5),
    ]


async def test_a_turn_that_was_cancelled_has_an_outcome() -> None:
    events = _sequence(STARTED, TextDelta("Pa"), TurnFinished("cancelled", None))
    pieces = [piece async for piece in read_events(events)]
    assert pieces[-1] == Outcome("turn_1", "acme/fast", "cancelled", None, None)


async def test_a_turn_that_failed_raises_its_error() -> None:
    failed = TurnFailed("It has gone.", "not_found", "not_found_error")
    with pytest.raises(NotFound, match="It has gone"):
        [piece async for piece in read_events(_sequence(STARTED, failed))]


async def test_events_without_their_end_are_an_error() -> None:
    with pytest.raises(UpstreamError, match="broke off"):
        [piece async for piece in read_events(_sequence(STARTED, TextDelta("Pa")))]


async def test_the_first_chunk_tells_of_a_search() -> None:
    source: dict[str, Any] = {"number": 1, "title": "A", "url": "https://a.test/", "snippet": "a"}
    told = {"query": "Who?", "provider": "brave", "note": None, "sources": [source]}
    body = encode({"choices": [], "web_search": told}) + _chunk(content="[1]") + DONE
    pieces = [piece async for piece in read_chunks(_cut(body, 7))]
    assert pieces[:2] == [WebSearched("Who?", "brave", None), SourceFound(**source)]
