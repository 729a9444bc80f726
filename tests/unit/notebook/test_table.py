import sys
from dataclasses import dataclass

import pytest

from aiportal.errors import ConfigError
from aiportal.notebook.table import MAX_SHOWN_ROWS, Table


@dataclass(frozen=True)
class City:
    name: str
    mayor: str | None = None
    area_km2: float = 105.4
    tags: tuple[str, ...] = ()


def test_a_table_is_a_list() -> None:
    cities = Table(City, [City("Paris"), City("Rome")])
    assert [city.name for city in cities] == ["Paris", "Rome"]
    assert len(cities) == 2


def test_a_notebook_shows_it_as_a_table() -> None:
    html = Table(City, [City("Paris", tags=("old", "large"))])._repr_html_()
    assert "<th>area_km2</th>" in html
    assert "<td>Paris</td><td></td><td>105.4</td><td>old, large</td>" in html


def test_values_are_text_not_html() -> None:
    assert "<script>" not in Table(City, [City("<script>steal()</script>")])._repr_html_()


def test_a_long_table_is_cut_where_it_is_shown() -> None:
    html = Table(City, [City(str(number)) for number in range(MAX_SHOWN_ROWS + 5)])._repr_html_()
    assert html.count("<tr>") == MAX_SHOWN_ROWS + 1
    assert "5 more" in html


def test_it_becomes_a_data_frame() -> None:
    frame = Table(City, [City("Paris"), City("Rome")]).df()
    assert list(frame.columns) == ["name", "mayor", "area_km2", "tags"]
    assert list(frame["name"]) == ["Paris", "Rome"]


def test_an_empty_data_frame_has_its_columns() -> None:
    assert list(Table(City).df().columns) == ["name", "mayor", "area_km2", "tags"]


def test_without_pandas_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigError, match="pip install pandas"):
        Table(City).df()
