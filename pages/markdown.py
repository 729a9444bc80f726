"""A model's Markdown as the page shows it: safe HTML with buttons for code and tables.

The result is one line in one `<div class="md">`: Gradio's own Markdown pass leaves it alone as one
HTML block.
"""

import html
import re
from functools import lru_cache
from typing import Any, Final

from aiportal.markdown import (
    DIAGRAM_LANGUAGE,
    MAX_CODE_CHARS,
    MAX_MARKDOWN_CHARS,
    SafeMarkdown,
)
from pages.code_languages import CodeLanguage, language_of
from pages.reader import language as reader_language
from pages.reader import worded

__all__ = [
    "MAX_CODE_CHARS",
    "MAX_MARKDOWN_CHARS",
    "GrowingMarkdown",
    "MarkdownRenderer",
    "plain_text_html",
]

SETTLE_FROM_CHARS: Final = 200  # of a text's end: shorter ones are rendered anew each time

_PRE: Final = re.compile(r'<pre><code(?: class="(?:language-([^"]*))?")?>')
# What is put around code and tables after the cleaning. The sanitiser writes these tags exactly so,
# and escapes `<` in text: nothing else can match.
_AROUND: Final = (
    ("</pre>", "</pre></div>"),
    ("<table>", '<div class="tblock"><div class="tscroll"><table>'),
)


class MarkdownRenderer:
    """Renders texts of models. Remembers the last `cache_size`; safe in threads."""

    def __init__(self, *, cache_size: int = 512) -> None:
        self._markdown = SafeMarkdown(has_images=True)
        self._remembered = lru_cache(cache_size)(self._render_for)

    def finished(self, text: str) -> str:
        """`text` as safe HTML in one line, remembered for the next time."""
        return self._remembered(text, reader_language())

    def growing(self) -> "GrowingMarkdown":
        """For a text that grows at its end."""
        return GrowingMarkdown(self._markdown)

    def _render_for(self, text: str, _language: str) -> str:
        """The words around code and tables are the reader's, whose language is part of the key."""
        return self._render(text)

    def _render(self, text: str) -> str:
        cleaned = self._markdown.html(text)
        return plain_text_html(text) if cleaned is None else _one_line(_dressed(cleaned), "md")


class GrowingMarkdown:
    """Renders a text as far as it has come, again and again; its beginning only once.

    A link that is defined only later is shown as it is written until the whole text is rendered.
    """

    def __init__(self, markdown: SafeMarkdown) -> None:
        self._markdown = markdown
        self._begin()

    def render(self, text: str) -> str:
        """`text` as safe HTML in one line, as `MarkdownRenderer.finished`."""
        if len(text) > MAX_MARKDOWN_CHARS:
            return plain_text_html(text)
        text = text.replace("\r\n", "\n").replace("\r", "\n")  # as the parser counts lines
        if not text.startswith(self._settled):
            self._begin()
        if len(text) - len(self._settled) > SETTLE_FROM_CHARS:
            self._settle(text[len(self._settled) :])
        rest = self._piece(text[len(self._settled) :], dict(self._environment))
        return _one_line(self._html + rest, "md")

    def _begin(self) -> None:
        self._settled = ""
        self._html = ""
        self._environment: dict[str, Any] = {}

    def _settle(self, rest: str) -> None:
        piece = rest[: self._markdown.settled_chars(rest)]
        if piece:
            self._html += self._piece(piece, self._environment)
            self._settled += piece

    def _piece(self, text: str, environment: dict[str, Any]) -> str:
        cleaned = self._markdown.html(text, environment)
        return plain_text_html(text) if cleaned is None else _dressed(cleaned)


def _dressed(cleaned: str) -> str:
    """What stands around code and tables."""
    cleaned = _PRE.sub(_code_head, cleaned)
    for plain, dressed in _AROUND:
        cleaned = cleaned.replace(plain, dressed)
    return cleaned.replace("</table>", f"</table></div>{_copy_table()}</div>")


def _copy_table() -> str:
    words = worded("Copy as CSV")
    return f'<button type="button" class="lnk i-copy act-copy-csv">{words}</button>'


def _code_head(found: re.Match[str]) -> str:
    """What stands above a block of code: its language, and what can be done with it."""
    written = found[1] or ""
    language = language_of(written)
    kind = " diagram" if written == DIAGRAM_LANGUAGE else ""
    return (
        f'<div class="code{kind}"><div class="chead"><span class="lang">{language.name}</span>'
        f"{_run(language)}"
        '<button type="button" class="ib i-download act-save-code" '
        f'value="{language.extension}" title="{worded("Download the code")}"></button>'
        '<button type="button" class="ib i-copy act-copy-code" '
        f'title="{worded("Copy the code")}"></button>'
        "</div><pre><code>"
    )


def _run(language: CodeLanguage) -> str:
    """Shown where the reader may run code, see running.js."""
    if language.name != "Python":
        return ""
    words = worded("Run the code")
    return f'<button type="button" class="ib i-play act-run-code" title="{words}"></button>'


def plain_text_html(text: str) -> str:
    """`text` letter by letter as safe HTML in one line; its line breaks stay."""
    return _one_line(html.escape(text), "md plain")


def _one_line(inner: str, classes: str) -> str:
    joined = inner.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "&#10;")
    return f'<div class="{classes}">{joined}</div>'
