"""A model's Markdown as HTML that is safe to show: what is not on the list below does not get out.

Raw HTML in the text is shown as text. Images are never loaded: they become links.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

__all__ = ["MAX_CODE_CHARS", "MAX_MARKDOWN_CHARS", "SafeMarkdown"]

MAX_MARKDOWN_CHARS: Final = 200_000
"""Longer texts are shown as they stand: parsing them would hold a core for seconds."""

MAX_CODE_CHARS: Final = 20_000
"""Longer blocks of code are shown without colours, for the same reason."""

_TAGS: Final = frozenset(
    {"a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol"}
    | {"p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
)
_ALIGNED: Final = frozenset({"right", "center"})
_CODE_PREFIX: Final = "t-"  # keeps Pygments' short names apart from ours
_CODE_CLASSES: Final = frozenset(f"{_CODE_PREFIX}{name}" for name in STANDARD_TYPES.values())


class SafeMarkdown:
    """Renders texts of models; safe in threads."""

    def __init__(self) -> None:
        self._parser = MarkdownIt("commonmark", {"html": False, "highlight": _highlighted})
        self._parser.enable(["table", "strikethrough"])
        self._cleaner = nh3.Cleaner(
            tags=set(_TAGS),
            attributes={"a": {"href"}, "ol": {"start"}},
            allowed_classes={
                "span": set(_CODE_CLASSES),
                "td": set(_ALIGNED),
                "th": set(_ALIGNED),
                "a": {"image"},
            },
            set_tag_attribute_values={"a": {"target": "_blank"}},
            link_rel="noopener noreferrer nofollow",
            url_schemes={"http", "https", "mailto"},
            url_relative="deny",
        )

    def html(self, text: str) -> str | None:
        """`text` as safe HTML, None where it is too long to be parsed."""
        if len(text) > MAX_MARKDOWN_CHARS:
            return None
        tokens = self._parser.parse(text)
        _mark_alignment(tokens)
        for token in tokens:
            if token.children:
                token.children = list(_without_images(token.children))
        return self._cleaner.clean(self._parser.renderer.render(tokens, self._parser.options, {}))


def _mark_alignment(tokens: Sequence[Token]) -> None:
    """Columns are aligned by a class, since `style` is not let through."""
    for token in tokens:
        if token.type in {"th_open", "td_open"}:
            side = str(token.attrGet("style") or "").removeprefix("text-align:")
            if side in _ALIGNED:
                token.attrSet("class", side)


def _without_images(tokens: Sequence[Token]) -> Iterator[Token]:
    """Each image as a link with its description; as the description alone within a link."""
    is_in_link = False
    for token in tokens:
        if token.type in {"link_open", "link_close"}:
            is_in_link = token.type == "link_open"
        if token.type != "image":
            yield token
            continue
        words = Token("text", "", 0, content=token.content or "image")
        if is_in_link:
            yield words
            continue
        address = {"href": str(token.attrGet("src") or ""), "class": "image"}
        yield Token("link_open", "a", 1, attrs=dict(address))
        yield words
        yield Token("link_close", "a", -1)


def _highlighted(code: str, language: str, _attributes: str) -> str:
    """A fence's code with Pygments' classes, or nothing where the language is not known."""
    try:
        lexer = get_lexer_by_name(language) if language else None
    except ClassNotFound:
        lexer = None
    if lexer is None or len(code) > MAX_CODE_CHARS:
        return ""
    lexer.stripnl = False  # a line break at the start or the end is part of the code
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix=_CODE_PREFIX)))
