"""A model's Markdown as the page shows it: safe HTML with buttons for code and tables.

The result is one line in one `<div class="md">`: Gradio's own Markdown pass leaves it alone as one
HTML block.
"""

import html
import re
from functools import lru_cache
from typing import Final

from aiportal.markdown import (
    DIAGRAM_LANGUAGE,
    MAX_CODE_CHARS,
    MAX_MARKDOWN_CHARS,
    SafeMarkdown,
)
from pages.code_languages import language_of
from pages.reader import language as reader_language
from pages.reader import worded

__all__ = ["MAX_CODE_CHARS", "MAX_MARKDOWN_CHARS", "MarkdownRenderer", "plain_text_html"]

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

    def growing(self, text: str) -> str:
        """As `finished`, for a text that will not be asked for again."""
        return self._render(text)

    def _render_for(self, text: str, _language: str) -> str:
        """The words around code and tables are the reader's, whose language is part of the key."""
        return self._render(text)

    def _render(self, text: str) -> str:
        cleaned = self._markdown.html(text)
        if cleaned is None:
            return plain_text_html(text)
        cleaned = _PRE.sub(_code_head, cleaned)
        for plain, dressed in _AROUND:
            cleaned = cleaned.replace(plain, dressed)
        cleaned = cleaned.replace("</table>", f"</table></div>{_copy_table()}</div>")
        return _one_line(cleaned, "md")


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
        '<button type="button" class="ib i-download act-save-code" '
        f'value="{language.extension}" title="{worded("Download the code")}"></button>'
        '<button type="button" class="ib i-copy act-copy-code" '
        f'title="{worded("Copy the code")}"></button>'
        "</div><pre><code>"
    )


def plain_text_html(text: str) -> str:
    """`text` letter by letter as safe HTML in one line; its line breaks stay."""
    return _one_line(html.escape(text), "md plain")


def _one_line(inner: str, classes: str) -> str:
    joined = inner.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "&#10;")
    return f'<div class="{classes}">{joined}</div>'
