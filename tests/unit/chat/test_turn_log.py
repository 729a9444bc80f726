"""The events of a turn: numbered, read from any position, rebuilt from what is stored."""

import asyncio
from dataclasses import replace

import pytest

from aiportal.chat.turn_log import MAX_FILE_CHARS, MAX_RESULT_CHARS, TurnLog
from aiportal.errors import UpstreamError
from aiportal.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    ToolArtifact,
    ToolCalled,
    ToolReturned,
    TurnFinished,
    TurnStarted,
)

STARTED = TurnStarted("turn", "conv", "msg_1", "msg_2", "acme/fast")
FINISHED = TurnFinished("done", "stop")


def _log(*events: Event) -> TurnLog:
    log = TurnLog(STARTED)
    for event in events:
        log.append(event)
    return log


def test_a_number_counts_characters_of_text_and_one_for_the_rest() -> None:
    log = _log(ReasoningDelta("hm"), TextDelta("Hel"), TextDelta("lo"), FINISHED)

    assert log.read(0) == [
        (1, STARTED),
        (3, ReasoningDelta("hm")),
        (8, TextDelta("Hello")),
        (9, FINISHED),
    ]


def test_reading_on_from_any_number_gives_exactly_the_rest() -> None:
    log = _log(TextDelta("ab"), ReasoningDelta("c"), TextDelta("x" * 3_000), TextDelta("y"))

    for after in range(1, log.number + 1):
        rest = "".join(e.text for _, e in log.read(after) if not isinstance(e, TurnStarted))  # type: ignore[union-attr]  # reason: only deltas are left
        assert rest == ("abc" + "x" * 3_000 + "y")[after - 1 :]


def test_a_log_rebuilt_from_text_and_outline_has_the_same_events_and_numbers() -> None:
    log = _log(TextDelta("a"), ReasoningDelta("bc"), TextDelta("x" * 2_000), TextDelta("d"))
    rebuilt = TurnLog(STARTED)

    rebuilt.replay(log.outline, text=log.text, reasoning=log.reasoning)

    assert [rebuilt.read(after) for after in range(2_010)] == [
        log.read(after) for after in range(2_010)
    ]


def test_text_without_an_outline_is_not_lost() -> None:
    log = TurnLog(STARTED)

    log.replay([], text="Hello", reasoning="Hm")

    assert (log.reasoning, log.text) == ("Hm", "Hello")


def test_a_reader_that_knows_more_than_is_left_gets_the_end() -> None:
    assert _log(TextDelta("half"), FINISHED).read(100) == [(101, FINISHED)]
    assert _log(TextDelta("half")).read(100) == []


def test_many_small_deltas_stay_few_events() -> None:
    log = _log(*[TextDelta("word ") for _ in range(10_000)])

    assert len(log._events) < 60
    assert log.text == "word " * 10_000


def test_an_endless_answer_is_cut_off() -> None:
    log = _log(*[TextDelta("x" * 1_000_000) for _ in range(3)])

    with pytest.raises(UpstreamError, match="cut off"):
        log.append(TextDelta("x" * 1_000_000))

    assert len(log.text) == 3_000_000


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert _log(TextDelta("a\ud800b")).text == "a?b"


async def test_a_follower_gets_what_comes_and_ends_with_the_turn() -> None:
    log = _log(TextDelta("a"))

    async def collect() -> list[tuple[int, Event]]:
        return [numbered async for numbered in log.follow()]

    follower = asyncio.create_task(collect())
    await asyncio.sleep(0)
    log.append(TextDelta("b"))
    await asyncio.sleep(0)
    log.append(FINISHED)

    assert await follower == [(1, STARTED), (2, TextDelta("a")), (3, TextDelta("b")), (4, FINISHED)]


async def test_a_slow_follower_gets_several_deltas_as_one() -> None:
    log = _log()
    follower = log.follow()
    await anext(follower)

    for event in (TextDelta("a"), TextDelta("b"), TextDelta("c"), FINISHED):
        log.append(event)

    assert [event async for _, event in follower] == [TextDelta("abc"), FINISHED]


def test_what_tools_give_counts_and_is_bounded() -> None:
    log = _log()
    file = ToolArtifact("a.bin", "application/octet-stream", 5, data="d" * (MAX_FILE_CHARS // 4))
    for number in range(20):
        log.append(ToolCalled("t", "T", str(number), {}))
        returned = ToolReturned("t", str(number), "r" * 200_000, None, 1.0, stdout="o" * 200_000)
        log.append(replace(returned, artifacts=(file,)))
    assert log.number == 41
    assert MAX_RESULT_CHARS < log.chars <= 41 + MAX_RESULT_CHARS + MAX_FILE_CHARS
    first, *_, last = [use.returned for use in log.tool_uses if use.returned is not None]
    assert (first.is_truncated, first.artifacts[0].data) == (False, file.data)
    assert (last.result, last.stdout, last.is_truncated) == (None, "", True)
    assert [(one.name, one.data) for one in last.artifacts] == [("a.bin", None)]
