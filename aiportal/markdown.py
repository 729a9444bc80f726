"""A model's Markdown as HTML that is safe to show: what is not on the list below does not get out.

Raw HTML in the text is shown as text. An image of another host is never loaded: it becomes a link
that names the host.
"""

import html
import re
import secrets
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import LexerMeta
from pygments.lexers import find_lexer_class_by_name, get_all_lexers
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

from aiportal import mathml
from aiportal.formulas import FORMULA_CLASS, with_formulas

__all__ = ["DIAGRAM_LANGUAGE", "MAX_CODE_CHARS", "MAX_MARKDOWN_CHARS", "SafeMarkdown"]

MAX_MARKDOWN_CHARS: Final = 200_000
"""Longer texts are shown as they stand: parsing them would hold a core for seconds."""

MAX_MARKS: Final = 10_000
"""Of links, cells and blocks of code, which take most of the parsing: as many are half a second."""

MAX_CODE_CHARS: Final = 20_000
"""Longer blocks of code are shown without colours, for the same reason."""

REMEMBERED_CODE_CHARS: Final = 4_000
"""Longer blocks of code are coloured anew each time: those that are remembered take megabytes."""

DIAGRAM_LANGUAGE: Final = "mermaid"

UNSETTLED_BLOCKS: Final = 2

_TAGS: Final = frozenset(
    {"a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol"}
    | {"p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
)
_ALIGNED: Final = frozenset({"right", "center"})
_CODE_PREFIX: Final = "t-"  # keeps Pygments' short names apart from ours
_FORMATTER: Final = HtmlFormatter(nowrap=True, classprefix=_CODE_PREFIX)  # to make one takes long
_CODE_CLASSES: Final = frozenset(f"{_CODE_PREFIX}{name}" for name in STANDARD_TYPES.values())
_LANGUAGES: Final = frozenset(
    {DIAGRAM_LANGUAGE, *(alias for lexer in get_all_lexers(plugins=False) for alias in lexer[1])}
)


_OWN_IMAGE: Final = re.compile(
    r"/(?:api/)?v1/attachments/\w+/content(?:\?preview=true)?"
    r"|data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+"
)


class SafeMarkdown:
    """Renders texts of models; safe in threads.

    has_images: images within the text and files of this portal are shown. Others are links, as all
    are without it.
    """

    def __init__(self, *, has_images: bool = False) -> None:
        self._has_images = has_images
        self._parser = _parser()
        self._block_parser = _parser().disable(["inline", "text_join"])
        self._cleaner = nh3.Cleaner(
            tags=set(_TAGS | mathml.TAGS),
            attributes={
                **{tag: set(names) for tag, names in mathml.ATTRIBUTES.items()},
                "a": {"href"},
                "ol": {"start"},
                "span": {"title"},
            },
            allowed_classes={
                "span": {*_CODE_CLASSES, FORMULA_CLASS, "display", "host"},
                "code": {f"language-{name}" for name in _LANGUAGES},
                "td": set(_ALIGNED),
                "th": set(_ALIGNED),
                "a": {"image"},
            },
            set_tag_attribute_values={"a": {"target": "_blank"}},
            link_rel="noopener noreferrer nofollow",
            url_schemes={"http", "https", "mailto"},
            url_relative="deny",
        )

    def html(self, text: str, environment: dict[str, Any] | None = None) -> str | None:
        """`text` as safe HTML, None where it is too long to be parsed.

        environment: keeps what links refer to from one piece of a text to the next.
        """
        if len(text) > MAX_MARKDOWN_CHARS or _marks(text) > MAX_MARKS:
            return None
        tokens = self._parser.parse(text, environment)
        _mark_alignment(tokens)
        images = _Images() if self._has_images else None
        for token in tokens:
            if token.children:
                token.children = list(_without_images(token.children, images))
        rendered = self._parser.renderer.render(tokens, self._parser.options, {})
        cleaned = self._cleaner.clean(rendered)
        return cleaned if images is None else images.put_into(cleaned)

    def settled_chars(self, text: str) -> int:
        """How much of a text that goes on can be rendered for good: all before its last two blocks.

        What comes can go on with the last one (CommonMark 0.31, "Container blocks and leaf
        blocks"), and with the one before that where the last is a line that is only half written:
        after a list, `2` is a paragraph until its point comes.
        """
        starts = [
            token.map[0]
            for token in self._block_parser.parse(text)
            if token.level == 0 and token.map is not None
        ]
        if len(starts) <= UNSETTLED_BLOCKS:
            return 0
        return (
            sum(len(line) for line in text.split("\n")[: starts[-UNSETTLED_BLOCKS]])
            + (starts[-UNSETTLED_BLOCKS])
        )


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "highlight": _highlighted})
    return with_formulas(parser.enable(["table", "strikethrough"]))


