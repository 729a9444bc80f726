"""Results for people: what is a table, what is a picture, and nothing that is a program."""

import base64
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.tools import result_table, shown
from aiportal.tools.shown import shown_result

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"


def data_url(content: bytes, mime: str = "image/png") -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def test_records_are_a_table_wherever_they_stand() -> None:
    found = shown_result({"a": {"rows": [{"x": 1, "y": "b"}, {"x": 2.5, "z": None}]}})
    (table,) = found.tables
    assert (table.path, table.columns, table.row_count) == ("a.rows", ("x", "y", "z"), 2)
    assert table.rows == (("1", "b", ""), ("2.5", "", ""))
    assert table.numeric == (True, False, True)


def test_columns_with_rows_are_a_table_too() -> None:
    (table,) = shown_result({"columns": ["n", "word"], "rows": [[1, "a"], [2, "b"]]}).tables
    assert (table.columns, table.rows) == (("n", "word"), (("1", "a"), ("2", "b")))
    assert shown_result({"columns": ["n"], "rows": [[1, 2]]}).tables == ()


def test_a_long_table_is_cut_and_says_so() -> None:
    (table,) = shown_result([{"x" * 999: "y" * 999}] * 1_000).tables
    assert (len(table.rows), table.row_count) == (result_table.MAX_ROWS, 1_000)
    assert max(len(table.columns[0]), len(table.rows[0][0])) <= result_table.MAX_CELL_CHARS + 1


def test_more_keys_than_columns_cost_nothing() -> None:
    rows = [{f"{row}-{column}": 0 for column in range(500)} for row in range(result_table.MAX_ROWS)]
    tracemalloc.start()
    try:
        found = shown_result(rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.tables[0].columns == tuple(
        f"0-{column}" for column in range(result_table.MAX_COLUMNS)
    )
    assert (found.tables[0].row_count, found.is_cut) == (result_table.MAX_ROWS, True)
    assert peak < 25 * 1024**2


def test_columns_come_from_any_of_the_rows() -> None:
    (table,) = shown_result([{"a": 1}, {"a": 1, "b": 2}, {"c": 3}]).tables
    assert table.columns == ("a", "b", "c")


def test_figures_by_two_names_are_a_table_whose_first_column_names_the_rows() -> None:
    figures = {"age": {"count": 3, "mean": 2.5}, "town": {"count": 2, "top": {"Rome": 2}}}
    (table,) = shown_result({"results": {"describe": figures}}).tables
    assert (table.path, table.columns) == ("results.describe", ("", "count", "mean", "top"))
    assert table.rows == (("age", "3", "2.5", ""), ("town", "2", "", '{"Rome": 2}'))
    assert table.numeric == (False, True, True, False)


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"a": {}},
        {"a": {"x": 1}, "b": 2},
        {"a": {"x": 1}, "b": {"y": 2}},
        {"a": {"b": {"c": 1}}},
    ],
)
def test_mappings_that_tell_nothing_in_common_are_no_table(mapping: dict[str, Any]) -> None:
    assert result_table.table_of(mapping) is None


def test_a_wide_and_long_mapping_of_mappings_is_cut_and_tells_its_size() -> None:
    (table,) = shown_result({f"r{n}": {f"c{m}": m for m in range(60)} for n in range(300)}).tables
    assert (len(table.rows), table.row_count) == (result_table.MAX_ROWS, 300)
    assert (len(table.columns), table.column_count) == (result_table.MAX_COLUMNS, 61)
    assert {len(row) for row in table.rows} == {result_table.MAX_COLUMNS}


def test_pictures_are_told_by_their_bytes() -> None:
    found = shown_result({"plot": data_url(PNG, "image/svg+xml"), "list": [data_url(b"GIF89a")]})
    assert [(one.path, one.mime) for one in found.pictures] == [
        ("plot", "image/png"),
        ("list.0", "image/gif"),
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        data_url(b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "image/svg+xml"),
        data_url(b"<script>x()</script>"),
        data_url(b"RIFF1234WAVE", "image/webp"),
        "data:image/png,<svg/>",
        "data:image/png;base64,§",
        "data:text/html;base64,PHNjcmlwdD4=",
        "https://evil.example/a.png",
    ],
)
def test_what_is_no_picture_is_text(hostile: str) -> None:
    found = shown_result({"plot": hostile})
    assert found.pictures == ()
    assert hostile[:20] in found.text


def test_the_text_keeps_numbers_of_any_size_and_cuts_long_texts() -> None:
    found = shown_result({"n": 2**200, "plot": data_url(PNG * 1_000)})
    assert str(2**200) in found.text
    assert (found.is_cut, found.is_json) == (True, True)
    assert len(found.text) < 500
    assert shown_result("just words") == shown.ShownResult("just words", False, False, (), ())


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.just(data_url(PNG)),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=30,
    )
)
def test_any_result_can_be_shown(result: Any) -> None:
    found = shown_result(result)
    assert len(found.tables) <= shown.MAX_TABLES
    assert len(found.pictures) <= shown.MAX_PICTURES
    if found.is_json and not found.is_cut:
        assert json.loads(found.text) == result
