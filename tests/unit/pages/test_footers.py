"""What stands below messages."""

import re

import pytest

from pages.footers import Versions, answer_foot, failure_foot, question_foot


@pytest.mark.parametrize(
    ("message_id", "place", "before", "after"),
    [("a", "1/3", "", "b"), ("b", "2/3", "a", "c"), ("c", "3/3", "b", "")],
)
def test_versions_lead_to_those_before_and_after(
    message_id: str, place: str, before: str, after: str
) -> None:
    html = Versions(message_id, ["a", "b", "c"]).html()

    assert f">{place}</span>" in html
    assert f'value="{before}" title="Previous version"' in html
    assert f'value="{after}" title="Next version"' in html
    assert html.count(" disabled>") == ("" in (before, after))


@pytest.mark.parametrize("siblings", [[], ["a"], ["b", "c"]])
def test_a_message_without_others_has_no_versions(siblings: list[str]) -> None:
    assert Versions("a", siblings).html() == ""


def test_a_question_that_is_not_stored_has_nothing_below_it() -> None:
    assert question_foot(Versions(), is_edited=False) == ""
    assert failure_foot(Versions()) == ""


def test_ids_are_escaped_and_an_edit_is_told() -> None:
    html = question_foot(Versions('"><b>', ['"><b>', "x"]), is_edited=True)

    assert "<b>" not in html
    assert ">edited</span>" in html


@pytest.mark.parametrize("rating", [None, "good", "poor"])
def test_the_rating_that_was_given_is_marked(rating: str | None) -> None:
    html = _answer_foot("a", rating=rating)

    assert 'title="Good answer"' in html
    assert 'title="Poor answer"' in html
    assert re.findall(r"act-(\w+) on", html) == ([rating] if rating else [])


def test_an_answer_that_is_not_stored_cannot_be_rated() -> None:
    assert "Good answer" not in _answer_foot("", rating=None)


def _answer_foot(message_id: str, *, rating: str | None) -> str:
    return answer_foot(
        Versions(message_id),
        question_id="q",
        model="acme/fast",
        usage=None,
        rating=rating,
        tags="",
        is_edited=False,
        has_text=True,
        has_again=True,
        goes_on=False,
    )
