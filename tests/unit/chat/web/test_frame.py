"""Sources within their frame: nothing that a stranger writes gets out of it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.chat.web.findings import Findings
from aiportal.chat.web.frame import framed, source_chars, with_sources
from aiportal.events import SourceFound, WebSearched
from tests.hostile import FAR
from tests.injected import INJECTED

OPENED = re.compile(r"^\[data ([0-9a-f]{8}): source ([0-9]+)\]$", re.MULTILINE)
SEARCHED = WebSearched("Who built it?", "brave", None)


def _findings(title: str = "A", url: str = "https://a.test/", count: int = 2) -> Findings:
    sources = (SourceFound(number, title, url, "") for number in range(1, count + 1))
    return Findings(SEARCHED, tuple(sources))


def _inside(told: str) -> list[str]:
    """What stands in each frame, the marks apart; fails where one is opened or closed by another."""
    mark = re.search(r"between the marks ([0-9a-f]{8}) ", told)
    assert mark
    pieces = re.split(rf"\[(?:end of )?data {mark[1]}: source [0-9]+\]", told)
    assert len(pieces) == 5
    return pieces[1::2]


@pytest.mark.parametrize("name", INJECTED)
def test_what_a_page_says_stays_in_its_frame(name: str) -> None:
    text = INJECTED[name]
    findings = _findings(title=text[:300])
    told = framed(findings, [text, "harmless"], max_chars=4_000)
    first, second = _inside(told)
    outside = told.replace(first, "").replace(second, "")
    for word in ("obey", "SECRET", "approved", FAR):
        assert word not in outside
    for gone in ("](", "base64", "\u200b", "\u202e", "\U000e0049", "SECRET"):
        assert gone not in told or (gone == "](" and "javascript" not in told)
    assert "harmless" in second
    assert len(told) < 8_000


@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=60))
def test_no_text_closes_a_frame(text: str, title: str, url: str) -> None:
    _inside(framed(_findings(title, url), [text, text], max_chars=1_000))


def test_marks_are_not_to_be_foreseen() -> None:
    told = [framed(_findings(), ["a", "b"], max_chars=500) for _ in range(20)]
    found = [OPENED.search(one) for one in told]
    assert len({one[1] for one in found if one}) == 20


def test_the_sources_stand_before_the_last_words_of_the_user() -> None:
    parts = [{"type": "text", "text": "b"}, {"type": "image_url", "image_url": {"url": "x"}}]
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "no"},
        {"role": "user", "content": parts},
        {"role": "tool", "tool_call_id": "1", "content": "c"},
    ]
    told = with_sources(messages, _findings(), ["x", "y"], max_chars=500)
    assert [told[0], told[1], told[3]] == [messages[0], messages[1], messages[3]]
    assert told[2]["content"][1:] == parts
    assert "source 1" in told[2]["content"][0]["text"]
    assert messages[2]["content"] is parts


def test_a_small_window_is_not_filled_with_sources() -> None:
    assert source_chars(2_048) == 2_048
    assert source_chars(None) == source_chars(1_000_000) == 12_000
    told = framed(_findings(count=2), ["a" * 9_000] * 2, max_chars=2_048)
    assert len(told) < 3_400
