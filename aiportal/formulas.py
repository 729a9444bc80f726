r"""Formulas within Markdown: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`.

What is no formula stays text, such as sums of money: between single dollars there is no space at
the edges, and neither a letter nor a digit follows or goes before.
"""

import html
import re
from collections.abc import MutableMapping, Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from aiportal.mathml import MAX_TEX_CHARS, formula_html

__all__ = ["FORMULA_CLASS", "MAX_FORMULAS", "with_formulas"]

MAX_FORMULAS: Final = 1_000
"""Of one text; further ones are shown as they are written."""

FORMULA_CLASS: Final = "formula"
"""Of the element around each one, whose title is the TeX."""
_CLOSERS: Final = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_BLANK_LINE: Final = re.compile(r"\n[ \t>]*\n")
_NESTED_IN: Final = ["paragraph", "reference", "blockquote", "list"]  # what a formula may interrupt
_COUNT: Final = "formulas"


def with_formulas(parser: MarkdownIt) -> MarkdownIt:
    """The parser itself, which knows formulas from then on."""
    parser.inline.ruler.before("escape", "formula", _inline)
    parser.block.ruler.before("fence", "formula", _block, {"alt": _NESTED_IN})
    parser.add_render_rule("formula", _rendered)
    return parser


def _inline(state: StateInline, silent: bool) -> bool:
    opener = state.src[state.pos : state.pos + 2]
    if opener in _CLOSERS:
        closer = _CLOSERS[opener]
        start = state.pos + 2
        end = state.src.find(closer, start, min(state.posMax, start + MAX_TEX_CHARS))
    elif opener[:1] == "$":
        opener = closer = "$"
        start = state.pos + 1
        end = _closing_dollar(state, start)
    else:
        return False
    tex = state.src[start:end]
    if end < 0 or not tex.strip():
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = tex
        token.markup = opener
    state.pos = end + len(closer)
    return True


def _closing_dollar(state: StateInline, start: int) -> int:
    """Where a formula ends that begins with one dollar before `start`; -1 where there is none."""
    source = state.src
    before = source[start - 2 : start - 1] if start > 1 else ""
    if before.isalnum() or source[start : start + 1].isspace():
        return -1
    end = source.find("$", start, min(state.posMax, start + MAX_TEX_CHARS))
    while end > 0 and source[end - 1] == "\\":
        end = source.find("$", end + 1, min(state.posMax, start + MAX_TEX_CHARS))
    if end < 0 or source[end - 1].isspace() or source[end + 1 : end + 2].isalnum():
        return -1
    return end


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """A formula on lines of its own, which nothing else in Markdown interrupts."""
    if state.is_code_block(start_line):
        return False
    begin = state.bMarks[start_line] + state.tShift[start_line]
    opener = state.src[begin : begin + 2]
    if opener not in {"$$", "\\["}:
        return False
    start = begin + 2
    end = state.src.find(_CLOSERS[opener], start, start + MAX_TEX_CHARS)
    if end < 0 or _BLANK_LINE.search(state.src, start, end) or not state.src[start:end].strip():
        return False
    last_line = _line_of(state, end, start_line, end_line)
    if last_line is None or state.src[end + 2 : state.eMarks[last_line]].strip():
        return False
    if silent:
        return True
    lines = state.getLines(start_line, last_line + 1, state.blkIndent, False)
    token = state.push("formula", "math", 0)
    token.content = lines.strip()[2:-2]
    token.markup = opener
    token.block = True
    token.map = [start_line, last_line + 1]
    state.line = last_line + 1
    return True


def _line_of(state: StateBlock, position: int, start_line: int, end_line: int) -> int | None:
    """The line that a position is in; None where that belongs to another block."""
    for line in range(start_line, end_line):
        if line > start_line and state.sCount[line] < state.blkIndent:
            return None
        if state.eMarks[line] >= position:
            return line
    return None


def _rendered(
    _: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    env[_COUNT] = env.get(_COUNT, 0) + 1
    is_display = token.markup in {"$$", "\\["}
    found = None
    if env[_COUNT] <= MAX_FORMULAS:
        found = formula_html(token.content.strip(), is_display=is_display)
    if found is None:
        closer = _CLOSERS.get(token.markup, token.markup)
        source = html.escape(f"{token.markup}{token.content}{closer}")
        found = f"<code>{source}</code>"
        return f"<p>{found}</p>\n" if token.block else found
    kind = f"{FORMULA_CLASS} display" if is_display else FORMULA_CLASS
    return f'<span class="{kind}" title="{html.escape(token.content.strip())}">{found}</span>'
