"""A branch as one HTML file."""

import re

import pytest

from aiportal.chat import Passage
from aiportal.chat.document import MAX_STYLED_CHARS, day_text, document_html
from aiportal.markdown import MAX_MARKDOWN_CHARS
from tests.hostile import FORBIDDEN, HOSTILE
from tests.unit.chat.branches import AT

TAG = re.compile(r"<\s*/?\s*([a-z0-9]+)([^>]*)>", re.IGNORECASE)


def _answer(content: str, **fields: str | None) -> Passage:
    values: dict[str, str | None] = {
        "role": "assistant",
        "content": content,
        "reasoning": "",
        "model": "m/x",
        "status": "done",
        "problem": None,
        "created_at": AT,
    }
    return Passage(**(values | fields))  # type: ignore[arg-type]  # reason: literals from a dict


def _body(*passages: Passage, title: str = "T") -> str:
    page = document_html(title=title, facts=["a & b"], passages=passages)
    return page.partition("<main>")[2]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_leaves_only_text(name: str) -> None:
    body = _body(
        _answer(HOSTILE[name], reasoning=HOSTILE[name], model=HOSTILE[name], problem=HOSTILE[name]),
        _answer(HOSTILE[name], role="user"),
        title=HOSTILE[name],
    )

    tags = TAG.findall(body)
    assert {tag.lower() for tag, _ in tags} & set(FORBIDDEN.split(", ")) == set()
    for _, attributes in tags:
        names = re.findall(r"([\w:-]+)=", re.sub(r'"[^"]*"', '""', attributes))
        assert set(names) <= {"class", "dir", "href", "rel", "target", "start"}
    assert all(re.match(r"https?:|mailto:", link) for link in re.findall(r'href="([^"]*)"', body))


def test_the_file_forbids_itself_to_load_or_run_anything() -> None:
    page = document_html(title="<b>", facts=[], passages=[])

    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert "<title>&lt;b&gt;</title>" in page
    assert re.findall(r"https?://|@import|url\(|<script|<link", page) == []


def test_code_has_colours_and_the_file_has_their_rules() -> None:
    page = document_html(title="T", facts=[], passages=[_answer("```python\ndef f(): pass\n```")])

    assert '<span class="t-k">def</span>' in page
    assert ".t-k," in page


def test_who_answered_and_how_it_ended_is_said() -> None:
    body = _body(_answer("x", status="cancelled", reasoning="*hm*"), _answer("", problem="Away."))

    assert "<span>m/x</span><span>stopped</span>" in body
    assert "<summary>Thoughts</summary>" in body
    assert "<em>hm</em>" in body
    assert '<p class="problem">Away.</p>' in body
    assert "a &amp; b" in body


def test_what_is_too_long_to_be_parsed_is_shown_as_it_stands() -> None:
    text = "**x** " * (MAX_MARKDOWN_CHARS // 6)

    body = _body(*[_answer(text)] * (MAX_STYLED_CHARS // len(text) + 2))

    assert body.count("<strong>") == MAX_STYLED_CHARS // len(text) * (MAX_MARKDOWN_CHARS // 6)
    assert body.count('<div class="plain"') == 2


def test_a_day_is_written_out() -> None:
    assert day_text(AT) == "1 March 2026"
