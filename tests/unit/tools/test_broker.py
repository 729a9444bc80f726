"""What a program may ask of the portal: hosts of its tool, secrets that never reach it."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aiportal.errors import InvalidRequest, PermissionDenied, PortalError, RateLimited
from aiportal.fetch import Fetcher, Tempo
from aiportal.search import WebSearch
from aiportal.search.engine import Engine
from aiportal.search.providers import PROVIDERS
from aiportal.tools import broker as broker_module
from aiportal.tools.broker import ToolBroker, confidential_of
from tests.unit.tools.tool_folders import ANN, made
from tests.upstreams import PUBLIC, Names, SearchSite, Site, html, redirect
from tests.upstreams.answers import plain
from tests.upstreams.searching import wikipedia

SECRET = "XYZ/12+34"
QUICK = Tempo(interval_s=0, at_once=4, waiting=8)


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    names = Names({"api.test": [[PUBLIC]], "www.api.test": [[PUBLIC]], "other.test": [[PUBLIC]]})
    async with Fetcher.open([PUBLIC], look_up=names, tempo=QUICK) as fetcher:
        yield fetcher


async def broker(tmp_path: Path, fetcher: Fetcher, **security: Any) -> ToolBroker:
    """Of a tool with the network and this security; the value of each of its secrets is SECRET."""
    tool = await asyncio.to_thread(
        made, tmp_path, security={"allowNetworkAccess": True, **security}
    )
    return ToolBroker(
        ANN,
        tool,
        dict.fromkeys(tool.secrets, SECRET),
        fetcher=fetcher,
        search=WebSearch.of(fetcher, {}),
    )


async def test_a_page_of_an_allowed_host_is_fetched(
    tmp_path: Path, fetcher: Fetcher, site: Site
) -> None:
    site.page("/", html("Grüße"))
    asked = await broker(tmp_path, fetcher, hosts=["api.test", "*.api.test"])
    for host in ("api.test", "www.api.test"):
        found = await asked("fetch", {"url": f"http://{host}:{site.port}/"})
        assert found == {
            "url": f"http://{host}:{site.port}/",
            "status": 200,
            "mime": "text/html",
            "text": "Grüße",
            "base64": None,
            "is_truncated": False,
        }


async def test_what_is_no_text_comes_as_base64(
    tmp_path: Path, fetcher: Fetcher, site: Site
) -> None:
    site.page("/", plain(b"\0\xff", content_type="image/png"))
    asked = await broker(tmp_path, fetcher, hosts=["api.test"])
    found = await asked("fetch", {"url": f"http://api.test:{site.port}/"})
    assert (found["text"], base64.b64decode(found["base64"])) == (None, b"\0\xff")


@pytest.mark.parametrize(
    "host", ["other.test", "xapi.test", "api.test.other.test", "127.0.0.2", "api.test@other.test"]
)
async def test_another_host_is_refused_and_not_asked(
    tmp_path: Path, fetcher: Fetcher, site: Site, host: str
) -> None:
    asked = await broker(tmp_path, fetcher, hosts=["api.test", "*.api.test"])
    with pytest.raises(PortalError):
        await asked("fetch", {"url": f"http://{host}:{site.port}/"})
    assert site.requests == []


async def test_a_redirect_leads_to_no_other_host(
    tmp_path: Path, fetcher: Fetcher, site: Site
) -> None:
    site.page("/", redirect(f"http://other.test:{site.port}/inside"))
    asked = await broker(tmp_path, fetcher, hosts=["api.test"])
    with pytest.raises(PortalError, match="not among the hosts"):
        await asked("fetch", {"url": f"http://api.test:{site.port}/"})
    assert [one.path for one in site.requests] == ["/"]


async def test_a_star_is_any_public_host_and_nothing_inside(
    tmp_path: Path, fetcher: Fetcher, site: Site
) -> None:
    site.page("/", html("x"))
    asked = await broker(tmp_path, fetcher)
    assert (await asked("fetch", {"url": f"http://other.test:{site.port}/"}))["text"] == "x"
    with pytest.raises(PortalError, match="public internet"):
        await asked("fetch", {"url": "http://127.0.0.1/"})


async def test_a_search_says_who_was_asked(tmp_path: Path) -> None:
    with SearchSite() as site:
        site.finds("wikipedia", wikipedia("Alan Turing"))
        async with Fetcher.open([f"127.0.0.1:{site.port}"]) as searching:
            engine = Engine(searching, PROVIDERS["wikipedia"](site.base_of("wikipedia"), ""))
            tool = await asyncio.to_thread(made, tmp_path, security={"allowNetworkAccess": True})
            search = WebSearch({"wikipedia": engine})
            asked = ToolBroker(ANN, tool, {}, fetcher=searching, search=search)
            found = await asked("search", {"query": "turing"})
    assert [one["title"] for one in found["results"]] == ["Alan Turing"]
    assert "Only Wikipedia was asked" in found["note"]


async def test_a_tool_without_network_has_none(tmp_path: Path, fetcher: Fetcher) -> None:
    tool = await asyncio.to_thread(made, tmp_path)
    asked = ToolBroker(ANN, tool, {}, fetcher=fetcher, search=WebSearch.of(fetcher, {}))
    for operation, arguments in (
        ("fetch", {"url": "https://example.org/"}),
        ("search", {"query": "x"}),
    ):
        with pytest.raises(
            PermissionDenied, match=r"This tool has no network: .* have an administrator allow it"
        ):
            await asked(operation, arguments)


@pytest.mark.parametrize("place", [{"query": "appid"}, {"header": "X-Key", "prefix": "Bearer "}])
async def test_a_secret_goes_out_and_never_comes_back(
    tmp_path: Path, fetcher: Fetcher, site: Site, place: dict[str, str]
) -> None:
    echo = f"{SECRET} XYZ%2F12%2B34 XYZ/12%2B34".encode()
    site.page("/text", plain(echo, content_type="text/plain"))
    site.page("/data", plain(b"\0" + echo, content_type="image/png"))
    asked = await broker(
        tmp_path, fetcher, hosts=[PUBLIC], secrets={"APP_ID": {**place, "hosts": [PUBLIC]}}
    )
    for path in ("/text?q=1&appid=mine", "/data?q=1"):
        found = await asked("fetch", {"url": f"{site.base}{path}"})
        told = str(found) + base64.b64decode(found["base64"] or "").decode()
        assert "XYZ" not in told
        sent = site.requests[-1]
        if "query" in place:
            assert "appid=XYZ/12%2B34" in sent.path
            assert "appid=mine" not in sent.path
        else:
            assert sent.headers["x-key"] == f"Bearer {SECRET}"


async def test_a_secret_stays_with_its_hosts_and_goes_out_encrypted(
    tmp_path: Path, fetcher: Fetcher, site: Site
) -> None:
    site.page("/", html("x"))
    asked = await broker(
        tmp_path,
        fetcher,
        hosts=["api.test", PUBLIC],
        secrets={"APP_ID": {"query": "appid", "hosts": ["api.test"]}},
    )
    await asked("fetch", {"url": f"{site.base}/"})
    assert site.requests[-1].path == "/"
    with pytest.raises(PermissionDenied, match=r"only goes out encrypted, .* Use https\."):
        await asked("fetch", {"url": f"http://api.test:{site.port}/"})
    assert len(site.requests) == 1


async def test_no_error_tells_a_secret(tmp_path: Path, fetcher: Fetcher, site: Site) -> None:
    site.page("/", redirect(f"http://other.test/{SECRET}"))
    asked = await broker(tmp_path, fetcher, hosts=[PUBLIC], secrets={"APP_ID": {"query": "appid"}})
    with pytest.raises(PortalError) as error:
        await asked("fetch", {"url": f"{site.base}/"})
    assert "XYZ" not in f"{error.value} {error.value.message}"


def test_forms_of_a_secret_are_all_struck_out() -> None:
    confidential = confidential_of({"KEY": "a b/c&d"})
    in_words = ("a b\\/c&d", "a b/c&amp;d")
    for form in ("a b/c&d", "a%20b%2Fc%26d", "a%20b/c%26d", "a+b%2Fc%26d", *in_words):
        assert confidential.strike(f"<{form}>") == "<[key]>"


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("shell", {}),
        ("fetch", {}),
        ("fetch", {"url": 1}),
        ("fetch", {"url": "http://[::1"}),
        ("search", {"query": 1}),
        ("search", {"query": "x", "max_results": True}),
        ("search", {"query": "x", "max_results": 1_000}),
        ("search", {"query": "x", "provider": 1}),
    ],
)
async def test_what_is_asked_wrongly_is_refused(
    tmp_path: Path, fetcher: Fetcher, operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(PortalError):
        await (await broker(tmp_path, fetcher))(operation, arguments)


async def test_one_call_asks_so_often_and_fetches_so_much(
    tmp_path: Path, fetcher: Fetcher, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "MAX_OPERATIONS", 2)
    monkeypatch.setattr(broker_module, "MAX_BYTES", 10)
    site.page("/", plain(b"x" * 50, content_type="text/plain"))
    asked = await broker(tmp_path, fetcher, hosts=[PUBLIC])
    found = await asked("fetch", {"url": f"{site.base}/"})
    assert (found["text"], found["is_truncated"]) == ("x" * 10, True)
    with pytest.raises(InvalidRequest, match="10 bytes in all"):
        await asked("fetch", {"url": f"{site.base}/"})
    with pytest.raises(RateLimited):
        await asked("fetch", {"url": f"{site.base}/"})
