"""Streams and answers of every shape, byte for byte from the provider's socket to the caller's."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.integration.calls import chat_body, events, post, stream
from tests.running import AppServer
from tests.upstreams import (
    DONE,
    Answer,
    Gate,
    Upstream,
    error,
    event,
    page,
    plain,
    reset,
    text,
)
from tests.upstreams import stream as streamed


def delta(*, index: int = 0, finish: str | None = None, **fields: Any) -> bytes:
    """A chunk whose delta holds these fields."""
    choice = {"index": index, "delta": fields, "finish_reason": finish}
    return event({"id": "c1", "object": "chat.completion.chunk", "choices": [choice]})


def call(index: int, arguments: str, **first: Any) -> dict[str, Any]:
    """A piece of a tool call; `first` only stands on a call's first one."""
    name = first.pop("name", None)
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"index": index, **first, "function": function}


def named(index: int, name: str, arguments: str = "") -> dict[str, Any]:
    return call(index, arguments, id=f"call_{index}", type="function", name=name)


END = delta(finish="stop") + DONE
CALLED = delta(finish="tool_calls") + DONE
ARGUMENTS = '{"city": "Zürich", "quote": "\\"☃\\""}'
LOGPROBS = {"content": [{"token": "é", "logprob": -0.1, "bytes": [195, 169], "top_logprobs": []}]}
STREAMS: dict[str, Sequence[bytes]] = {
    "a tool call in pieces": [
        delta(role="assistant", content=None),
        delta(tool_calls=[named(0, "weather")]),
        *(delta(tool_calls=[call(0, each)]) for each in ARGUMENTS),
        CALLED,
    ],
    "parallel calls, interleaved": [
        delta(tool_calls=[named(0, "f")]),
        delta(tool_calls=[named(1, "g")]),
        delta(tool_calls=[call(1, '{"b"')]),
        delta(tool_calls=[call(0, "{}")]),
        delta(tool_calls=[call(1, ": 2}")]),
        CALLED,
    ],
    "two calls in one delta": [
        delta(tool_calls=[named(0, "f", "{}"), named(1, "g", "{}")]),
        CALLED,
    ],
    "text, then a call": [
        delta(content="I look "),
        delta(tool_calls=[named(0, "f", "{}")]),
        CALLED,
    ],
    "reasoning_content": [
        delta(role="assistant", content=""),
        delta(reasoning_content="Hm. ☃"),
        delta(reasoning_content=" Yes", content=None),
        delta(content="Paris"),
        END,
    ],
    "reasoning": [delta(reasoning="Hm."), delta(content="Paris"), END],
    "two choices": [
        delta(content="one", index=0),
        delta(content="two", index=1),
        delta(index=1, finish="stop"),
        delta(index=0, finish="length"),
        DONE,
    ],
    "logprobs": [
        event({"choices": [{"index": 0, "delta": {"content": "é"}, "logprobs": LOGPROBS}]}),
        END,
    ],
    "a refusal": [delta(refusal="I can"), delta(refusal="not."), END],
    "audio": [
        delta(audio={"id": "a1", "data": "AAAA" * 500}),
        delta(audio={"transcript": "Hi"}),
        END,
    ],
    "a chunk without choices": [event({"id": "c1", "choices": [], "prompt_filter": []}), END],
    "unknown fields": [
        event({"choices": [{"index": 0, "delta": {"x_new": 1}}], "x": {"y": None}, "service": "z"}),
        END,
    ],
    "comments": [b": OPENROUTER PROCESSING\n\n", delta(content="a"), b": more\n\n", END],
    "CRLF": [b'data: {"choices":[{"delta":{"content":"a"}}]}\r\n\r\n' * 2, END],
    "a named event": [b'event: message\ndata: {"choices":[{"delta":{"content":"a"}}]}\n\n', END],
    "data over two lines": [b'data: {"choices":\ndata: [{"delta":{"content":"a"}}]}\n\n', END],
    "escapes that look like markers": [
        delta(content='"finish_reason": "stop" data: [DONE]\n\ndata: {"usage": {"a"'),
        delta(content='\\"error\\": {}'),
        END,
    ],
    "a function call of old": [
        delta(function_call={"name": "f", "arguments": "{}"}),
        delta(finish="function_call"),
        DONE,
    ],
}


@pytest.mark.parametrize("pieces", STREAMS.values(), ids=STREAMS)
async def test_a_stream_comes_out_as_it_went_in_however_it_was_cut(
    app_server: AppServer, upstream: Upstream, pieces: Sequence[bytes]
) -> None:
    whole = b"".join(pieces)
    for size in (1, 7, len(whole)):
        cut = [whole[i : i + size] for i in range(0, len(whole), size)]
        upstream.answer("fast", streamed(*cut))

        assert await stream(app_server) == whole, f"cut into pieces of {size}"


