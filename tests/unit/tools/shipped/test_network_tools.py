"""The tools that ask the portal: pages, searches and Wolfram|Alpha in their recorded forms."""

from typing import Any

import pytest

from tests.unit.tools.shipped.controllers import load

pytestmark = pytest.mark.usefixtures("site")
HERON = "https://birds.invalid/news/heron"


def scrape(url: str, **options: Any) -> dict[str, Any]:
    return dict(load("web-scraper").run({"url": url, **options}))


def search(query: str, **options: Any) -> dict[str, Any]:
    return dict(load("web-search").run({"query": query, **options}))


def wolfram(query: str, **options: Any) -> dict[str, Any]:
    return dict(load("wolfram-alpha").run({"query": query, **options}))


# The web scraper


def test_the_text_is_what_a_reader_reads() -> None:
    told = scrape(HERON)
    assert told["title"] == "The heron | Bird News"
    assert "stands still at the water's edge" in told["text"]
    assert "var hidden" not in told["text"]
    assert "Home" not in told["text"]


def test_links_are_absolute_each_once_and_only_of_the_web() -> None:
    links = {one["url"]: one for one in scrape(HERON, what="links")["links"]}
    assert list(links) == [
        "https://birds.invalid/",
        "https://birds.invalid/news/",
        "https://birds.invalid/news/egret.html",
        "https://other.invalid/stork",
    ]
    assert links["https://birds.invalid/news/egret.html"]["text"] == "the egret"
    assert links["https://other.invalid/stork"]["is_external"] is True


def test_tables_are_records_with_spans_spread_out() -> None:
    (table,) = scrape(HERON, what="tables")["tables"]
    assert table["caption"] == "Sizes"
    assert table["columns"] == ["Bird", "Height", "Height (2)"]
    assert table["rows"] == [
        {"Bird": "Heron", "Height": "98 cm", "Height (2)": "tall"},
        {"Bird": "Heron", "Height": "1 m", "Height (2)": "1 m"},
    ]


def test_metadata_is_what_the_page_says_of_itself() -> None:
    told = scrape(HERON, what="metadata")["metadata"]
    assert told["author"] == "Ada Moor"
    assert told["description"] == "How herons fish."
    assert told["date"] == "2025-03-04"
    assert told["language"] == "en"
    assert told["canonical"] == "https://birds.invalid/heron"


def test_all_is_everything() -> None:
    assert {"metadata", "text", "links", "tables"} <= set(scrape(HERON, what="all"))


def test_what_is_no_page_comes_as_it_is_and_is_said() -> None:
    told = scrape("birds.invalid/data.json")
    assert told["json"] == {"birds": ["heron", "egret"]}
    assert "no web page but application/json" in told["notes"][0]


def test_a_long_text_is_told_in_pieces() -> None:
    first = scrape("https://birds.invalid/notes.txt", max_chars=1000)
    assert (len(first["text"]), first["total_chars"]) == (1000, 50_000)
    assert "its end is missing" in first["notes"][0]
    assert "`start`: 1000" in first["notes"][-1]
    assert len(scrape("https://birds.invalid/notes.txt", start=49_000)["text"]) == 1000


def test_a_page_of_scripts_is_said_to_be_one() -> None:
    assert "made by scripts" in scrape("https://birds.invalid/scripts")["notes"][0]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "Give the `url`"),
        ("https://birds.invalid/gone", "status 404: there is no such page"),
        ("https://birds.invalid/secret", "does not let programs read it"),
        ("https://birds.invalid/photo.png", "a file of type image/png"),
        ("https://birds.invalid/empty", "The page is empty"),
        ("https://refused.invalid/", "'refused.invalid' is not reached"),
    ],
)
def test_a_page_that_cannot_be_had_is_explained(url: str, words: str) -> None:
    with pytest.raises(Exception, match=words) as raised:
        scrape(url)
    assert type(raised.value).__name__ == "ToolError"


# The web search


def test_results_are_numbered_and_short() -> None:
    told = search("  grey   heron ", max_results=2)
    assert (told["query"], told["provider"]) == ("grey heron", "wikipedia")
    first, second = told["results"]
    assert (first["number"], first["url"]) == (1, "https://birds.invalid/1")
    assert first["snippet"].startswith("A grey bird. A grey")
    assert len(first["snippet"]) == 600
    assert (first["published"], "published" in second) == ("2025-03-04", False)
    assert told["note"] == "Only Wikipedia was asked."


def test_a_search_without_results_says_what_to_do() -> None:
    told = search("nothing")
    assert told["results"] == []
    assert told["note"].startswith("Only Wikipedia was asked. Nothing was found. ")


@pytest.mark.parametrize(
    ("options", "words"),
    [({"query": " "}, "Give a `query`"), ({"provider": "brave"}, "set BRAVE_API_KEY")],
)
def test_a_search_that_cannot_be_made_is_explained(options: dict[str, str], words: str) -> None:
    with pytest.raises(Exception, match=words):
        search(**({"query": "heron"} | options))


# Wolfram|Alpha


def test_an_answer_comes_with_its_page() -> None:
    told = wolfram("integrate   x^2 sin x")
    assert "2 x sin(x) - (x^2 - 2) cos(x)" in told["answer"]
    assert told["url"] == "https://www.wolframalpha.com/input?i=integrate+x%5E2+sin+x"


def test_units_are_said_in_the_words_of_the_service() -> None:
    assert wolfram("imperial", units="imperial")["answer"] == "nonmetric"
    assert wolfram("imperial")["answer"] == "metric"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Give a `query`"),
        ("blorb of the moon", "suggests: orb of the moon; Moon. Use fewer"),
        ("without an id", "WOLFRAM_APP_ID"),
        ("something else", "status 500"),
    ],
)
def test_an_answer_that_is_none_is_explained(query: str, words: str) -> None:
    with pytest.raises(Exception, match=words) as raised:
        wolfram(query)
    assert type(raised.value).__name__ == "ToolError"
