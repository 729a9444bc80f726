"""TeX formulas as MathML, which browsers show by themselves: no script, no fonts, no other host."""

import html
import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final

from math_core import LatexError, LatexToMathML

__all__ = ["ATTRIBUTES", "MAX_TEX_CHARS", "TAGS", "formula_html"]

MAX_TEX_CHARS: Final = 4_000
"""Longer formulas are shown as they are written."""

MAX_DEPTH: Final = 100
"""Elements within each other: browsers lay formulas out recursively."""

MAX_EXPANSIONS: Final = 200
MAX_LENGTH_EM: Final = 20.0
"""Of a space that a formula asks for: more would cover the page, or move the text off it."""

_LAYOUT = frozenset({"mrow", "mphantom", "mstyle", "mpadded"})
_SCRIPTS = frozenset({"msub", "msup", "msubsup", "munder", "mover", "munderover"})
_MANY_SCRIPTS = frozenset({"mmultiscripts", "mprescripts"})
_TABLES = frozenset({"mtable", "mtr", "mtd"})
_LEAVES = frozenset({"mi", "mn", "mo", "mtext", "ms", "mspace"})
_FRACTIONS = frozenset({"mfrac", "msqrt", "mroot", "menclose"})
TAGS: Final = (
    frozenset({"math"}) | _LAYOUT | _SCRIPTS | _MANY_SCRIPTS | _TABLES | _LEAVES | _FRACTIONS
)
"""What a formula consists of."""

_ANYWHERE = frozenset({"displaystyle", "mathcolor", "scriptlevel"})
_OF_SPACE = frozenset({"depth", "height", "width"})
_OF_OPERATOR = frozenset(
    {"form", "fence", "largeop", "lspace", "maxsize", "minsize", "movablelimits", "rspace"}
    | {"separator", "stretchy", "symmetric"}
)
_OF_SCRIPT = frozenset({"accent", "accentunder"})
ATTRIBUTES: Final = {
    **dict.fromkeys(TAGS, _ANYWHERE),
    **dict.fromkeys(_SCRIPTS, _ANYWHERE | _OF_SCRIPT),
    "math": frozenset({"display"}),
    "menclose": frozenset({"notation"}),
    "mfrac": _ANYWHERE | {"linethickness"},
    "mi": _ANYWHERE | {"mathvariant"},
    "mo": _ANYWHERE | _OF_OPERATOR,
    "mpadded": _ANYWHERE | _OF_SPACE,
    "mspace": _OF_SPACE,
    "mtd": frozenset({"align", "frame"}),
}
"""Of each element: none that names an address, a style or a handler."""

_SIDES = frozenset({"top", "right", "bottom", "left"})

_LENGTH = re.compile(r"(-?\d*\.?\d+)([a-z%]*)")
_COLOR = re.compile(r"color:\s*(#[0-9A-Fa-f]{6})")


def formula_html(tex: str, *, is_display: bool) -> str | None:
    """A formula as MathML that still has to pass the sanitiser.

    is_display: as a line of its own. None for what is no TeX that is understood, or too much of it.
    """
    return None if len(tex) > MAX_TEX_CHARS else _remembered(tex, is_display)


@lru_cache(2_000)
def _remembered(tex: str, is_display: bool) -> str | None:
    converter = LatexToMathML(fancy_error=False, max_expansions=MAX_EXPANSIONS)
    try:
        found = converter.convert_with_local_state(tex, displaystyle=is_display)
        return _Plain(found).html
    except (LatexError, _TooMuchError):
        return None


class _TooMuchError(Exception):
    """A formula is nested too deeply, or asks for too much room."""


class _Plain(HTMLParser):
    """Rewrites the converter's MathML without its styles. Raises _TooMuchError."""

    def __init__(self, mathml: str) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._depth = 0
        self.feed(mathml)
        self.close()

    @property
    def html(self) -> str:
        return "".join(self._pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooMuchError

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs)
        self._pieces.append(f"</{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self._depth -= 1
        self._pieces.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._pieces.append(html.escape(data, quote=False))

    def _open(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept: dict[str, str] = {}
        for name, value in attrs:
            if name == "style":
                kept |= _without_style(value or "")
            elif name != "class":
                _check_length(name, value or "")
                kept[name] = value or ""
        written = "".join(f' {name}="{html.escape(value)}"' for name, value in kept.items())
        self._pieces.append(f"<{tag}{written}>")


def _check_length(name: str, value: str) -> None:
    if name not in _OF_SPACE | {"lspace", "rspace", "maxsize", "minsize", "linethickness"}:
        return
    found = _LENGTH.fullmatch(value)
    if found is None or found[2] not in {"", "em"} or abs(float(found[1])) > MAX_LENGTH_EM:
        raise _TooMuchError


def _without_style(style: str) -> dict[str, str]:
    """What a style of the converter's says, as attributes; `frame` names the sides that have a line.

    The page's stylesheet makes of them what they mean. Other styles say nothing.
    """
    if found := _COLOR.search(style):
        return {"mathcolor": found[1]}
    kept: dict[str, str] = {}
    sides = []
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        side = name.removeprefix("border-")
        if name == "text-align" and value in _SIDES:
            kept["align"] = value
        elif name != side and side in _SIDES:
            sides.append(side)
    return kept | ({"frame": " ".join(sides)} if sides else {})
