"""Which providers are asked, what becomes of failures, what is remembered and for whom."""

import asyncio
from collections.abc import Sequence

import pytest

from aiportal.errors import (
    InvalidRequest,
    PortalError,
    ServiceUnavailable,
    UpstreamError,
    UpstreamRateLimited,
)
from aiportal.fetch import Fetcher
from aiportal.search import WebSearch
from aiportal.search.engine import Engine
from aiportal.search.providers import PROVIDERS
from tests.unit.search.conftest import ANN, BEN, QUICK, MakeSearch
from tests.upstreams import Answer, Close, Gate, Names, SearchSite, plain
from tests.upstreams.searching import brave, searxng, tavily, wikipedia

A, B, C = ("A", "https://a.test/"), ("B", "https://b.test/"), ("C", "https://c.test/")
AT_ONCE = {"Retry-After": "0"}


def failing(status: int, **headers: str) -> Answer:
    return plain(b"{}", status=status, headers=AT_ONCE | headers)


async def test_without_a_key_wikipedia_answers_and_says_so(
    make: MakeSearch, site: SearchSite
) -> None:
    site.finds("wikipedia", wikipedia("Alan Turing"))

    found = await make().search(ANN, "turing")

    assert (found.provider, [one.title for one in found.results]) == ("wikipedia", ["Alan Turing"])
    assert found.note is not None
    for name in ("Only Wikipedia", "BRAVE_API_KEY", "TAVILY_API_KEY", "SEARXNG_URL"):
        assert name in found.note


async def test_all_that_are_set_up_are_merged(make: MakeSearch, site: SearchSite) -> None:
    site.finds("brave", brave(A, B))
    site.finds("tavily", tavily(C, B))
    site.finds("searxng", searxng(B))

    found = await make("brave", "tavily", "searxng").search(ANN, "letters")

    assert [one.title for one in found.results] == ["B", "A", "C"]
    assert found.results[0].source == "brave,tavily,searxng"
    assert (found.provider, found.note) == ("brave,tavily,searxng", None)
    assert site.calls("wikipedia") == 0


@pytest.mark.parametrize("name", PROVIDERS)
async def test_one_by_name(make: MakeSearch, site: SearchSite, name: str) -> None:
    for each, answer in zip(
        PROVIDERS, [brave(A), tavily(A), searxng(A), wikipedia("A")], strict=True
    ):
        site.finds(each, answer)

    found = await make(*PROVIDERS).search(ANN, "letters", provider=name)

    assert (found.provider, found.note) == (name, None)
    assert [one.source for one in found.results] == [name]
    assert len(site.requests) == 1


async def test_one_that_fails_is_told_and_the_others_answer(
    make: MakeSearch, site: SearchSite
) -> None:
    site.finds("brave", failing(401))
    site.finds("tavily", tavily(A))

    found = await make("brave", "tavily").search(ANN, "letters")

    assert ([one.title for one in found.results], found.provider) == (["A"], "tavily")
    assert found.note is not None
    assert "'brave' answered with status 401. Check BRAVE_API_KEY" in found.note


async def test_where_all_fail_wikipedia_answers(make: MakeSearch, site: SearchSite) -> None:
    site.finds("brave", failing(403))
    site.finds("wikipedia", wikipedia("A"))

    found = await make("brave").search(ANN, "letters")

    assert found.provider == "wikipedia"
    assert found.note is not None
    assert "only Wikipedia was asked" in found.note


async def test_where_wikipedia_fails_too_the_first_failure_is_raised(
    make: MakeSearch, site: SearchSite
) -> None:
    site.finds("brave", failing(403))
    site.finds("wikipedia", failing(400))

    with pytest.raises(UpstreamError, match="'brave'"):
        await make("brave").search(ANN, "letters")


async def test_one_by_name_that_fails_has_no_stand_in(make: MakeSearch, site: SearchSite) -> None:
    site.finds("brave", failing(403))
    site.finds("wikipedia", wikipedia("A"))

    with pytest.raises(UpstreamError):
        await make("brave").search(ANN, "letters", provider="brave")

    assert site.calls("wikipedia") == 0


async def test_an_unknown_provider(make: MakeSearch) -> None:
    with pytest.raises(InvalidRequest, match="brave, tavily, searxng, wikipedia") as refused:
        await make().search(ANN, "letters", provider="gopher")

    assert refused.value.param == "provider"


