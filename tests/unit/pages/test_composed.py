"""What the page sends beside the words of a question, and how a question shows its files."""

import json

import pytest

from aiportal.chat import AttachedFile
from aiportal.errors import InvalidRequest
from pages.asking import Asking
from pages.attached import attached_html
from pages.chat_view import Place
from pages.composed import MAX_CHARS, Composed


def test_what_the_page_composed_is_read() -> None:
    text = json.dumps(
        {"attachments": ["a", 1, "b"], "model": "acme/fast", "project": "p", "tools": {"a": 1}}
    )

    assert Composed.parse(text) == Composed(("a", "b"), "acme/fast", "p", tools={"a": 1})


@pytest.mark.parametrize("text", ["{}", '{"attachments": 1}', '{"tools": 1}', '{"model": {}}'])
def test_a_wish_that_is_none_counts_as_nothing(text: str) -> None:
    assert Composed.parse(text) == Composed()


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "{",
        "[]",
        '"x"',
        "[" * 99_999,
        json.dumps({"temporary": True, "project": "p" * MAX_CHARS}),
    ],
)
def test_wishes_that_cannot_be_read_are_refused(text: object) -> None:
    with pytest.raises(InvalidRequest, match="too long or damaged"):
        Composed.parse(text)


def test_a_temporary_question_with_long_wishes_is_not_taken_for_one_to_store() -> None:
    tools = {"enabled": True, "allowedTools": [f"server__tool-{one}" for one in range(1_000)]}

    assert Composed.parse(json.dumps({"temporary": True, "tools": tools})).is_temporary


def test_a_question_goes_to_the_chat_that_it_was_sent_in() -> None:
    in_one = Composed.parse('{"chat": "conv_1", "picked": "acme/fast"}')

    assert in_one.picked == "acme/fast"
    assert Asking.place(in_one, "conv_1", "msg_1") == Place("conv_1", "msg_1")
    assert Asking.place(in_one, "conv_2", "msg_2") == Place("conv_1")
    assert Asking.place(Composed.parse('{"chat": ""}'), "conv_2", "msg_2") == Place("")
    assert Asking.place(Composed.parse('{"chat": 1}'), "conv_2", "") == Place("conv_2")


def test_names_are_escaped() -> None:
    name = '"><script>.png'
    for kind in ("image", "text"):
        file = AttachedFile("file_1", name, kind, "image/png", 1, 2)
        html = attached_html([file])
        assert "<script>" not in html
        assert "/api/v1/attachments/file_1/content" in html
    assert attached_html([]) == ""
