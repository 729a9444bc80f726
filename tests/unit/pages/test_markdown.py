"""Text of models becomes HTML that is safe and that Gradio leaves alone."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import get_all_lexers

from aiportal.markdown import SafeMarkdown
from pages.code_languages import language_of
from pages.markdown import (
    MAX_CODE_CHARS,
    MAX_MARKDOWN_CHARS,
    GrowingMarkdown,
    MarkdownRenderer,
    plain_text_html,
)

RENDER = MarkdownRenderer()
TAG = re.compile(r"<\s*/?\s*([a-z0-9]+)([^>]*)>", re.IGNORECASE)
ALLOWED = re.compile(
    r"div|p|br|hr|h[1-6]|strong|em|s|blockquote|[uo]l|li|table|thead|tbody|t[rhd]|a|code|pre|span"
    r"|button"
)


def test_raw_html_is_shown_as_text() -> None:
    html = RENDER.finished("<b onclick=x>bold</b> <script>alert(1)</script>")

    assert "&lt;b onclick=x&gt;bold&lt;/b&gt;" in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "/relative",
        "x",
    ],
)
def test_links_lead_only_to_the_web_and_to_mail(address: str) -> None:
    assert "href" not in RENDER.finished(f"[words]({address})")


def test_a_link_opens_apart_and_tells_nobody_where_from() -> None:
    html = RENDER.finished('[words](https://example.com/?a=1&b="2")')

    assert 'href="https://example.com/?a=1&amp;b=%222%22"' in html
    assert 'target="_blank" rel="noopener noreferrer nofollow"' in html


@pytest.mark.parametrize(
    "text", ["![alt](http://a.example/x.png)", "![alt][1]\n\n[1]: http://a.example/x.png"]
)
def test_an_image_is_a_link_with_its_description(text: str) -> None:
    html = RENDER.finished(text)

    assert "<img" not in html
    assert re.search(r'<a href="http://a.example/x.png" class="image".*>alt</a>', html)


def test_an_image_within_a_link_is_its_description() -> None:
    html = RENDER.finished("[![alt](http://a.example/x.png)](http://b.example/)")

    assert html.count("<a ") == 1
    assert "a.example" not in html


def test_columns_are_aligned_by_a_class() -> None:
    html = RENDER.finished("| a | b |\n| :-: | --: |\n| 1 | 2 |")

    assert '<td class="center">1</td>' in html
    assert '<td class="right">2</td>' in html
    assert "style" not in html


def test_code_keeps_its_line_breaks_and_gets_colours() -> None:
    html = RENDER.finished("```python\n\ndef f():\n\n\n    pass\n```")

    assert "\n" not in html
    assert '<pre><code>&#10;<span class="t-k">def</span>' in html
    assert html.count("&#10;&#10;&#10;") == 1
    assert html.count("act-copy-code") == 1


@pytest.mark.parametrize("language", ["", "no-such-language", 'x"><script>', "python" + " y" * 9])
def test_any_language_of_a_fence_is_harmless(language: str) -> None:
    html = RENDER.finished(f"```{language}\n<b>\n```")

    assert "&lt;" in html
    assert "<b>" not in html
    assert "<script" not in html


def test_long_code_and_long_texts_are_shown_plain() -> None:
    code = "x = 1\n" * (MAX_CODE_CHARS // 6 + 1)
    assert '"t-' not in RENDER.finished(f"```python\n{code}```")

    assert RENDER.finished("*a*" * (MAX_MARKDOWN_CHARS // 3 + 1)).startswith(
        '<div class="md plain">*a*'
    )


def test_a_growing_text_looks_like_the_finished_one() -> None:
    text = "# A\n\n- b\n\n```c\nint x;\n```"

    assert RENDER.growing().render(text) == RENDER.finished(text)


_BLOCKS = (
    "Some *words* of a [paragraph](https://example.com).\nAnd a second line.",
    "- one\n- two\n\n  more of two\n- three",
    "1. first\n2. second",
    "```python\nif x:\n\n    pass\n```",
    "| a | b |\n|---|--:|\n| 1 | 2 |",
    "> said\n> twice",
    "# A heading",
    "$$\nx^2\n$$",
    "A line\n======",
    "---",
    "    indented = True",
)


@given(
    st.lists(st.sampled_from(_BLOCKS), min_size=1, max_size=30),
    st.lists(st.integers(1, 80), min_size=1, max_size=20),
)
def test_however_a_text_grows_it_ends_as_the_finished_one(
    blocks: list[str], steps: list[int]
) -> None:
    text = "\n\n".join(blocks)
    growing = RENDER.growing()
    shown, come = "", 0
    for step in itertools.cycle(steps):
        come += step
        shown = growing.render(text[:come])
        if come >= len(text):
            break

    assert shown == RENDER.finished(text)


def test_a_text_that_is_another_one_is_rendered_from_its_start() -> None:
    growing = RENDER.growing()
    growing.render("One.\n\n" * 200)

    assert growing.render("*Two*") == RENDER.finished("*Two*")


class _Counting(SafeMarkdown):
    """Notes how many characters it is given."""

    parsed = 0

    def html(self, text: str, environment: dict[str, Any] | None = None) -> str | None:
        self.parsed += len(text)
        return super().html(text, environment)


def test_the_beginning_of_a_long_text_is_parsed_once() -> None:
    markdown = _Counting()
    growing = GrowingMarkdown(markdown)
    text = "Some words.\n\n" * 1_000
    for come in range(0, len(text) + 1, 100):
        growing.render(text[:come])

    assert markdown.parsed < 10 * len(text)


@pytest.mark.parametrize(
    "text", ["![" * 10_001, "|" + "a|" * 10_001, "```py\na\n```\n" * 1_300, "[" * 10_001]
)
def test_what_would_take_seconds_is_shown_plain(text: str) -> None:
    assert RENDER.finished(text) == plain_text_html(text)


def test_plain_text_stays_letter_by_letter() -> None:
    assert plain_text_html("a\r\n  **b** <i>\n\n") == (
        '<div class="md plain">a&#10;  **b** &lt;i&gt;&#10;&#10;</div>'
    )


@given(st.text(alphabet=st.sampled_from("<>\"'`*_[]()!|-\n\r &;:#=/ascript\0\u2028"), max_size=200))
def test_whatever_comes_in_only_known_tags_without_handlers_come_out(text: str) -> None:
    html = RENDER.growing().render(text)
    assert "\n" not in html
    for name, attributes in TAG.findall(html):
        assert ALLOWED.fullmatch(name.lower())
        assert not re.search(r"\son\w+=|style=|\sid=|src=", attributes)


@pytest.mark.parametrize(
    ("fence", "name", "extension"),
    [
        ("python", "Python", "py"),
        ("c++", "C++", "cpp"),
        ("", "Text", "txt"),
        ("zzz", "Text", "txt"),
    ],
)
def test_code_tells_its_language_and_what_can_be_done(
    fence: str, name: str, extension: str
) -> None:
    html = RENDER.finished(f"```{fence}\nx\n```")

    assert f'<span class="lang">{name}</span>' in html
    assert f'act-save-code" value="{extension}" title="Download the code"' in html
    assert 'act-copy-code" title="Copy the code"' in html
    assert "diagram" not in html


def test_every_language_has_a_plain_name_and_a_plain_ending() -> None:
    for lexer in get_all_lexers(plugins=False):
        for alias in lexer[1]:
            language = language_of(alias)
            assert re.fullmatch(r"[^<>\"]+", language.name)
            assert re.fullmatch(r"[\w+]+", language.extension)


def test_a_diagram_is_marked_as_one_and_a_table_can_be_copied() -> None:
    html = RENDER.finished("```mermaid\ngraph TD\n```\n\n| a |\n| - |\n| 1 |")

    assert '<div class="code diagram">' in html
    assert html.count("act-copy-csv") == 1


@pytest.mark.parametrize(
    "address",
    [
        "data:image/png;base64,iVBORw0KGgo=",
        "/api/v1/attachments/att_1/content",
        "/v1/attachments/att_1/content?preview=true",
    ],
)
def test_images_within_the_text_and_of_this_portal_are_shown(address: str) -> None:
    html = RENDER.finished(f'![a "b" <c>]({address})')

    assert f'<img class="shot" src="{address}" alt="a &quot;b&quot; &lt;c&gt;">' in html


@pytest.mark.parametrize(
    "address",
    [
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:text/html;base64,PHN2Zz4=",
        "/api/v1/conversations/export.zip",
        "/api/v1/attachments/../conversations/export.zip",
        "/api/v1/attachments/att_1/content?b",
        "/api/v1/attachments/att_1",
        "//evil.example/api/v1/attachments/att_1/content",
        "http://evil.example/x.png",
        "file:///etc/passwd",
        "x.png",
    ],
)
def test_no_other_image_is_loaded(address: str) -> None:
    assert "<img" not in RENDER.finished(f"![a]({address})")


def test_a_link_to_an_image_names_its_host_and_text_cannot_make_an_image() -> None:
    html = RENDER.finished(
        "![a](https://user@evil.example:80/x.png) ![b](/v1/attachments/a/content) 0.1."
    )

    assert '</a> <span class="host">evil.example</span>' in html
    assert html.count("<img") == 1
    assert html.endswith(" 0.1.</p>&#10;</div>")
