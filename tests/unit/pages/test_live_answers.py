"""What is sent of an answer that grows."""

from hypothesis import given
from hypothesis import strategies as st

from pages.live_answers import HtmlGrowth


def _units(text: str) -> list[bytes]:
    """As JavaScript counts: UTF-16 units."""
    encoded = text.encode("utf-16-le")
    return [encoded[at : at + 2] for at in range(0, len(encoded), 2)]


@given(st.lists(st.text(alphabet="ab<>/\N{GRINNING FACE}é", max_size=30), max_size=10))
def test_what_is_kept_and_what_is_new_make_the_html(versions: list[str]) -> None:
    growth, there = HtmlGrowth(), ""
    for html in versions:
        step = growth.step(html)
        keep, new = step["keep"], step["html"]
        assert isinstance(keep, int)
        assert isinstance(new, str)
        there = b"".join(_units(there)[:keep]).decode("utf-16-le") + new
        assert there == html


def test_a_growing_text_is_not_sent_again() -> None:
    growth = HtmlGrowth()
    growth.step("<p>" + "word " * 1_000 + "</p>")

    step = growth.step("<p>" + "word " * 1_001 + "</p>")

    assert step["html"] == "word </p>"
