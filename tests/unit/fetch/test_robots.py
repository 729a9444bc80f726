"""What a site wants counts for what a model or a crawler steers."""

import asyncio

import pytest

from aiportal.errors import FetchRefused, UpstreamError, UpstreamTimeout
from aiportal.fetch import Fetcher
from aiportal.fetch import fetcher as fetcher_module
from tests.upstreams import Close, Site, hang, html, plain, redirect

RULES = """
User-agent: *
Disallow: /

User-agent: AIPortal
Allow: /open
Disallow: /
"""


@pytest.fixture(autouse=True)
def _pages(site: Site) -> None:
    site.page("/open", html("open"))
    site.page("/closed", html("closed"))


async def test_a_page_that_programs_may_read(fetcher: Fetcher, site: Site) -> None:
    site.page("/robots.txt", html(RULES, content_type="text/plain"))

    assert (await fetcher.get(f"{site.base}/open?a=b")).text == "open"
    assert [request.path for request in site.requests] == ["/robots.txt", "/open?a=b"]


async def test_a_page_that_programs_may_not_read(fetcher: Fetcher, site: Site) -> None:
    site.page("/robots.txt", html(RULES, content_type="text/plain"))

    with pytest.raises(FetchRefused) as refused:
        await fetcher.get(f"{site.base}/closed")

    assert refused.value.code == "robots_disallowed"
    assert site.asked("/closed") == []


async def test_nor_by_a_redirect(fetcher: Fetcher, site: Site) -> None:
    site.page("/robots.txt", html(RULES, content_type="text/plain"))
    site.page("/open", redirect("/closed"))

    with pytest.raises(FetchRefused):
        await fetcher.get(f"{site.base}/open")

    assert site.asked("/closed") == []


async def test_an_interface_for_programs_is_not_asked_for_its_wishes(
    fetcher: Fetcher, site: Site
) -> None:
    site.page("/robots.txt", html(RULES, content_type="text/plain"))

    assert (await fetcher.get(f"{site.base}/closed", is_api=True)).text == "closed"
    assert site.asked("/robots.txt") == []


async def test_the_wishes_are_asked_for_once(fetcher: Fetcher, site: Site) -> None:
    site.page("/robots.txt", html(RULES, content_type="text/plain"))

    await asyncio.gather(*(fetcher.get(f"{site.base}/open") for _ in range(5)))

    assert len(site.asked("/robots.txt")) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_site_without_wishes(fetcher: Fetcher, site: Site, status: int) -> None:
    site.page("/robots.txt", plain(RULES.encode(), status=status))

    assert (await fetcher.get(f"{site.base}/closed")).text == "closed"


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_site_in_trouble_is_left_alone(fetcher: Fetcher, site: Site, status: int) -> None:
    site.page("/robots.txt", plain(b"", status=status))

    for _ in range(2):
        with pytest.raises(FetchRefused) as refused:
            await fetcher.get(f"{site.base}/open")
        assert refused.value.code == "robots_unreachable"

    assert [request.path for request in site.requests] == ["/robots.txt"]


async def test_wishes_that_break_off(fetcher: Fetcher, site: Site) -> None:
    site.page("/robots.txt", lambda _: [Close()])

    with pytest.raises(UpstreamError):
        await fetcher.get(f"{site.base}/open")

    assert site.asked("/open") == []


async def test_wishes_that_do_not_come(fetcher: Fetcher, site: Site) -> None:
    site.page("/robots.txt", hang())

    with pytest.raises(UpstreamTimeout):
        await fetcher.get(f"{site.base}/open", timeout_s=0.3)

    assert site.asked("/open") == []


async def test_wishes_have_a_time_of_their_own(
    fetcher: Fetcher, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher_module, "_ROBOTS_S", 0.2)
    site.page("/robots.txt", hang())

    with pytest.raises(UpstreamTimeout, match=r"robots\.txt .* within 0\.2 seconds"):
        await fetcher.get(f"{site.base}/open")


async def test_wishes_do_not_lead_inside_either(fetcher: Fetcher, site: Site, inside: Site) -> None:
    site.page("/robots.txt", redirect(f"{inside.base}/robots.txt"))

    with pytest.raises(FetchRefused):
        await fetcher.get(f"{site.base}/open")

    assert inside.connections_made == 0


@pytest.mark.parametrize(
    "content",
    [
        "\0" * 1000,
        "Disallow",
        "User-agent: *\nDisallow: " + "/*a" * 2000,
        "é" * 10,
        "a" * 2_000_000,
    ],
)
async def test_strange_wishes_close_nothing(fetcher: Fetcher, site: Site, content: str) -> None:
    site.page("/robots.txt", html(content, content_type="text/plain"))

    assert (await fetcher.get(f"{site.base}/open")).text == "open"
