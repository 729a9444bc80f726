"""Every event is ready for JSON, its type first."""

from typing import get_args

import orjson
import pytest

from aiportal.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    ToolArtifact,
    ToolCalled,
    ToolReturned,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    UsageReported,
    as_json,
)

EXAMPLES: tuple[Event, ...] = (
    TurnStarted("turn_1", "conv_1", "msg_1", "msg_2", "acme/fast"),
    TextDelta("Hé"),
    ReasoningDelta("Hm"),
    ToolCalled("calculator", "Calculator", "call_1", {"expression": "6 * 7"}, "approval_1"),
    ToolReturned("calculator", "call_1", {"result": "42"}, None, 1.5),
    ToolReturned("plot", "c", 1, None, 2.0, artifacts=(ToolArtifact("a.png", "image/png", 9),)),
    UsageReported("req_1", "acme/fast", "acme/fast", 1, 2, 0.5, False, None, 3.0),
    TurnFailed("It broke.", None, "api_error"),
    TurnFinished("done", "stop"),
)


def test_every_kind_of_event_has_an_example_here() -> None:
    assert {type(event) for event in EXAMPLES} == set(get_args(Event))


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_an_event_survives_json(event: Event) -> None:
    wire = orjson.loads(orjson.dumps(as_json(event)))

    assert next(iter(wire)) == "type"
    assert type(event)(**wire) == event
