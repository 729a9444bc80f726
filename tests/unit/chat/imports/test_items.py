"""A JSON text is cut into its items, however it comes and whatever it holds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.chat.imports import items
from aiportal.chat.imports.items import Item, ItemCutter

VALUES = st.recursive(
    st.none() | st.integers() | st.text(alphabet='ab"\\[]{},é\n', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('a"]}\\', max_size=3), inner)
    ),
    max_leaves=20,
)


def cut(data: bytes, *, size: int = 1024) -> list[Item]:
    cutter = ItemCutter()
    found = [
        one
        for start in range(0, len(data), size)
        for one in cutter.feed(data[start : start + size])
    ]
    return [*found, *cutter.end()]


@given(values=st.lists(VALUES, max_size=5), size=st.integers(1, 20), is_indented=st.booleans())
def test_a_list_comes_out_as_it_went_in(values: list[Any], size: int, is_indented: bool) -> None:
    text = json.dumps(values, indent=1 if is_indented else None, ensure_ascii=is_indented)

    assert [json.loads(one.raw or b"") for one in cut(text.encode(), size=size)] == values


@given(value=st.dictionaries(st.text("ab", max_size=2), VALUES), size=st.integers(1, 20))
def test_an_object_is_its_own_only_item(value: dict[str, Any], size: int) -> None:
    found = cut(b" " + json.dumps(value).encode() + b"\n", size=size)

    assert [json.loads(one.raw or b"") for one in found] == [value]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (b"[", []),
        (b"[1, 2", [b"1", b"2"]),
        (b'[{"a": 1}, {"b": ', [b'{"a": 1}']),
        (b'[{"a": 1}', [b'{"a": 1}']),
        (b'[{"a": "x\\', []),
        (b'{"a": [', []),
    ],
)
def test_a_text_that_breaks_off_keeps_what_was_whole(text: bytes, whole: list[bytes]) -> None:
    *found, last = cut(text)

    assert [one.raw for one in found] == whole
    assert "breaks off" in last.problem


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert cut(b"\xef\xbb\xbf[1]") == [Item(b"1")]


@pytest.mark.parametrize("text", [b"", b"  ", b"hello", b"7", b'"[1]"'])
def test_what_is_no_list_and_no_object_has_no_items(text: bytes) -> None:
    assert cut(text) == []


def test_what_follows_the_list_is_not_looked_at() -> None:
    assert cut(b"[1] ]]]{[", size=2) == [Item(b"1")]


def test_an_item_that_is_too_large_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MAX_ITEM_BYTES", 50)
    data = json.dumps([{"title": "Long", "x": "y" * 100}, {"a": 1}]).encode()

    large, small = cut(data, size=10)

    assert large.raw is None
    assert "at most 50" in large.problem
    assert large.opening.startswith(b'{"title"')
    assert small.raw == b'{"a": 1}'


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b"[[],"])
def test_endless_nesting_is_noticed_at_once(opening: bytes) -> None:
    *_, last = cut(b"[1, " + opening * 1_000_000, size=1_000_000)

    assert "nested too deeply" in last.problem


def test_a_text_of_brackets_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MAX_STEPS", 1_000)
    *_, last = cut(b"[1, [" + b"[[[[]]]]," * 10_000, size=100_000)

    assert "nested too deeply" in last.problem
