"""Where a text cites its sources, in code points, whatever stands around."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.chat.web import annotations_of, markers
from aiportal.events import SourceFound

SOURCES = [SourceFound(n, f"Page {n}", f"https://{n}.test/", "") for n in range(1, 6)]

# Scripts of every kind, emoji of several code points; no brackets, backticks and fences.
PROSE = st.text(st.sampled_from("aZ 09.,;-ßéжあ漢字ไٱनمّ\u200d👩🏽🇩🇪😀𝔘\n"), max_size=30)
CODE = st.sampled_from(["`a[1]`", "``x ` [2]``", "\n```py\na[1]\n```\n", "\n~~~\n[3]\n~~~\n"])
OTHER = st.sampled_from(["[0]", "[6]", "[12]", "[x]", "[1", "1]", "[01]", "\\[1]", "[1](http://x)"])
CITED = st.sampled_from(
    [
        ("[1]", [1]),
        ("[2][3]", [2, 3]),
        ("[1, 2]", [1, 2]),
        ("[3-5]", [3, 4, 5]),
        ("【4†a】", [4]),
        ("[5;1]", [5, 1]),
        ("[^2]", [2]),
        ("[1, 9]", [1]),
    ]
)


@given(st.lists(st.one_of(PROSE, CODE, OTHER, CITED), max_size=12))
def test_offsets_enclose_the_markers_and_nothing_else(pieces: list[Any]) -> None:
    text, wanted = "", []
    for piece in pieces:
        is_cited = isinstance(piece, tuple)
        text += "·"
        start = len(text)
        text += piece[0] if is_cited else piece
        if is_cited:
            wanted += [(start, len(text), number) for number in piece[1]]
    found = annotations_of(text, SOURCES)
    cited = [one["url_citation"] for one in found]
    numbers = [int(one["title"].removeprefix("Page ")) for one in cited]
    assert numbers == [number for _, _, number in wanted]
    for one, (start, end, _) in zip(cited, wanted, strict=True):
        assert start <= one["start_index"] < one["end_index"] <= end
        marker = text[one["start_index"] : one["end_index"]]
        assert (marker[0], marker[-1]) in (("[", "]"), ("【", "】"))
        assert one["url"] == f"https://{one['title'][-1]}.test/"


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("No sources.", []),
        ("👩🏽‍🚀 it is so[1].", ["[1]"]),
        ("a `[1]` b [1]", ["[1]"]),
        ("a ` b [1]", ["[1]"]),
        ("a `b\n\n[1]` c", ["[1]"]),
        ("> ```\n> [1]\n> ```\n[2]", ["[2]"]),
        ("- ```\n  [1]\n  ```\n[2]", ["[2]"]),
        ("```\n[1]\nnever closed [2]", []),
        ("[1]: https://elsewhere.test/", []),
        ("As in [1]: so it is.", ["[1]"]),
        ("[1](https://elsewhere.test/)", []),
        ("[1](https://1.test/)", ["[1]"]),
        ("[9999999999999999999]", []),
    ],
)
def test_what_is_a_marker_and_what_is_not(text: str, cited: list[str]) -> None:
    assert [text[one.start : one.end] for one in markers(text, SOURCES)] == cited


@pytest.mark.parametrize("text", ["[" * 100_000, "`" * 50_000 + "a" * 50_000, "[1," * 60_000])
@pytest.mark.timeout(20)
def test_a_hostile_text_takes_no_time(text: str) -> None:
    assert markers(text, SOURCES) == []


def test_without_sources_nothing_is_cited() -> None:
    assert markers("[1]", []) == []
