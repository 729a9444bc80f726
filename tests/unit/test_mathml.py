"""Formulas: which texts are some, and what becomes of them."""

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.formulas import MAX_FORMULAS
from aiportal.markdown import SafeMarkdown
from aiportal.mathml import MAX_TEX_CHARS, formula_html

MARKDOWN = SafeMarkdown()
PIECES = r"\frac \sqrt \text \color { } _ ^ & \\ x 1 < > \href \kern9em \left( \right) $"
TEX = st.sampled_from([*PIECES.split(), '"', " ", r"\begin{matrix}", r"\end{matrix}"])


def _html(text: str) -> str:
    return MARKDOWN.html(text) or ""


@pytest.mark.parametrize(
    ("text", "is_display"),
    [
        ("so $x^2$ is", False),
        (r"so \(x^2\) is", False),
        ("so $$x^2$$ is", True),
        (r"so \[x^2\] is", True),
        ("$$\nx^2\n$$", True),
        ("\\[\nx^2\n\\]", True),
        ("- one\n  \\[\n  x^2\n  \\]\n- two", True),
        ("> $$\n> x^2\n> $$", True),
        ("**$x^2$**, ($x^2$)", False),
    ],
)
def test_each_way_to_write_a_formula_is_known(text: str, is_display: bool) -> None:
    html = _html(text)

    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert ('display="block"' in html) == is_display
    assert 'title="x^2"' in html
    assert "$" not in html
    assert "\\" not in html


@pytest.mark.parametrize(
    "text",
    [
        "between $5 and $10",
        "from $5-$10, or US$5/US$6",
        "$1,000 or $2,000",
        "$HOME and $PATH, also $HOME:$PATH",
        r"\$5 and \$6$",
        "`$x$`",
        "```\n$x$\n```",
        "$ x $",
        "$$",
        "$$\n$$",
        r"\\(x\\)",
        "$$\nx\n\ny\n$$",
    ],
)
def test_what_is_no_formula_stays_text(text: str) -> None:
    assert "<math" not in _html(text)


def test_lines_of_a_formula_are_no_list_and_no_heading() -> None:
    html = _html("$$\na\n- b\n+ c\n=\n> d\n$$")

    assert "<math" in html
    assert not re.search("<(ul|h1|h2|blockquote)", html)


def test_columns_and_lines_are_told_by_attributes_alone() -> None:
    html = _html(r"$\begin{array}{r|l} a & b \\ \hline c & d \end{array}$ $\color{red}x$")

    assert '<mtd align="right" frame="right">' in html
    assert 'mathcolor="#FF0000"' in html
    assert " style=" not in html


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac{",
        r"\nonsense{x}",
        r"\href{javascript:alert(1)}{x}",
        r"\includegraphics{http://evil.example/x.png}",
        r"\hspace{99999em}x",
        r"\def\a{\a\a}\a",
        r"\sqrt{" * 500 + "x" + "}" * 500,
        "x" * (MAX_TEX_CHARS + 1),
    ],
)
def test_bad_or_boundless_tex_is_shown_as_it_was_written(tex: str) -> None:
    html = _html(f"$${tex}$$")

    assert formula_html(tex, is_display=True) is None
    assert "<math" not in html
    assert tex.replace("&", "&amp;") in html


def test_no_space_moves_text_off_its_place() -> None:
    assert "9999" not in _html(r"$\kern-99999em x$").replace(r'title="\kern-99999em x"', "")


def test_text_within_a_formula_is_text() -> None:
    html = _html(r"$\text{<script>window.hacked = 1</script>} < x$")

    assert "<script" not in html


def test_there_is_an_end_to_formulas() -> None:
    assert _html("$x$ " * (MAX_FORMULAS + 9)).count("<math") == MAX_FORMULAS


def _lines_run(text: str) -> int:
    """How many lines of Python run to render it, which no other program's load changes."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        html = _html(text)
    finally:
        sys.settrace(before)
    assert "<math" not in html
    return count


@pytest.mark.parametrize("opener", ["\\[\n", "\\(", "$$\n", "$a "])
def test_openers_without_an_end_take_time_in_proportion(opener: str) -> None:
    assert _lines_run(opener * 2_001) < 12 * _lines_run(opener * 201)


@given(st.lists(TEX, max_size=30).map("".join))
def test_whatever_the_tex_only_formulas_come_out(tex: str) -> None:
    html = _html(f"\\({tex}\\)")

    assert not re.search(r"\son\w+=|\sstyle=|href=|src=|<(?!/?(p|span|code|m\w+)[ >])", html)