def _marks(text: str) -> int:
    return text.count("[") + text.count("|") + 4 * text.count("```")


class _Images:
    """Images that may be loaded. They take their places after the cleaning, which knows no `data:`;
    a mark that nobody can guess keeps the places."""

    def __init__(self) -> None:
        self._elements: list[str] = []

    @cached_property
    def _mark(self) -> str:
        return secrets.token_hex(16)

    def take(self, address: str, description: str) -> str | None:
        """What stands for the image until `put_into`; None for one that must not be loaded."""
        if not _OWN_IMAGE.fullmatch(address) or ".." in address:
            return None
        alt = html.escape(description)
        self._elements.append(f'<img class="shot" src="{html.escape(address)}" alt="{alt}">')
        return f"{self._mark}{len(self._elements) - 1}."

    def put_into(self, cleaned: str) -> str:
        """The cleaned text with the images in their places."""
        if not self._elements:
            return cleaned
        place = re.compile(rf"{self._mark}(\d+)\.")
        return place.sub(lambda found: self._elements[int(found[1])], cleaned)


def _mark_alignment(tokens: Sequence[Token]) -> None:
    """Columns are aligned by a class, since `style` is not let through."""
    for token in tokens:
        if token.type in {"th_open", "td_open"}:
            side = str(token.attrGet("style") or "").removeprefix("text-align:")
            if side in _ALIGNED:
                token.attrSet("class", side)


def _without_images(tokens: Sequence[Token], images: _Images | None) -> Iterator[Token]:
    """Each image as what `images` takes it for, else as a link with its description and its host;
    as the description alone within a link."""
    is_in_link = False
    for token in tokens:
        if token.type in {"link_open", "link_close"}:
            is_in_link = token.type == "link_open"
        if token.type != "image":
            yield token
            continue
        address = str(token.attrGet("src") or "")
        words = Token("text", "", 0, content=token.content or "image")
        if is_in_link:
            yield words
        elif images is not None and (place := images.take(address, words.content)):
            yield Token("text", "", 0, content=place)
        else:
            yield Token("link_open", "a", 1, attrs={"href": address, "class": "image"})
            yield words
            yield Token("link_close", "a", -1)
            yield from _host_of(address)


def _host_of(address: str) -> Iterator[Token]:
    """Where a link to an image leads, in words."""
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return
    if host:
        yield Token("text", "", 0, content=" ")
        yield Token("span_open", "span", 1, attrs={"class": "host"})
        yield Token("text", "", 0, content=host)
        yield Token("span_close", "span", -1)


def _highlighted(code: str, language: str, _attributes: str) -> str:
    """A fence's code with Pygments' classes, or nothing where the language is not known."""
    lexer = _lexer_class(language)
    if lexer is None or len(code) > MAX_CODE_CHARS:
        return ""
    if len(code) > REMEMBERED_CODE_CHARS:
        return _coloured(code, lexer)
    return _remembered_colours(code, lexer)


def _lexer_class(language: str) -> LexerMeta | None:
    name = language.lower()
    return _known_lexer_class(name) if name in _LANGUAGES else None


@lru_cache(len(_LANGUAGES))
def _known_lexer_class(name: str) -> LexerMeta | None:
    try:
        return find_lexer_class_by_name(name)
    except ClassNotFound:  # no colours for diagrams
        return None


def _coloured(code: str, lexer: LexerMeta) -> str:
    # A line break at the start or the end is part of the code.
    return str(highlight(code, lexer(stripnl=False), _FORMATTER))


_remembered_colours = lru_cache(128)(_coloured)
