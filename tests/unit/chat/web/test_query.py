"""What is searched for, from what was asked."""

from typing import Any

import pytest

from aiportal.chat.web.query import plainer, query_of, questions_of

LONG = "I am writing about towers. " * 30 + "Who built the Eiffel Tower? Thank you so much."


@pytest.mark.parametrize(
    ("questions", "query"),
    [
        ([], ""),
        (["  Who built\nthe Eiffel Tower?  "], "Who built the Eiffel Tower?"),
        ([LONG], "Who built the Eiffel Tower?"),
        (
            ["Who was Ada Lovelace?", "And when did she die?"],
            "Who was Ada Lovelace? And when did she die?",
        ),
        (["Who was Ada Lovelace?", "What is the capital of Peru?"], "What is the capital of Peru?"),
        (["Wer war Ada Lovelace?", "Wo lebte sie?"], "Wer war Ada Lovelace? Wo lebte sie?"),
        (["埃菲尔铁塔在哪里？", "它有多高？"], "埃菲尔铁塔在哪里？ 它有多高？"),
        (["Why?\n```py\nprint(1)\n```"], "Why?"),
        (["a\u200b\x00\u202eb"], "ab"),
    ],
)
def test_the_query(questions: list[str], query: str) -> None:
    assert query_of(questions) == query


def test_a_query_is_short_whatever_is_asked() -> None:
    assert len(query_of(["x" * 100_000])) <= 240
    assert len(query_of(["word " * 100_000])) <= 240


def test_the_questions_of_messages() -> None:
    parts = [{"type": "text", "text": "b"}, {"type": "image_url", "image_url": {"url": "x"}}]
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "old"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "no"},
        {"role": "user", "content": parts},
    ]
    assert questions_of(messages) == ["a", "b"]


def test_a_plainer_query_keeps_the_longest_words() -> None:
    assert plainer("Who built the Eiffel Tower in Paris?") == "built Eiffel Tower Paris"
