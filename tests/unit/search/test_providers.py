"""What providers say, as results: plain bounded text, addresses of the web, times in one form."""

from typing import Any

import pytest

from aiportal.search.providers import PROVIDERS

BASE = "https://p.test"


def asked(name: str, count: int = 10) -> Any:
    return PROVIDERS[name](BASE, "secret").asking("a b", count)


def results(name: str, answer: object) -> list[Any]:
    return list(PROVIDERS[name](BASE, "secret").results(answer))


def tavily(**fields: object) -> list[Any]:
    item = {"title": "T", "url": "https://a.test/", "content": "C"} | fields
    return results("tavily", {"results": [item]})


def test_brave_is_asked_in_its_form() -> None:
    asking = asked("brave", 50)

    assert asking.url == f"{BASE}/res/v1/web/search?q=a+b&count=20&text_decorations=false"
    assert asking.headers["X-Subscription-Token"] == "secret"
    assert asking.content is None


def test_tavily_is_asked_in_its_form() -> None:
    asking = asked("tavily", 50)

    assert (asking.url, asking.content) == (f"{BASE}/search", b'{"query":"a b","max_results":20}')
    assert asking.headers["Authorization"] == "Bearer secret"


def test_searxng_and_wikipedia_are_asked_without_a_key() -> None:
    for name in ("searxng", "wikipedia"):
        assert "format=json" in asked(name).url
        assert "secret" not in str(asked(name))
    assert "srlimit=50" in asked("wikipedia", 50).url


def test_brave_s_results() -> None:
    item = {
        "title": "Alan &amp; <strong>Ada</strong>",
        "url": "https://a.test/",
        "description": "one\n <b>two</b>",
        "page_age": "2024-01-05T10:00:00",
    }
    (found,) = results("brave", {"web": {"results": [item]}})

    assert (found.title, found.snippet) == ("Alan & Ada", "one two")
    assert (found.published, found.source) == ("2024-01-05T10:00:00+00:00", "brave")


def test_wikipedia_s_results() -> None:
    item = {
        "title": "C++ (language)?",
        "snippet": 'the <span class="searchmatch">C++</span> &lt;b&gt;',
        "timestamp": "2024-05-06T07:08:09Z",
    }
    (found,) = results("wikipedia", {"query": {"search": [item]}})

    assert found.url == f"{BASE}/wiki/C%2B%2B_(language)%3F"
    assert found.snippet == "the C++ <b>"


def test_no_results() -> None:
    assert results("brave", {"type": "search"}) == []
    assert results("tavily", {"results": []}) == []
    assert results("searxng", {"results": []}) == []
    assert results("wikipedia", {"query": {"search": []}}) == []


@pytest.mark.parametrize(
    "url",
    [
        *(None, 7, "", "a.test", "//a.test/", "file:///etc/passwd", "javascript:alert(1)"),
        *("data:text/html,a", "https://", "https://a b.test/", "https://a.test/\n", "https://["),
        *("https://user:pw@a.test/", "https://a.test/" + "a" * 2_048, "https://a.test/\ud800"),
    ],
)
def test_what_has_no_address_of_a_page_is_left_out(url: object) -> None:
    assert tavily(url=url) == []


def test_texts_are_bounded_and_on_one_line() -> None:
    (found,) = tavily(title="a\n\t b\x00\x1b[31m\ud800", content="x" * 100_000)

    assert found.title == "a b[31m"
    assert len(found.snippet) == 1_000
    assert found.snippet.endswith("…")


def test_texts_of_another_type_are_none() -> None:
    (found,) = tavily(title=None, content=["a"], published_date=7)

    assert (found.title, found.snippet, found.published) == ("https://a.test/", "", None)


@pytest.mark.parametrize(
    ("told", "published"),
    [
        ("Fri, 05 Jan 2024 10:00:00 GMT", "2024-01-05T10:00:00+00:00"),
        ("2024-01-05", "2024-01-05T00:00:00+00:00"),
        ("2024-01-05T10:00:00+02:00", "2024-01-05T08:00:00+00:00"),
        ("yesterday", None),
        ("", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9" * 1000, None),
    ],
)
def test_times_have_one_form(told: str, published: str | None) -> None:
    (found,) = tavily(published_date=told)

    assert found.published == published


def test_items_that_are_none_are_left_out() -> None:
    assert results("searxng", {"results": [None, 7, "a", [], {}, {"url": "https://a.test/"}]})[
        0
    ].url
