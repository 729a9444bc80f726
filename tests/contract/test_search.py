"""POST /search: what it takes, what it answers, what it refuses."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from aiportal.settings import Settings
from tests.contract.test_bad_input import DEEP
from tests.loopback import NO_TLS
from tests.running import AppServer, serving
from tests.upstreams import SearchSite, plain
from tests.upstreams.searching import brave, wikipedia

A, B = ("A", "https://a.test/"), ("B", "https://b.test/")


@pytest.fixture
def site() -> Iterator[SearchSite]:
    with SearchSite() as site:
        yield site


@pytest.fixture
async def client(
    wired_settings: Settings, site: SearchSite, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """Of a portal with Brave's key, whose providers are the fake ones."""
    monkeypatch.setenv("BRAVE_API_KEY", "secret-key")
    urls = tuple(f"{name}={site.base_of(name)}" for name in ("brave", "tavily", "wikipedia"))
    changes = {"search_urls": urls, "fetch_allow": (f"127.0.0.1:{site.port}",)}
    async with (
        serving(wired_settings.model_copy(update=changes)) as server,
        httpx.AsyncClient(verify=NO_TLS, base_url=server.url, headers=server.headers) as client,
    ):
        yield client


async def test_a_search_at_both_addresses(client: httpx.AsyncClient, site: SearchSite) -> None:
    site.finds("brave", brave(A, B, page_age="2024-01-05T10:00:00"))

    for path in ("/api/v1/search", "/v1/search"):
        answer = await client.post(path, json={"query": "letters", "max_results": 1})
        assert answer.status_code == 200
        assert answer.json() == {
            "results": [
                {
                    "title": "A",
                    "url": "https://a.test/",
                    "snippet": "A by Brave",
                    "published": "2024-01-05T10:00:00+00:00",
                    "source": "brave",
                }
            ],
            "provider": "brave",
            "note": None,
        }
    assert site.last().headers["x-subscription-token"] == "secret-key"


async def test_what_is_not_set_up_or_does_not_answer(
    client: httpx.AsyncClient, site: SearchSite
) -> None:
    site.finds("brave", plain(b"{}", status=429, headers={"Retry-After": "60"}))
    site.finds("wikipedia", wikipedia("A"))

    missing = await client.post("/v1/search", json={"query": "a", "provider": "tavily"})
    limited = await client.post("/v1/search", json={"query": "a", "provider": "brave"})
    spare = await client.post("/v1/search", json={"query": "a"})

    assert (missing.status_code, missing.json()["error"]["code"]) == (503, "provider_unavailable")
    assert "TAVILY_API_KEY" in missing.json()["error"]["message"]
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "60")
    assert (spare.json()["provider"], site.calls("tavily")) == ("wikipedia", 0)
    assert "Wikipedia" in spare.json()["note"]
    assert "secret-key" not in missing.text + limited.text + spare.text


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "query"),
    ({"query": ""}, "query"),
    ({"query": "  "}, "query"),
    ({"query": None}, "query"),
    ({"query": 7}, "query"),
    ({"query": ["a"]}, "query"),
    ({"query": "a" * 401}, "query"),
    ({"query": "a\u0000b"}, "query"),
    ({"query": "a", "max_results": 0}, "max_results"),
    ({"query": "a", "max_results": 51}, "max_results"),
    ({"query": "a", "max_results": -1}, "max_results"),
    ({"query": "a", "max_results": 1.5}, "max_results"),
    ({"query": "a", "max_results": "10"}, "max_results"),
    ({"query": "a", "max_results": True}, "max_results"),
    ({"query": "a", "max_results": None}, "max_results"),
    ({"query": "a", "provider": "gopher"}, "provider"),
    ({"query": "a", "provider": ""}, "provider"),
    ({"query": "a", "provider": 7}, "provider"),
    ({"query": "a", "provider": "b" * 41}, "provider"),
]
BODIES = [
    b"",
    b"[]",
    b"null",
    b'"a"',
    b"query=a",
    DEEP,
    b'{"query":"\xff"}',
    b'{"query":"\\ud800"}',
]


async def test_bad_input(app_server: AppServer, subtests: pytest.Subtests) -> None:
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=app_server.url, headers=app_server.headers
    ) as client:
        for body, param in BAD:
            with subtests.test(str(body)[:50]):
                answer = await client.post("/v1/search", json=body)
                error = answer.json()["error"]
                assert answer.status_code == 400
                assert set(error) == {"message", "type", "param", "code"}
                assert (error["type"], error["param"]) == ("invalid_request_error", param)
        for content in BODIES:
            with subtests.test(str(content)[:50]):
                assert (await client.post("/v1/search", content=content)).status_code == 400
        unknown = await client.post("/v1/search", json={"query": "a", "provider": "gopher"})
        for name in ("brave", "tavily", "searxng", "wikipedia"):
            assert name in unknown.json()["error"]["message"]
        assert (await client.get("/v1/search")).status_code == 405
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url) as nobody:
        assert (await nobody.post("/v1/search", json={"query": "a"})).status_code == 401