@pytest.mark.parametrize(
    ("name", "variable"),
    [("brave", "BRAVE_API_KEY"), ("tavily", "TAVILY_API_KEY"), ("searxng", "SEARXNG_URL")],
)
async def test_a_provider_without_its_key(make: MakeSearch, name: str, variable: str) -> None:
    with pytest.raises(ServiceUnavailable, match=variable) as refused:
        await make().search(ANN, "letters", provider=name)

    assert refused.value.status == 503


@pytest.mark.parametrize(
    ("query", "max_results"),
    [("", 10), ("  \n ", 10), ("a" * 401, 10), ("a\0b", 10), ("\ud800", 10), ("a", 0), ("a", 51)],
)
async def test_what_cannot_be_searched(
    make: MakeSearch, site: SearchSite, query: str, max_results: int
) -> None:
    with pytest.raises(InvalidRequest):
        await make().search(ANN, query, max_results=max_results)

    assert site.requests == []


@pytest.mark.parametrize("query", ["a" * 400, "💡" * 400, "a & b = c? #d + 'e' %41 \\", "日本"])
@pytest.mark.parametrize("name", PROVIDERS)
async def test_any_words_arrive(make: MakeSearch, site: SearchSite, name: str, query: str) -> None:
    for each, answer in zip(
        PROVIDERS, [brave(A), tavily(A), searxng(A), wikipedia("A")], strict=True
    ):
        site.finds(each, answer)

    await make(*PROVIDERS).search(ANN, query, provider=name)

    asked = site.last()
    field = "srsearch" if name == "wikipedia" else "q"
    sent = asked.json["query"] if name == "tavily" else asked.query[field]
    assert sent == (query[:300] if name == "wikipedia" else query)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_what_passes_is_tried_again(make: MakeSearch, site: SearchSite, status: int) -> None:
    site.finds("brave", failing(status), failing(status), brave(A))

    found = await make("brave").search(ANN, "letters", provider="brave")

    assert [one.title for one in found.results] == ["A"]
    assert site.calls("brave") == 3


async def test_but_not_for_ever(make: MakeSearch, site: SearchSite) -> None:
    site.finds("brave", failing(429))

    with pytest.raises(UpstreamRateLimited) as failed:
        await make("brave").search(ANN, "letters", provider="brave")

    assert failed.value.retry_after == "0"
    assert site.calls("brave") == 3


