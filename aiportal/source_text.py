"""The sources of an answer as people read them, in exports and on shared pages."""

import html
import re
from collections.abc import Sequence
from typing import Final

from aiportal.events import SourceFound

__all__ = ["is_web_address", "sources_html", "sources_markdown"]

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|!~&$])")
_IN_ADDRESS: Final = str.maketrans({"<": "%3C", ">": "%3E", " ": "%20", "\\": "%5C", "\n": "%0A"})


def is_web_address(url: str) -> bool:
    """Whether it may be a link: what was found on the web is a stranger's."""
    return url.startswith(("https://", "http://"))


def sources_markdown(sources: Sequence[SourceFound], note: str | None) -> str:
    """A list whose numbers are those that the answer cites; "" where there is nothing to say."""
    lines = [f"{one.number}. {_link(one)}" for one in sources]
    told = [f"*{_plain(note)}*"] if note else []
    listed = ["**Sources**", "\n".join(lines)] if lines else []
    return "\n\n".join([*listed, *told])


def sources_html(sources: Sequence[SourceFound], note: str | None) -> str:
    """The same as safe HTML."""
    told = f"<p>{html.escape(note)}</p>" if note else ""
    if not sources:
        return told
    items = "".join(f"<li>{_anchor(one)}</li>" for one in sources)
    return f"<details open><summary>Sources</summary><ol>{items}</ol></details>{told}"


def _link(source: SourceFound) -> str:
    if not is_web_address(source.url):
        return _plain(source.title)
    return f"[{_plain(source.title)}](<{source.url.translate(_IN_ADDRESS)}>)"


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _anchor(source: SourceFound) -> str:
    title = html.escape(source.title)
    if not is_web_address(source.url):
        return title
    return f'<a href="{html.escape(source.url)}" rel="noopener noreferrer nofollow">{title}</a>'
