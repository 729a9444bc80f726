"""A model's text as HTML that may stand in a notebook: nothing in it runs or loads anything."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

from aiportal.picture_types import PICTURE_MIMES

__all__ = ["rendered", "sanitised"]

_TAGS = frozenset(
    {"a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre"}
    | {"q", "s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td"}
    | {"tfoot", "th", "thead", "tr", "u", "ul", "var"}
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
}
_PICTURES = tuple(f"data:{mime};base64," for mime in sorted(PICTURE_MIMES))


def rendered(markdown: str) -> str:
    """Markdown as sanitised HTML. Raw HTML in it is shown as the text that it is."""
    return sanitised(_parser().render(markdown))


def sanitised(html: str) -> str:
    """The HTML without scripts, styles, forms, frames and pictures from elsewhere."""
    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        attribute_filter=_without_remote_loads,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
    )


def _without_remote_loads(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("img", "src"):
        return value if value.startswith(_PICTURES) else None
    if (tag, attribute) == ("a", "href"):
        return None if value.lstrip().lower().startswith("data:") else value
    return value


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    """Built once; it holds rules and no state of a text."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
