"""Where an answer cites its sources, and the list of them below it.

Both are made after the cleaning, of what is safe already: text between tags, and addresses of the web
that are escaped here. Nothing of a source is loaded.
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from aiportal.chat import MARKER, Findings, cited_numbers
from aiportal.events import SourceFound
from aiportal.source_text import is_web_address
from pages.footers import escaped
from pages.reader import worded

__all__ = ["cited_html", "sources_html"]

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][\w-]*)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_LETTER_BY_LETTER: Final = frozenset({"a", "button", "code", "math", "pre", "summary", "svg"})
_BEGINS_LINE: Final = frozenset({"blockquote", "br", "dd", "div", "li", "p", "td"})
_MAX_TITLE_CHARS: Final = 200


def cited_html(html: str, findings: Findings) -> str:
    """Safe HTML with a link in the place of each marker, but for those in code and in links."""
    sources = findings.sources
    if not sources:
        return html
    parts: list[str] = []
    end, within, is_line = 0, 0, True
    for tag in _TAG.finditer(html):
        text = html[end : tag.start()]
        parts += [text if within else _linked(text, sources, is_line=is_line), tag[0]]
        is_line = tag[2].lower() in _BEGINS_LINE
        if tag[2].lower() in _LETTER_BY_LETTER:
            within = max(0, within - 1 if tag[1] else within + 1)
        end = tag.end()
    parts.append(_linked(html[end:], sources, is_line=is_line))
    return "".join(parts)


def sources_html(findings: Findings) -> str:
    """The list, folded, and what should be known of the search; "" where there was none."""
    searched, sources = findings.searched, findings.sources
    if searched is None:
        return ""
    note = f'<p class="snote">{escaped(searched.note)}</p>' if searched.note else ""
    if not sources:
        return note
    items = "".join(map(_item, sources))
    title = worded("Sources ({count})", count=len(sources))
    return (
        f'<details class="think sources"><summary>{title}</summary><ol>{items}</ol></details>{note}'
    )


def _linked(text: str, sources: Sequence[SourceFound], *, is_line: bool) -> str:
    """is_line: a line begins with the text. The definition of a link, `[1]:`, cites nothing."""

    def links(found: re.Match[str]) -> str:
        line_start = text.rfind("\n", 0, found.start()) + 1
        is_first = not text[line_start : found.start()].strip() and (line_start or is_line)
        if is_first and text.startswith(":", found.end()):
            return found[0]
        numbers = cited_numbers(found, len(sources))
        return "".join(_chip(sources[one - 1]) for one in numbers) or found[0]

    return MARKER.sub(links, text)


def _chip(source: SourceFound) -> str:
    """Its brackets are there for whoever copies or hears it."""
    number = f'<span class="only-sr">[</span>{source.number}<span class="only-sr">]</span>'
    return _link(source, "cite", f"{source.title} · {_host(source)}", number)


def _item(source: SourceFound) -> str:
    link = _link(source, "", source.url, escaped(source.title[:_MAX_TITLE_CHARS]))
    return f'<li>{link}<span class="host">{escaped(_host(source))}</span></li>'


def _link(source: SourceFound, classes: str, title: str, inner: str) -> str:
    if not is_web_address(source.url):
        return f'<span class="{classes}">{inner}</span>'
    return (
        f'<a class="{classes}" href="{escaped(source.url)}" title="{escaped(title)}" '
        f'target="_blank" rel="noopener noreferrer nofollow">{inner}</a>'
    )


def _host(source: SourceFound) -> str:
    try:
        return (urlsplit(source.url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
