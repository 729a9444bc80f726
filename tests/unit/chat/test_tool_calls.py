"""Calls of tools are put together however a server cuts them."""

from typing import Any

import pytest

from aiportal.chat.tool_calls import MAX_ARGUMENTS_CHARS, MAX_CALLS, CallGatherer, WantedCall
from aiportal.errors import UpstreamError


def piece(
    index: int | None = None, id_: str | None = None, name: str | None = None, arguments: Any = None
) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    whole = {"index": index, "id": id_, "function": {k: v for k, v in function.items() if v}}
    return {key: value for key, value in whole.items() if value is not None}


def gathered(*chunks: object) -> list[tuple[str, str, str]]:
    gatherer = CallGatherer()
    for chunk in chunks:
        gatherer.feed(chunk)
    return [(call.id, call.name, call.arguments) for call in gatherer.calls()]


def test_arguments_come_in_pieces() -> None:
    first = piece(0, "a", "add", "")
    calls = gathered([first], [piece(0, arguments='{"x"')], [piece(0, arguments=": 1}")])
    assert calls == [("a", "add", '{"x": 1}')]


def test_parallel_calls_are_told_apart_by_their_index() -> None:
    calls = gathered(
        [piece(0, "a", "add", '{"x"'), piece(1, "b", "sub", '{"y"')],
        [piece(1, arguments=":2}"), piece(0, arguments=":1}")],
    )
    assert calls == [("a", "add", '{"x":1}'), ("b", "sub", '{"y":2}')]


@pytest.mark.parametrize("ids", [("a", "b"), (None, None)])
def test_whole_calls_under_one_index_are_several(ids: tuple[str | None, str | None]) -> None:
    calls = gathered([piece(0, ids[0], "add", '{"x":1}')], [piece(0, ids[1], "add", '{"x":2}')])
    assert [call[1:] for call in calls] == [("add", '{"x":1}'), ("add", '{"x":2}')]


def test_an_id_that_is_repeated_with_each_piece_is_one_call() -> None:
    calls = gathered([piece(0, "a", "add", "{")], [piece(0, "a", "add", "}")])
    assert calls == [("a", "add", "{}")]


def test_without_index_and_id_a_name_begins_a_call() -> None:
    calls = gathered([piece(name="add", arguments="{"), piece(arguments="}")], [piece(name="sub")])
    assert [call[1:] for call in calls] == [("add", "{}"), ("sub", "")]


def test_a_missing_id_is_made_up_and_an_id_given_twice_is_used_once() -> None:
    calls = gathered([piece(0, name="add"), piece(1, "a", "add"), piece(2, "a", "sub")])
    ids = [call[0] for call in calls]
    assert ids[1] == "a"
    assert len(set(filter(None, ids))) == 3


def test_arguments_may_be_an_object() -> None:
    gatherer = CallGatherer()
    gatherer.feed([piece(0, "a", "add", {"x": 1})])
    assert gatherer.calls()[0].parsed == {"x": 1}


def test_what_is_no_json_stays_as_it_is() -> None:
    gatherer = CallGatherer()
    gatherer.feed([piece(0, "a", "add", '{"x": '), "rubbish", {"index": 1}, piece(2, "b", "now")])
    assert [call.parsed for call in gatherer.calls()] == ['{"x": ', {}]


def test_calls_and_arguments_are_bounded() -> None:
    gatherer = CallGatherer()
    with pytest.raises(UpstreamError, match="more than 32 tools"):
        gatherer.feed([piece(n, str(n), "add") for n in range(MAX_CALLS + 1)])
    with pytest.raises(UpstreamError, match="arguments"):
        CallGatherer().feed([piece(0, "a", "add", "x" * (MAX_ARGUMENTS_CHARS + 1))])


@pytest.mark.parametrize("text", ["{", "NaN", "1e999", "[" * 100_000, '{"a": ' + "1" * 5_000 + "}"])
def test_what_is_no_json_stays_as_it_was_written(text: str) -> None:
    assert WantedCall("a", "add", text).parsed == text


def test_arguments_keep_all_their_digits() -> None:
    assert WantedCall("a", "add", f'{{"n": {2**100}}}').parsed == {"n": 2**100}
