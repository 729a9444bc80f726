from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.sse import SseSplitter, data_of, encode, without_fields

EVENTS = [b'data: {"a":"\xc3\xa4\xe2\x82\xac"}\n\n', b": note\n\n", b"data: [DONE]\n\n"]


def split(pieces: list[bytes]) -> list[bytes]:
    splitter = SseSplitter()
    return [event for piece in pieces for event in splitter.feed(piece)]


@given(st.sets(st.integers(1, 60)), st.sampled_from([b"\n", b"\r\n"]))
def test_events_come_out_whole_wherever_the_network_cuts(cuts: set[int], line_end: bytes) -> None:
    events = [event.replace(b"\n", line_end) for event in EVENTS]
    whole = b"".join(events)
    borders = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[start:end] for start, end in pairwise(borders)]
    assert split(pieces) == events


def test_several_events_in_one_piece_come_out_one_by_one() -> None:
    assert split([b"".join(EVENTS)]) == EVENTS


def test_a_carriage_return_at_the_end_waits_for_its_line_feed() -> None:
    assert split([b"data: 1\r\n\r", b"\ndata: 2\r\n\r\n"]) == [
        b"data: 1\r\n\r\n",
        b"data: 2\r\n\r\n",
    ]


def test_an_unfinished_event_is_kept_as_the_rest() -> None:
    splitter = SseSplitter()
    assert list(splitter.feed(b"data: 1\n\ndata: 2")) == [b"data: 1\n\n"]
    assert splitter.rest() == b"data: 2"


def test_an_event_without_end_is_refused_before_it_fills_the_memory() -> None:
    splitter = SseSplitter(max_event_bytes=100)
    with pytest.raises(ValueError, match="longer than 100"):
        list(splitter.feed(b"data: " + b"x" * 200))


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (b"data: 1\n\n", b"1"),
        (b"data:1\r\n\r\n", b"1"),
        (b"event: x\ndata: 1\ndata: 2\n\n", b"1\n2"),
        (b": comment\n\n", None),
    ],
)
def test_data_of_an_event(event: bytes, data: bytes | None) -> None:
    assert data_of(event) == data


def test_id_and_retry_lines_go_and_all_else_stays() -> None:
    assert without_fields(b"id: 7\nretry: 1\ndata: {}\n\n") == b"data: {}\n\n"
    untouched = b'data: {"id":"chatcmpl-1","retry":1}\n\n'
    assert without_fields(untouched) is untouched


def test_encoding_writes_one_event_with_its_id() -> None:
    assert encode({"a": 1}, event_id=3) == b'id: 3\ndata: {"a":1}\n\n'


def test_a_number_of_any_size_is_written_whole() -> None:
    event = encode({"type": "tool_result", "result": 2**100})
    assert data_of(event) == b'{"type":"tool_result","result":1267650600228229401496703205376}'
    assert chunk_of(event[6:])["result"] == 2**100
