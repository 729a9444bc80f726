"""A run of a tool as a cell of a notebook shows it."""

from typing import Any

from aiportal.notebook.tools import ToolRun
from aiportal.tools import ToolOutcome
from aiportal.tools.result_table import MAX_COLUMNS


def shown(result: Any) -> str:
    return ToolRun(ToolOutcome("t", result, None, 1.0))._repr_html_()


def test_figures_by_two_names_are_a_table() -> None:
    html = shown({"age": {"mean": 2.5}, "<i>": {"mean": 1}})
    assert "<tr><th></th><th>mean</th></tr>" in html
    assert "<tr><td>&lt;i&gt;</td><td>1</td></tr>" in html
    assert "<pre>" not in html


def test_tables_within_a_result_stand_above_all_of_it() -> None:
    html = shown({"rows": [{"n": 1}], "note": "x"})
    assert html.index("<td>1</td>") < html.index("<pre>")
    assert "note" in html


def test_a_table_that_is_cut_says_where_all_of_it_is() -> None:
    html = shown([{f"c{n}": n for n in range(MAX_COLUMNS + 1)}])
    assert "1 rows and 41 columns: <code>.result</code> has all of them." in html
