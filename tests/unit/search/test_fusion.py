"""One ranking of several, and which addresses are the same page's."""

import pytest

from aiportal.search.fusion import fuse, page_key
from aiportal.search.results import SearchResult


def ranking(source: str, *paths: str, snippet: str = "") -> list[SearchResult]:
    return [
        SearchResult(path, f"https://a.test/{path}", snippet or path, None, source)
        for path in paths
    ]


def titles(*rankings: list[SearchResult], max_results: int = 10) -> str:
    return "".join(one.title for one in fuse(rankings, max_results))


def test_what_several_found_comes_first() -> None:
    assert titles(ranking("x", *"abc"), ranking("y", *"cde")) == "cabde"


def test_the_rank_counts_with_k_of_60() -> None:
    # Twice the 3rd (2/63) is more than once the 1st (1/61), as it would not be with a small k.
    assert titles(ranking("x", *"abc"), ranking("y", *"dec"))[0] == "c"


def test_one_ranking_stays_as_it_is() -> None:
    assert titles(ranking("x", *"dcba"), max_results=3) == "dcb"


def test_nothing_of_nothing() -> None:
    assert fuse([], 10) == fuse([[], []], 10) == ()


def test_a_page_that_one_ranking_has_twice_counts_once() -> None:
    assert titles(ranking("x", *"aab"), ranking("y", *"bc")) == "bac"


def test_the_longer_snippet_and_all_sources_are_kept() -> None:
    (found,) = fuse([ranking("x", "a"), ranking("y", "a", snippet="longer")], 10)

    assert (found.snippet, found.source) == ("longer", "x,y")


SAME = [
    "https://a.test/page",
    "http://a.test/page/",
    "https://www.a.test/page",
    "https://A.TEST:443/page#part",
    "https://a.test/page?utm_source=x&utm_medium=y&gclid=z",
]
OTHERS = [
    "https://a.test/Page",
    "https://a.test/page?id=1",
    "https://b.a.test/page",
    "https://a.test:8443/page",
]


@pytest.mark.parametrize("url", SAME)
def test_addresses_of_the_same_page(url: str) -> None:
    assert page_key(url) == page_key(SAME[0])


@pytest.mark.parametrize("url", OTHERS)
def test_addresses_of_other_pages(url: str) -> None:
    assert page_key(url) != page_key(SAME[0])


def test_the_order_of_a_query_does_not_count() -> None:
    assert page_key("https://a.test/?a=1&b=2") == page_key("https://a.test/?b=2&a=1")


def test_a_strange_address_is_its_own() -> None:
    assert page_key("https://a.test:99999/") == "https://a.test:99999/"
