"""Citations and sources on the page."""

import pytest

from aiportal.chat import Findings
from aiportal.events import SourceFound, WebSearched
from aiportal.markdown import SafeMarkdown
from pages.citations import cited_html, sources_html
from tests.injected import INJECTED

SOURCE = SourceFound(1, 'A "title" <b>', "https://www.a.test/?x=1&y=<", "")
BAD = SourceFound(2, "B", "javascript:window.hacked=1", "")
FINDINGS = Findings(WebSearched("Who?", "brave", "Only <some>."), (SOURCE, BAD))


def test_markers_become_links_but_not_in_code_and_links() -> None:
    html = SafeMarkdown(has_images=True).html("A[1] `[1]` [x [1]](https://b.test) [7]\n\n    [1]")
    assert html is not None
    shown = cited_html(html, FINDINGS)
    assert shown.count('class="cite"') == 1
    assert 'href="https://www.a.test/?x=1&amp;y=&lt;"' in shown
    assert 'title="A &quot;title&quot; &lt;b&gt; · a.test"' in shown
    assert "[7]" in shown


def test_the_definition_of_a_link_cites_nothing() -> None:
    html = "<p>[1]: A\n [1]: B</p>"
    assert cited_html(html, FINDINGS) == html
    assert cited_html("<p><b>So</b> [1]: it is.</p>", FINDINGS).count('class="cite"') == 1


def test_an_address_that_is_none_of_the_web_is_no_link() -> None:
    shown = cited_html("<p>[2]</p>", FINDINGS) + sources_html(FINDINGS)
    assert "javascript" not in shown
    assert "Only &lt;some&gt;." in shown


def test_attributes_are_left_alone() -> None:
    html = '<p title="a > [1]">b</p>'
    assert cited_html(html, FINDINGS) == html


@pytest.mark.parametrize("name", INJECTED)
def test_what_a_source_is_called_is_text(name: str) -> None:
    text = INJECTED[name]
    findings = Findings(FINDINGS.searched, (SourceFound(1, text, "https://a.test/", text),))
    shown = cited_html("<p>[1]</p>", findings) + sources_html(findings)
    for tag in ("<img", "<script", "<form", "<input"):
        assert tag not in shown


def test_without_a_search_nothing_is_added() -> None:
    assert (cited_html("<p>[1]</p>", Findings()), sources_html(Findings())) == ("<p>[1]</p>", "")
