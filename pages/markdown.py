"""A model's Markdown as the page shows it: safe HTML with buttons to copy the code.

The result is one line in one `<div class="md">`: Gradio's own Markdown pass leaves it alone as one
HTML block.
"""

import html
from functools import lru_cache
from typing import Final

from aiportal.markdown import MAX_CODE_CHARS, MAX_MARKDOWN_CHARS, SafeMarkdown

__all__ = ["MAX_CODE_CHARS", "MAX_MARKDOWN_CHARS", "MarkdownRenderer", "plain_text_html"]

# What is put around code and tables after the cleaning. The sanitiser writes these tags exactly so,
# and escapes `<` in text: nothing else can match.
_COPY_BUTTON: Final = (
    '<button type="button" class="ib i-copy act-copy-code" title="Copy the code"></button>'
)
_AROUND: Final = (
    ("<pre>", f'<div class="code">{_COPY_BUTTON}<pre>'),
    ("</pre>", "</pre></div>"),
    ("<table>", '<div class="tscroll"><table>'),
    ("</table>", "</table></div>"),
)


class MarkdownRenderer:
    """Renders texts of models. Remembers the last `cache_size`; safe in threads."""

    def __init__(self, *, cache_size: int = 512) -> None:
        self._markdown = SafeMarkdown()
        self._remembered = lru_cache(cache_size)(self._render)

    def finished(self, text: str) -> str:
        """`text` as safe HTML in one line, remembered for the next time."""
        return self._remembered(text)

    def growing(self, text: str) -> str:
        """As `finished`, for a text that will not be asked for again."""
        return self._render(text)

    def _render(self, text: str) -> str:
        cleaned = self._markdown.html(text)
        if cleaned is None:
            return plain_text_html(text)
        for plain, dressed in _AROUND:
            cleaned = cleaned.replace(plain, dressed)
        return _one_line(cleaned, "md")


def plain_text_html(text: str) -> str:
    """`text` letter by letter as safe HTML in one line; its line breaks stay."""
    return _one_line(html.escape(text), "md plain")


def _one_line(inner: str, classes: str) -> str:
    joined = inner.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "&#10;")
    return f'<div class="{classes}">{joined}</div>'
