"""A conversation is named after its first question."""

import pytest

from aiportal.chat.conversation import title_from


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What is the capital of France?", "What is the capital of France?"),
        ("  one\n\ttwo  ", "one two"),
        ("word " * 40, "word word word word word word word word word word word word…"),
        ("x" * 100, "x" * 60 + "…"),
        ("Well, " + "y" * 80, "Well…"),
        ("a\0b", "a b"),
    ],
)
def test_a_title_is_one_short_line_cut_at_a_word(question: str, title: str) -> None:
    assert title_from(question) == title