@pytest.mark.parametrize("wanted", ["6", "3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
async def test_a_long_pause_is_not_slept_through(
    make: MakeSearch, site: SearchSite, wanted: str
) -> None:
    site.finds("brave", plain(b"{}", status=429, headers={"Retry-After": wanted}), brave(A))

    with pytest.raises(UpstreamRateLimited) as failed:
        await make("brave").search(ANN, "letters", provider="brave")

    assert failed.value.retry_after == wanted
    assert site.calls("brave") == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_what_does_not_pass_is_not_tried_again(
    make: MakeSearch, site: SearchSite, status: int
) -> None:
    site.finds("brave", failing(status), brave(A))

    with pytest.raises(UpstreamError) as failed:
        await make("brave").search(ANN, "letters", provider="brave")

    assert failed.value.status == 502
    assert "brave-key" not in failed.value.message
    assert site.calls("brave") == 1


async def test_a_connection_that_breaks_is_tried_again(make: MakeSearch, site: SearchSite) -> None:
    site.finds("brave", lambda _: [Close()], brave(A))

    assert (await make("brave").search(ANN, "letters", provider="brave")).results


async def test_a_provider_that_cannot_be_reached() -> None:
    async with Fetcher.open(look_up=Names({})) as fetcher:
        engine = Engine(fetcher, PROVIDERS["brave"]("https://nowhere.test", "key"), tempo=QUICK)
        with pytest.raises(UpstreamError, match="'brave' could not be reached") as failed:
            await WebSearch({"brave": engine}).search(ANN, "a", provider="brave")

    assert failed.value.code == "host_not_found"


@pytest.mark.parametrize(
    "body", [b"", b"no JSON", b"[]", b"null", b'{"web":[]}', b'{"web":{"results":{}}}', b"\xff"]
)
async def test_an_answer_in_another_form(make: MakeSearch, site: SearchSite, body: bytes) -> None:
    site.finds("brave", plain(body))

    with pytest.raises(UpstreamError) as failed:
        await make("brave").search(ANN, "letters", provider="brave")

    assert failed.value.status == 502


async def test_the_same_question_is_asked_once(make: MakeSearch, site: SearchSite) -> None:
    site.finds("brave", brave(A))
    search = make("brave")

    first = await search.search(ANN, "two  letters")
    again = await search.search(ANN, " two letters ")

    assert first is again
    assert site.calls("brave") == 1


@pytest.mark.parametrize(
    ("principal", "query", "provider", "max_results"),
    [(BEN, "a", None, 10), (ANN, "b", None, 10), (ANN, "a", "brave", 10), (ANN, "a", None, 9)],
)
async def test_another_question_or_person_is_asked_for_anew(
    make: MakeSearch,
    site: SearchSite,
    principal: object,
    query: str,
    provider: str | None,
    max_results: int,
) -> None:
    site.finds("brave", brave(A))
    search = make("brave")
    await search.search(ANN, "a")

    person = BEN if principal is BEN else ANN
    await search.search(person, query, provider=provider, max_results=max_results)

    assert site.calls("brave") == 2


async def test_a_failure_is_not_remembered(make: MakeSearch, site: SearchSite) -> None:
    site.finds("brave", failing(403), brave(A))
    site.finds("tavily", tavily(B))
    search = make("brave", "tavily")

    assert (await search.search(ANN, "a")).note
    assert (await search.search(ANN, "a")).note is None


async def test_providers_are_asked_at_the_same_time(make: MakeSearch, site: SearchSite) -> None:
    gates = {"brave": Gate(), "tavily": Gate()}
    for (name, gate), answer in zip(gates.items(), [brave(A), tavily(B)], strict=True):
        site.finds(name, _held(gate, answer))

    task = asyncio.create_task(make(*gates).search(ANN, "a"))
    await site.arrival(2)
    for gate in gates.values():
        gate.open()

    assert len((await task).results) == 2


def _held(gate: Gate, answer: Answer) -> Answer:
    return lambda request: (gate, *answer(request))


async def test_no_more_results_than_were_asked_for(make: MakeSearch, site: SearchSite) -> None:
    pages = [(f"{number}", f"https://a.test/{number}") for number in range(20)]
    site.finds("brave", brave(*pages))
    site.finds("tavily", tavily(*pages[10:]))

    found = await make("brave", "tavily").search(ANN, "a", max_results=3)

    assert len(found.results) == 3
    assert site.asked("/brave/res/v1/web/search")[0].query["count"] == "3"


async def test_a_provider_inside_that_is_not_opened_says_what_to_set(site: SearchSite) -> None:
    async with Fetcher.open() as fetcher:
        engine = Engine(fetcher, PROVIDERS["searxng"](site.base, ""), tempo=QUICK)
        with pytest.raises(ServiceUnavailable, match="AIPORTAL_FETCH_ALLOW"):
            await WebSearch({"searxng": engine}).search(ANN, "a", provider="searxng")

    assert site.connections == 0


SETS: Sequence[tuple[dict[str, str], str]] = [
    ({"BRAVE_API_KEY": "key"}, "brave"),
    ({"TAVILY_API_KEY": "key"}, "tavily"),
    ({"BRAVE_API_KEY": "key", "TAVILY_API_KEY": "key"}, "brave,tavily"),
    ({}, "wikipedia"),
]


@pytest.mark.parametrize(("environment", "provider"), SETS)
async def test_the_environment_says_who_is_set_up(
    fetcher: Fetcher, site: SearchSite, environment: dict[str, str], provider: str
) -> None:
    for name, answer in (("brave", brave(A)), ("tavily", tavily(A)), ("wikipedia", wikipedia("A"))):
        site.finds(name, answer)
    urls = [f"{name}={site.base_of(name)}/" for name in ("brave", "tavily", "wikipedia")]
    search = WebSearch.of(fetcher, environment, urls=urls)

    assert (await search.search(ANN, "a")).provider == provider


async def test_searxng_is_set_up_by_its_address(fetcher: Fetcher, site: SearchSite) -> None:
    site.finds("searxng", searxng(A))
    search = WebSearch.of(fetcher, {"SEARXNG_URL": site.base_of("searxng") + "/"})

    assert (await search.search(ANN, "a")).provider == "searxng"


async def test_every_failure_is_one_of_ours(make: MakeSearch, site: SearchSite) -> None:
    for status in (300, 302, 404, 418, 501):
        site.finds("wikipedia", failing(status))
        with pytest.raises(PortalError):
            await make().search(ANN, f"status {status}")
