"""GET /v1/models over HTTP, as API.md promises it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.loopback import NO_TLS
from tests.running import AppServer


@pytest.fixture
async def http(app_server: AppServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=app_server.url, headers=app_server.headers
    ) as client:
        yield client


async def ids(http: httpx.AsyncClient, query: str = "") -> tuple[list[str], bool]:
    answer = (await http.get(f"/v1/models{query}")).json()
    assert answer["object"] == "list"
    return [model["id"] for model in answer["data"]], answer["has_more"]


async def test_all_models_come_where_no_limit_is_asked_for(http: httpx.AsyncClient) -> None:
    listed, has_more = await ids(http)
    assert ("acme/fast" in listed, len(listed) > 1, has_more) == (True, True, False)


async def test_the_list_has_pages(http: httpx.AsyncClient) -> None:
    listed, _ = await ids(http)
    assert await ids(http, "?limit=1") == (listed[:1], True)
    assert await ids(http, f"?after={listed[0]}") == (listed[1:], False)
    assert await ids(http, f"?limit={len(listed) - 1}&after={listed[0]}") == (listed[1:], False)


@pytest.mark.parametrize(
    ("query", "status", "param"), [("?limit=0", 400, "limit"), ("?after=acme/none", 404, "after")]
)
async def test_a_page_that_there_is_not(
    http: httpx.AsyncClient, query: str, status: int, param: str
) -> None:
    answer = await http.get(f"/v1/models{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
