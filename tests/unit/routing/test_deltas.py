"""Typed events in the bytes of a stream."""

import pytest

from aiportal.errors import UpstreamError
from aiportal.events import ReasoningDelta, TextDelta
from aiportal.routing.deltas import deltas_in
from tests.upstreams import chunk

THOUGHT = b'data: {"choices": [{"delta": {"reasoning_content": "Hm"}}]}\n\n'


def test_neighbours_of_a_kind_are_one() -> None:
    block = THOUGHT + THOUGHT + chunk("One") + chunk() + chunk(" two") + THOUGHT

    assert list(deltas_in(block)) == [
        ReasoningDelta("HmHm"),
        TextDelta("One two"),
        ReasoningDelta("Hm"),
    ]


def test_what_came_before_a_bad_event_comes_before_its_error() -> None:
    deltas = deltas_in(chunk("One") + b"data: {\n\n" + chunk("two"))

    assert next(deltas) == TextDelta("One")
    with pytest.raises(UpstreamError):
        next(deltas)
