"""The events of a stream: whatever its pieces, they join to the unstreamed translation."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.dialects.anthropic.answer import message
from aiportal.dialects.anthropic.stream import MessageStream
from aiportal.dialects.sse import DONE, encode
from aiportal.errors import UpstreamError

USAGE = {"prompt_tokens": 9, "completion_tokens": 4}


def chunk(finish: str | None = None, *, usage: Any = None, **delta: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return encode({"object": "chat.completion.chunk", "choices": [choice], "usage": usage})


def call(index: int, arguments: str = "", **fields: Any) -> dict[str, Any]:
    return {"index": index, "function": {"arguments": arguments} | fields.pop("function", {})} | (
        fields
    )


def opening(index: int, arguments: str = "", name: str = "weather") -> dict[str, Any]:
    return call(index, arguments, id=f"call_{index}", type="function", function={"name": name})


def fed(*chunks: bytes, stop_sequences: Iterable[str] = ()) -> list[dict[str, Any]]:
    stream = MessageStream(message_id="msg_1", model="m", stop_sequences=tuple(stop_sequences))
    return decoded(b"".join(map(stream.feed, chunks)))


def decoded(body: bytes) -> list[dict[str, Any]]:
    found = []
    for event in body.split(b"\n\n")[:-1]:
        name, data = event.split(b"\n")
        found.append(orjson.loads(data.removeprefix(b"data: ")))
        assert name == b"event: " + found[-1]["type"].encode()
    return found


def joined(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that a client puts together; one that knows only one open block at a time."""
    start, *rest, last, stop = events
    assert (start["type"], last["type"], stop["type"]) == (
        "message_start",
        "message_delta",
        "message_stop",
    )
    blocks: list[dict[str, Any]] = []
    pieces = iter(rest)
    for event in pieces:
        assert (event["type"], event["index"]) == ("content_block_start", len(blocks))
        blocks.append(event["content_block"] | _deltas(pieces, event))
    end = last["delta"] | {"usage": last["usage"], "content": blocks}
    found: dict[str, Any] = start["message"] | end
    return found


def _deltas(pieces: Iterator[dict[str, Any]], start: dict[str, Any]) -> dict[str, Any]:
    texts: dict[str, str] = {}
    for event in pieces:
        assert event["index"] == start["index"]
        if event["type"] == "content_block_stop":
            break
        delta = event["delta"]
        key = next(name for name in delta if name != "type")
        texts[key] = texts.get(key, "") + delta[key]
    written = texts.pop("partial_json", None)
    return texts if written is None else {"input": orjson.loads(written)}


def test_a_text_is_written_piece_by_piece() -> None:
    events = fed(
        chunk(role="assistant"),
        chunk(content="Hi "),
        chunk(content="there"),
        chunk("stop"),
        encode({"choices": [], "usage": USAGE}),
        DONE,
    )
    assert [event["type"] for event in events] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    found = joined(events)
    assert found["content"] == [{"type": "text", "text": "Hi there"}]
    assert (found["stop_reason"], found["usage"]["output_tokens"]) == ("end_turn", 4)


def test_nothing_tells_the_end_before_done() -> None:
    events = fed(chunk(content="Hi"), chunk("stop"), encode({"choices": [], "usage": USAGE}))
    assert events[-1]["type"] == "content_block_delta"


def test_comments_alone_do_not_begin_a_message() -> None:
    assert fed(b": wait\n\n") == []


def test_an_empty_answer_is_a_message_without_blocks() -> None:
    found = joined(fed(chunk("stop", role="assistant", content=""), DONE))
    assert (found["content"], found["stop_reason"]) == ([], "end_turn")


def test_the_first_block_of_a_message_comes_with_its_start() -> None:
    stream = MessageStream(message_id="msg_1", model="m", stop_sequences=())
    events = decoded(stream.feed(chunk(reasoning="hm")))
    assert [event["type"] for event in events] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
    ]


def test_thinking_ends_with_a_signature() -> None:
    own = joined(fed(chunk(reasoning="h"), chunk(reasoning="m"), chunk(content="a"), DONE))
    thinking = {"type": "thinking", "thinking": "hm", "signature": "aiportal.reasoning.m"}
    assert own["content"] == [thinking, {"type": "text", "text": "a"}]
    block = {"type": "thinking", "thinking": "hm", "signature": ""}
    signed = {"type": "thinking", "thinking": "", "signature": "c2ln"}
    redacted = {"type": "redacted_thinking", "data": "xyz"}
    theirs = fed(
        *(
            chunk(thinking_blocks=[one], reasoning_content="hm")
            for one in (block, signed, redacted)
        ),
        chunk(thinking_blocks=[block | {"signature": "bmV4dA"}]),
        DONE,
    )
    assert joined(theirs)["content"] == [
        block | {"signature": "c2ln"},
        redacted,
        block | {"signature": "bmV4dA"},
    ]


def inputs(*chunks: bytes) -> list[Any]:
    found = joined(fed(*chunks, chunk("tool_calls"), DONE))
    assert found["stop_reason"] == "tool_use"
    return [(block["id"], block["name"], block["input"]) for block in found["content"]]


A, B = ("call_0", "weather", {"a": {"b": 1}}), ("call_1", "weather", {"c": "}"})


