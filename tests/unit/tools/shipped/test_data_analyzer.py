"""The data analyzer: the guide's answers, what it tells apart by itself, and clear words."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.unit.tools.shipped.controllers import load

Analyze = Callable[..., dict[str, Any]]
SALES = (
    "region,sales,returns,day\nNorth,120,4,2025-01-01\nSouth,95,7,2025-02-01\n"
    "West,143,2,2025-03-01\nEast,,3,2025-04-01\nNorth,1000,4,2025-05-01\n"
)
GERMAN = "datum;stadt;umsatz\n01.02.2025;Köln;1.234,50\n13.02.2025;Bonn;99,9\n"


@pytest.fixture
def analyze(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Analyze:
    """The results of an analysis made in a folder of its own; all of it has to be valid JSON."""
    monkeypatch.chdir(tmp_path)

    def run(analysis: str, source: str = SALES, **options: Any) -> dict[str, Any]:
        config = {"type": "csv", "source": source, "analysis": analysis} | options
        told = load("data-analyzer").run({"data_config": config})
        return dict(json.loads(json.dumps(told, allow_nan=False)))

    return run


def _is_picture(url: str, file: str) -> bool:
    data = Path(file).read_bytes()
    told = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return url == told and data.startswith(b"\x89PNG") and len(data) < 100_000


def test_the_summary_has_the_names_of_the_guide(analyze: Analyze) -> None:
    told = analyze("summary")
    assert told["success"] is True
    assert told["message"] == "Successfully analyzed csv data with summary analysis"
    assert told["timestamp"].startswith("20")
    summary = told["results"]["summary"]
    assert summary["shape"] == [5, 4]
    assert summary["columns"] == ["region", "sales", "returns", "day"]
    assert summary["dtypes"]["returns"] == "int64"
    assert summary["dtypes"]["day"].startswith("datetime64")
    assert summary["missing_values"] == {"region": 0, "sales": 1, "returns": 0, "day": 0}
    assert summary["description"]["sales"]["mean"] == 339.5
    assert summary["preview"][3] == {
        "region": "East",
        "sales": None,
        "returns": 3,
        "day": "2025-04-01",
    }


def test_columns_are_described_by_what_they_hold(analyze: Analyze) -> None:
    told = analyze("describe", columns=["Region", "sales", "day"])["results"]["describe"]
    assert told["region"]["top"]["North"] == 2
    assert (told["sales"]["50%"], told["sales"]["sum"], told["sales"]["missing"]) == (
        131.5,
        1358,
        1,
    )
    assert (told["day"]["min"], told["day"]["max"]) == ("2025-01-01", "2025-05-01")


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_a_correlation_has_a_heatmap(analyze: Analyze, method: str) -> None:
    source = "a,b,c\n1,2,9\n2,4,7\n3,9,1\n4,16,0\n"
    results = analyze("correlation", source, method=method)["results"]
    expected = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 4, 9, 16]}).corr("pearson").at["a", "b"]
    found = results["correlation"]["a"]["b"]
    assert found == pytest.approx(expected if method == "pearson" else 1.0)
    assert abs(results["strongest"][0]["correlation"]) > 0.95
    assert _is_picture(results["heatmap"], "heatmap.png")


def test_ranks_are_of_rows_that_have_both_values(analyze: Analyze) -> None:
    source = "a,b\n1,2\n2,1\n,50\n3,9\n4,3\n100,4\n5,\n"
    results = analyze("correlation", source, method="spearman")["results"]
    assert results["correlation"]["a"]["b"] == pytest.approx(0.6)


def test_a_trend_follows_the_dates(analyze: Analyze) -> None:
    source = "day,visits,flat\n2025-01-03,30,5\n2025-01-01,10,5\n2025-01-02,20,5\n"
    results = analyze("trends", source)["results"]
    visits = results["trends"]["columns"]["visits"]
    assert (visits["first"], visits["last"], visits["slope_per_day"]) == (10, 30, 10)
    assert (visits["direction"], visits["r_squared"], visits["change_percent"]) == (
        "rising",
        1,
        200,
    )
    assert results["trends"]["columns"]["flat"]["direction"] == "flat"
    assert _is_picture(results["trends_plot"], "trends_plot.png")


def test_without_dates_the_rows_are_taken_for_time(analyze: Analyze) -> None:
    told = analyze("trends", "a\n3\n2\n1\n")
    assert told["results"]["trends"]["along"] == "row"
    assert "order of the rows" in told["notes"][0]
    by_year = analyze("trends", "year,a\n2001,3\n2000,2\n")["results"]["trends"]
    assert (by_year["along"], by_year["columns"]["a"]["slope"]) == ("year", 1)


def test_groups_are_aggregated(analyze: Analyze) -> None:
    told = analyze("group", group_by="region", aggregate="sum")["results"]["group"]
    north = {"region": "North", "sales": 1120, "returns": 8, "rows": 2}
    assert (told["groups"], told["rows"][1]) == (4, north)
    several = analyze("group", group_by=["region"], aggregate={"sales": "max", "day": "count"})
    assert several["results"]["group"]["rows"][1]["day"] == 2


def test_rows_are_filtered_before_anything_else(analyze: Analyze) -> None:
    where = [
        {"column": "day", "op": ">=", "value": "2025-03-01"},
        {"column": "sales", "op": ">", "value": "100"},
    ]
    told = analyze("filter", filters=where)["results"]["filter"]
    assert (told["matching_rows"], told["rows"][0]["region"]) == (2, "West")
    assert analyze("summary", filters=where)["results"]["summary"]["shape"] == [2, 4]


@pytest.mark.parametrize(
    ("sign", "value", "count"),
    [
        ("==", "North", 2),
        ("!=", "North", 3),
        ("in", ["North", "West"], 3),
        ("not in", ["North"], 3),
        ("contains", "th", 3),
        ("is missing", None, 0),
        ("is not missing", None, 5),
    ],
)
def test_text_is_compared(analyze: Analyze, sign: str, value: Any, count: int) -> None:
    told = analyze("filter", filters=[{"column": "region", "op": sign, "value": value}])
    assert told["results"]["filter"]["matching_rows"] == count


def test_what_is_far_from_the_rest_is_found(analyze: Analyze) -> None:
    told = analyze("outliers")["results"]["outliers"]
    assert told["columns"]["sales"]["values"] == [1000]
    assert told["row_count"] == 2
    many = "a\n" + "1\n2\n3\n" * 10 + "99\n"
    assert analyze("outliers", many, method="zscore")["results"]["outliers"]["row_count"] == 1


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "bar", "x": "region", "y": "sales"},
        {"kind": "bar", "group_by": "region", "aggregate": "sum", "title": "Cost in $ and $"},
        {"kind": "line"},
        {"kind": "scatter", "x": "sales", "y": ["returns"]},
        {"kind": "scatter"},
        {"kind": "hist"},
        {"kind": "box", "y": ["sales", "returns"]},
    ],
)
def test_every_kind_of_plot_is_drawn(analyze: Analyze, options: dict[str, Any]) -> None:
    results = analyze("plot", **options)["results"]
    assert results["drawn"]["kind"] == options["kind"]
    assert _is_picture(results["plot"], "plot.png")


def test_separators_commas_and_days_are_told_apart(analyze: Analyze) -> None:
    told = analyze("describe", GERMAN)["results"]["describe"]
    assert told["umsatz"]["max"] == 1234.5
    assert (told["datum"]["min"], told["datum"]["max"]) == ("2025-02-01", "2025-02-13")
    tabs = analyze("summary", "a\tb\n1\t2,5\n")["results"]["summary"]
    assert tabs["preview"] == [{"a": 1, "b": 2.5}]
    english = analyze("describe", 'n,v,w\nx,"1,234.50",5%\ny,$2000,7%\n')["results"]["describe"]
    assert (english["v"]["max"], english["w"]["sum"]) == (2000, 12)


SOURCES = {
    "records": '[{"a": 1, "b": {"c": 2}}, {"a": 2, "b": {"c": null}}]',
    "within an object": '{"total": 2, "data": [{"a": 1}, {"a": 2}]}',
    "columns": '{"a": [1, 2], "b": [3, 4]}',
    "lines": '{"a": 1}\n{"a": 2}\n',
    "nested lists": '[{"a": [1, 2]}, {"a": null}]',
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_json_comes_in_many_shapes(analyze: Analyze, source: str) -> None:
    summary = analyze("summary", source, type="json")["results"]["summary"]
    assert summary["shape"][0] == 2
    assert "a" in summary["columns"]


def test_a_source_may_be_a_data_url_or_a_file(analyze: Analyze) -> None:
    url = f"data:text/csv;base64,{base64.b64encode(GERMAN.encode('cp1252')).decode()}"
    preview = analyze("summary", url)["results"]["summary"]["preview"]
    assert preview[0]["stadt"] == "Köln"
    assert analyze("summary", "data:text/csv,a%0A1")["rows"] == 1
    Path("mine.csv").write_text("\ufeffa,b\n1,2\n")
    assert analyze("summary", "mine.csv")["results"]["summary"]["columns"] == ["a", "b"]


def test_infinity_and_double_names_are_no_trouble(analyze: Analyze) -> None:
    told = analyze("summary", "a,a,b\n1,2,inf\n3,4,5\n")["results"]["summary"]
    assert told["columns"] == ["a", "a.1", "b"]
    assert told["preview"][0]["b"] is None


def test_what_is_too_much_to_show_becomes_a_file(analyze: Analyze) -> None:
    source = "a,b\n" + "".join(f"{number},{number % 7}\n" for number in range(300))
    told = analyze("filter", source, filters=[{"column": "a", "op": ">=", "value": 0}])
    assert (told["results"]["filter"]["matching_rows"], len(told["results"]["filter"]["rows"])) == (
        300,
        200,
    )
    assert "filtered.csv" in told["notes"][0]
    assert len(pd.read_csv("filtered.csv")) == 300


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"type": "xml"}, "Unsupported data type: xml"),
        ({"source": " "}, "`source` is empty"),
        ({"source": "gone.csv"}, "no file 'gone.csv'"),
        ({"source": "a,b\n"}, "no rows"),
        ({"source": "a,b\n1,2,3\n4,5,6,7"}, "csv data cannot be read"),
        ({"type": "json", "source": "{"}, "JSON cannot be read"),
        ({"type": "json", "source": "3"}, "single value"),
        ({"type": "excel", "source": "abc"}, "not valid base64"),
        ({"type": "parquet", "source": "QUJD"}, "parquet data cannot be read"),
        ({"source": "data:text/csv;base64,@@@"}, "not valid base64"),
        ({"analysis": "magic"}, "no analysis 'magic'"),
        ({"analysis": "group"}, "needs `group_by`"),
        ({"analysis": "group", "group_by": "zip"}, "no column 'zip'"),
        ({"analysis": "group", "group_by": "region", "aggregate": "magic"}, "no aggregate"),
        ({"analysis": "filter"}, "needs `filters`"),
        ({"filters": [{"column": "sales", "op": "~"}]}, "no filter '~'"),
        ({"filters": [{"column": "region", "op": ">", "value": 3}]}, "cannot be compared"),
        ({"filters": [{"column": "sales", "op": ">", "value": 1e9}]}, "passes the filters"),
        ({"analysis": "correlation", "columns": ["region"]}, "column of numbers"),
        ({"analysis": "correlation", "columns": ["sales"]}, "two columns"),
        ({"analysis": "plot", "kind": "pie"}, "no plot 'pie'"),
        ({"analysis": "outliers", "method": "magic"}, "iqr or zscore"),
    ],
)
def test_what_cannot_be_done_is_explained(
    analyze: Analyze, options: dict[str, Any], words: str
) -> None:
    analysis = options.pop("analysis", "summary")
    with pytest.raises(ValueError, match=words) as raised:
        analyze(analysis, **options)
    assert type(raised.value).__name__ == "DataError"
