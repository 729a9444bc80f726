"""What the browser says of its list is taken as far as it makes sense."""

import pytest

from aiportal.chat import ListFilter
from pages.list_view import ListView


def test_a_view_comes_back_as_it_was() -> None:
    view = ListView(minutes_east=-300).narrowed(project_id="proj_1", tag="sea")

    assert ListView.parse(view.text) == view
    assert view.is_narrowed
    assert view.filter() == ListFilter("proj_1", "sea")
    assert view.narrowed() == ListView(minutes_east=-300)


@pytest.mark.parametrize(
    ("text", "minutes_east"),
    [
        ("120", 120),
        ("-99999", -840),
        ("", 0),
        (None, 0),
        ("yesterday", 0),
        ("[1]", 0),
        ("true", 1),
        ('{"minutes_east": "x", "project_id": 7, "tag": ["x"], "is_archived": "yes"}', 0),
    ],
)
def test_nonsense_narrows_nothing(text: str | None, minutes_east: int) -> None:
    assert ListView.parse(text) == ListView(minutes_east=minutes_east)


@pytest.mark.parametrize(
    ("language", "taken"), [('"de"', "de"), ('"xx"', "en"), ("7", "en"), ("null", "en")]
)
def test_the_language_is_one_that_there_is(language: str, taken: str) -> None:
    view = ListView.parse(f'{{"minutes_east": 60, "language": {language}}}')

    assert (view.minutes_east, view.language) == (60, taken)
    assert ListView.parse(view.narrowed(tag="sea").text).language == taken


def test_what_is_narrowed_to_is_short() -> None:
    assert len(ListView(tag="x" * 1_000).text) > 1_000
    assert len(ListView.parse(ListView(tag="x" * 1_000).text).tag) == 200