@pytest.mark.parametrize(
    "chunks",
    [
        [[opening(0, '{"a":{"b":1}}'), opening(1, '{"c":"}"}')]],
        [[opening(0)], [call(0, '{"a":{"b":1')], [call(0, "}}")], [opening(1, '{"c":"}"}')]],
        [[opening(0, '{"a":{"b":1}'), opening(1, '{"c":"}"')], [call(0, "}"), call(1, "}")]],
        [
            [opening(0)],
            [opening(1)],
            [call(1, '{"c":'), call(0, '{"a":{"b":1}}')],
            [call(1, '"}"}')],
        ],
        # The same number for all, and an id for each.
        [[opening(0, '{"a":{"b":1}}')], [opening(1, '{"c":"}"}') | {"index": 0}]],
        # An id in each piece; a name in each piece.
        [[opening(0, '{"a":')], [opening(0, '{"b":1}}')], [opening(1, '{"c":"}"}')]],
        # No numbers.
        [
            [opening(0, '{"a":') | {"index": None}],
            [call(0, '{"b":1}}') | {"index": None}],
            [opening(1, '{"c":"}"}') | {"index": None}],
            [opening(0, " ") | {"index": None}],
        ],
        # The name comes late.
        [[call(0, '{"a":', id="call_0")], [opening(0, '{"b":1}}')], [opening(1, '{"c":"}"}')]],
    ],
)
def test_calls_come_out_whole_and_one_after_the_other(chunks: list[list[dict[str, Any]]]) -> None:
    assert inputs(*(chunk(tool_calls=calls) for calls in chunks)) == [A, B]


def test_a_call_without_an_id_is_given_one() -> None:
    ((call_id, _, given),) = inputs(
        chunk(tool_calls=[call(0, "{", function={"name": "f"})]), chunk(tool_calls=[call(0, "}")])
    )
    assert call_id.startswith("toolu_")
    assert given == {}


def test_text_behind_a_call_is_a_block_of_its_own() -> None:
    found = joined(
        fed(
            chunk(tool_calls=[opening(0, "{")]),
            chunk(content="a"),
            chunk(tool_calls=[call(0, "}")]),
            DONE,
        )
    )
    assert [block["type"] for block in found["content"]] == ["tool_use", "text"]


def test_a_call_is_sent_while_it_comes() -> None:
    stream = MessageStream(message_id="msg_1", model="m", stop_sequences=())
    stream.feed(chunk(tool_calls=[opening(0)]))
    (event,) = decoded(stream.feed(chunk(tool_calls=[call(0, '{"a')])))
    assert event["delta"] == {"type": "input_json_delta", "partial_json": '{"a'}


def test_a_refusal_and_a_stop_sequence_are_told() -> None:
    refused = joined(fed(chunk(refusal="I will "), chunk(refusal="not."), chunk("stop"), DONE))
    assert (refused["content"][0]["text"], refused["stop_reason"]) == ("I will not.", "refusal")
    last = {"choices": [{"delta": {}, "finish_reason": "stop", "stop_reason": "END"}]}
    found = joined(fed(chunk(content="a"), encode(last), DONE, stop_sequences=["END"]))
    assert (found["stop_reason"], found["stop_sequence"]) == ("stop_sequence", "END")


def test_a_chunk_that_is_no_json_is_the_providers_failure() -> None:
    stream = MessageStream(message_id="msg_1", model="m", stop_sequences=())
    events = decoded(stream.feed(chunk(content="half") + b"data: {\n\n" + DONE))
    assert events[-1]["type"] == "content_block_delta"
    assert isinstance(stream.failure, UpstreamError)


@pytest.mark.parametrize(
    "odd",
    [
        [],
        {"choices": "x"},
        {"choices": [1]},
        {"choices": [{}]},
        {"choices": [{"delta": {"content": 7, "tool_calls": 7}}]},
        {"choices": [{"delta": {"tool_calls": [7]}}]},
        {"usage": 7},
    ],
)
def test_odd_chunks_say_nothing(odd: Any) -> None:
    assert joined(fed(encode(odd), chunk("stop"), DONE))["content"] == []


# Any answer, in any pieces

TEXTS = st.text(max_size=20)
INPUTS = st.dictionaries(TEXTS, st.recursive(TEXTS | st.integers(0, 99), st.lists, max_leaves=4))
ANSWERS = st.fixed_dictionaries(
    {"reasoning_content": TEXTS, "content": TEXTS, "inputs": st.lists(INPUTS, max_size=3)}
)


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=5)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@st.composite
def chunks_of(draw: st.DrawFn, answer: dict[str, Any]) -> list[bytes]:
    """The chunks of an answer: texts cut anywhere, calls mixed, several deltas in a chunk."""
    found = [
        chunk(**{name: piece})
        for name in ("reasoning_content", "content")
        for piece in draw(pieces(answer[name]))
    ]
    queues = [
        [opening(index), *(call(index, one) for one in draw(pieces(orjson.dumps(given).decode())))]
        for index, given in enumerate(answer["inputs"])
    ]
    # Calls begin in their order; what follows of them comes in any.
    started = 0
    while any(queues):
        ready = [queue for queue in queues[: started + 1] if queue]
        queue = draw(st.sampled_from(ready or [one for one in queues if one]))
        deltas = [queue.pop(0) for _ in range(draw(st.integers(1, len(queue))))]
        started = max(started, deltas[0]["index"] + 1)
        found.append(chunk(tool_calls=deltas))
    finish = "tool_calls" if answer["inputs"] else "stop"
    return [*found, chunk(finish), encode({"choices": [], "usage": USAGE}), DONE]


@given(st.data())
def test_any_pieces_join_to_the_unstreamed_translation(data: st.DataObject) -> None:
    answer = data.draw(ANSWERS)
    events = fed(*data.draw(chunks_of(answer)))
    calls = [
        opening(index, orjson.dumps(one).decode()) for index, one in enumerate(answer["inputs"])
    ]
    said = {**answer, "tool_calls": calls}
    choices = [{"message": said, "finish_reason": "tool_calls" if calls else "stop"}]
    whole = orjson.dumps({"choices": choices, "usage": USAGE})
    assert joined(events) == message(whole, message_id="msg_1", model="m", stop_sequences=())
