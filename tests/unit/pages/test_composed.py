"""What the page sends beside the words of a question, and how a question shows its files."""

import json

import pytest

from aiportal.chat import AttachedFile
from pages.attached import attached_html
from pages.composed import Composed


def test_what_the_page_composed_is_read() -> None:
    text = json.dumps(
        {"attachments": ["a", 1, "b"], "model": "acme/fast", "project": "p", "tools": {"a": 1}}
    )

    assert Composed.parse(text) == Composed(("a", "b"), "acme/fast", "p", tools={"a": 1})


@pytest.mark.parametrize(
    "text", [None, 7, "", "{", "[]", '"x"', '{"attachments": 1}', '{"tools": 1}', "{" * 99_999]
)
def test_rubbish_counts_as_nothing(text: object) -> None:
    assert Composed.parse(text) == Composed()


def test_names_are_escaped() -> None:
    name = '"><script>.png'
    for kind in ("image", "text"):
        file = AttachedFile("file_1", name, kind, "image/png", 1, 2)
        html = attached_html([file])
        assert "<script>" not in html
        assert "/api/v1/attachments/file_1/content" in html
    assert attached_html([]) == ""
