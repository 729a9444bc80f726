"""Redirects: how many, and what goes along."""

import pytest

from aiportal.errors import FetchRefused, UpstreamError
from aiportal.fetch import Fetcher
from aiportal.fetch.order import Order
from aiportal.fetch.target import parse_target
from tests.upstreams import Names, Site, html, plain, redirect

SECRETS = {
    "X-Subscription-Token": "secret",
    "Authorization": "Bearer secret",
    "Accept": "text/html",
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(fetcher: Fetcher, site: Site, status: int) -> None:
    site.page("/", redirect("/next?a=b#c", status))
    site.page("/next", html("there"))

    fetched = await fetcher.get(f"{site.base}/", is_api=True)

    assert (fetched.text, fetched.url) == ("there", f"{site.base}/next?a=b")


async def test_five_redirects_are_enough(fetcher: Fetcher, site: Site) -> None:
    for number in range(6):
        site.page(f"/{number}", redirect(f"/{number + 1}"))
    site.page("/6", html("there"))

    assert (await fetcher.get(f"{site.base}/1", is_api=True)).text == "there"
    with pytest.raises(UpstreamError) as failed:
        await fetcher.get(f"{site.base}/0", is_api=True)
    assert failed.value.code == "too_many_redirects"


async def test_a_circle_ends(fetcher: Fetcher, site: Site) -> None:
    site.page("/", redirect("/"))

    with pytest.raises(UpstreamError):
        await fetcher.get(f"{site.base}/", is_api=True)

    assert len(site.requests) == 6


async def test_a_caller_s_headers_stay_with_the_origin(fetcher: Fetcher, site: Site) -> None:
    site.page("/", redirect("/same"))
    site.page("/same", redirect(f"http://other.test:{site.port}/other"))
    site.page("/other", redirect(f"http://public.test:{site.port}/back"))
    site.page("/back", html("there"))

    await fetcher.get(f"http://public.test:{site.port}/", headers=SECRETS, is_api=True)

    first, same, other, back = (request.headers for request in site.requests)
    for headers in (first, same):
        assert headers["authorization"] == "Bearer secret"
        assert headers["x-subscription-token"] == "secret"
    for headers in (other, back):  # nor does a way back bring them back
        assert "secret" not in str(headers)
        assert headers["accept"] == "text/html"


async def test_another_port_is_another_origin(names: Names, site: Site) -> None:
    with Site(site.host) as other:
        other.page("/", html("there"))
        site.page("/", redirect(f"{other.base}/"))
        async with Fetcher.open([site.host], look_up=names) as fetcher:
            await fetcher.get(f"{site.base}/", headers=SECRETS, is_api=True)

        assert "secret" not in str(other.last().headers)


def test_another_scheme_is_another_origin() -> None:
    order = Order("GET", SECRETS, None, None, 1, 1, True, True)
    secure, plain_text = parse_target("https://a.test:8080/"), parse_target("http://a.test:8080/")

    assert order.redirected(302, secure, secure).headers == SECRETS
    assert order.redirected(302, secure, plain_text).headers == {"Accept": "text/html"}


async def test_cookies_are_neither_kept_nor_sent(fetcher: Fetcher, site: Site) -> None:
    cookie = {"Set-Cookie": "session=secret; Path=/", "Location": "/next"}
    site.page("/", plain(b"", status=302, headers=cookie))
    site.page("/next", html("there"))

    await fetcher.get(f"{site.base}/", is_api=True)
    await fetcher.get(f"{site.base}/next", is_api=True)

    assert all("cookie" not in request.headers for request in site.requests)
    assert all("referer" not in request.headers for request in site.requests)


@pytest.mark.parametrize(
    ("status", "method", "body"), [(303, "GET", b""), (302, "GET", b""), (307, "POST", b"hello")]
)
async def test_what_was_posted_goes_along_on_the_same_site(
    fetcher: Fetcher, site: Site, status: int, method: str, body: bytes
) -> None:
    site.page("/", redirect("/next", status))
    site.page("/next", html("there"))

    await fetcher.post(f"{site.base}/", b"hello", headers={"Content-Type": "text/plain"})

    assert (site.last().method, site.last().body) == (method, body)
    assert ("content-type" in site.last().headers) is bool(body)


async def test_what_was_posted_goes_to_no_other_site(fetcher: Fetcher, site: Site) -> None:
    site.page("/", redirect(f"http://other.test:{site.port}/next", 307))

    with pytest.raises(FetchRefused, match="another site"):
        await fetcher.post(f"{site.base}/", b"secret")

    assert site.asked("/next") == []


async def test_an_answer_that_redirects_nowhere_is_an_answer(fetcher: Fetcher, site: Site) -> None:
    site.page("/300", plain(b"choose", status=300, headers={"Location": "/"}))
    site.page("/302", plain(b"nowhere", status=302))

    assert (await fetcher.get(f"{site.base}/300", is_api=True)).text == "choose"
    assert (await fetcher.get(f"{site.base}/302", is_api=True)).status == 302


async def test_the_environment_s_proxy_is_not_asked(
    fetcher: Fetcher, site: Site, inside: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, inside.base)
    site.page("/", html("hello"))

    assert (await fetcher.get(f"http://public.test:{site.port}/", is_api=True)).text == "hello"
    assert inside.connections_made == 0
