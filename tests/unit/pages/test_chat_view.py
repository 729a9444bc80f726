"""What a page says that it shows."""

import pytest

from pages.chat_view import Place


@pytest.mark.parametrize(
    ("shown", "limit"),
    [(None, 50), ("", 50), ("x", 50), ("-3", 50), ("100", 100), ("9" * 30, 1_000)],
)
def test_how_many_messages_are_shown_is_bounded(shown: str | None, limit: int) -> None:
    assert Place.of("conv", "msg", shown) == Place("conv", "msg", limit)


def test_earlier_ones_come_by_fifty() -> None:
    assert Place.of("conv", "", "50").earlier() == Place("conv", None, 100)
    assert Place("conv", limit=1_000).earlier().limit == 1_000