async def test_ids_of_calls_come_once(app_server: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", streamed(*STREAMS["a tool call in pieces"]))

    found = events(await stream(app_server))
    calls = [one for each in found[1:-2] for one in each["choices"][0]["delta"]["tool_calls"]]

    assert [one["id"] for one in calls if "id" in one] == ["call_0"]
    assert "".join(one["function"]["arguments"] for one in calls) == ARGUMENTS


async def test_an_event_of_a_megabyte_comes_whole(
    app_server: AppServer, upstream: Upstream
) -> None:
    whole = delta(content="é" * 500_000) + delta(tool_calls=[named(0, "f", "x" * 1_000_000)]) + END
    upstream.answer(
        "fast", streamed(*(whole[i : i + 65_537] for i in range(0, len(whole), 65_537)))
    )

    assert await stream(app_server) == whole


async def test_usage_in_a_chunk_with_choices_is_passed_on_and_counted(
    app_server: AppServer, upstream: Upstream
) -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    choice = {"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}
    whole = event({"choices": [choice], "usage": usage}) + DONE
    upstream.answer("fast", streamed(whole))

    assert await stream(app_server) == whole
    (row,) = await app_server.rows()
    assert (row.prompt_tokens, row.completion_tokens, row.estimated) == (7, 3, False)


async def test_a_usage_of_null_is_no_usage(app_server: AppServer, upstream: Upstream) -> None:
    choice = {"index": 0, "delta": {"content": "a"}, "finish_reason": None}
    whole = event({"choices": [choice], "usage": None}) + END
    upstream.answer("fast", streamed(whole))

    assert await stream(app_server) == whole
    (row,) = await app_server.rows()
    assert row.estimated


async def test_a_first_byte_that_takes_its_time_is_waited_for(
    app_server: AppServer, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.answer("fast", streamed(gate, delta(content="late"), END))
    answer = asyncio.create_task(stream(app_server))
    await upstream.arrival()
    assert not answer.done()
    gate.open()

    assert await answer == delta(content="late") + END


BEFORE_THE_FIRST_EVENT: dict[str, tuple[Answer, int]] = {
    "an error event": (streamed(event({"error": {"message": "hot", "code": "hot"}})), 502),
    "an empty stream": (streamed(), 502),
    "only [DONE]": (streamed(DONE), 502),
    "malformed JSON": (streamed(b"data: {nonsense\n\n"), 502),
    "a page": (page(200), 502),
    "a 401": (error(401), 502),
    "a 503": (error(503), 503),
    "a reset": (reset(), 502),
}


@pytest.mark.parametrize(
    ("broken", "status"), BEFORE_THE_FIRST_EVENT.values(), ids=BEFORE_THE_FIRST_EVENT
)
async def test_what_breaks_before_the_first_event_has_a_status_and_is_tried_again(
    app_server: AppServer, upstream: Upstream, broken: Answer, status: int
) -> None:
    upstream.answer("fast", broken)
    failed = await post(app_server, stream=True)
    upstream.answer("fast", broken, text("well"))
    mended = await post(app_server, stream=True)

    assert failed.status_code == status
    assert failed.json()["error"]["message"]
    is_own_trouble = broken is BEFORE_THE_FIRST_EVENT["a 401"][0]
    assert mended.status_code == (502 if is_own_trouble else 200)


ASKED: dict[str, dict[str, Any]] = {
    "n": {"n": 2},
    "logprobs": {"logprobs": True, "top_logprobs": 5},
    "verbosity": {"verbosity": "low"},
    "a developer's message": {
        "messages": [
            {"role": "developer", "content": "Be brief"},
            {"role": "user", "content": "Hi"},
        ]
    },
    "audio out": {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
    "audio in": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
                ],
            }
        ]
    },
    "a file": {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:,"}}],
            }
        ]
    },
    "calls and their results": {
        "messages": [
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "21"},
        ]
    },
    "a prediction and thinking": {
        "prediction": {"type": "content", "content": "a"},
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "reasoning": {"effort": "high"},
    },
    "unknown fields": {"x_one": {"deep": [None, 0, ""]}, "provider": {"order": ["a", "b"]}},
}


@pytest.mark.parametrize("fields", ASKED.values(), ids=ASKED)
async def test_what_is_asked_for_reaches_the_provider(
    app_server: AppServer, upstream: Upstream, fields: dict[str, Any]
) -> None:
    assert (await post(app_server, **fields)).status_code == 200
    assert upstream.last().json == chat_body(**fields) | {"model": "fast"}


ANSWERS: dict[str, bytes] = {
    "two choices": b'{"choices":[{"index":0,"message":{}},{"index":1,"message":{}}]}',
    "a refusal": b'{"choices":[{"message":{"content":null,"refusal":"No."}}]}',
    "logprobs": b'{"choices":[{"message":{"content":"a"},"logprobs":'
    + json.dumps(LOGPROBS).encode()
    + b"}]}",
    "audio": b'{"choices":[{"message":{"audio":{"id":"a","data":"AAAA","transcript":"Hi"}}}]}',
    "reasoning": b'{"choices":[{"message":{"content":"a","reasoning_content":"Hm."}}]}',
    "calls": b'{"choices":[{"message":{"tool_calls":[{"id":"1"},{"id":"2"}]},'
    b'"finish_reason":"tool_calls"}]}',
    "numbers beyond a double": b'{"choices":[{"message":{}}],"big":12345678901234567890123,"small":1E-400}',
    "keys that come twice": b'{"choices":[{"message":{}}],"a":1,"a":2}',
    "a megabyte": b'{"choices":[{"message":{"content":"' + b"x" * 1_000_000 + b'"}}]}',
    "spaces": b' \n{ "choices" : [ { "message" : { } } ] } \n',
}


@pytest.mark.parametrize("body", ANSWERS.values(), ids=ANSWERS)
async def test_a_whole_answer_comes_out_as_it_went_in(
    app_server: AppServer, upstream: Upstream, body: bytes
) -> None:
    upstream.answer("fast", plain(body))

    answer = await post(app_server)

    assert (answer.status_code, answer.content) == (200, body)
