"""aiportal.api.csrf"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.api.csrf import is_same_origin

HOST = "portal.example"


def allowed(headers: dict[str, str], host: str = HOST, scheme: str = "https") -> bool:
    return is_same_origin(headers, host, scheme)


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_browser_that_says_so_is_believed(site: str) -> None:
    assert allowed({"sec-fetch-site": site})
    assert allowed({"sec-fetch-site": site, "origin": "https://name-before-the-proxy.example"})


@pytest.mark.parametrize("site", ["same-site", "cross-site", "", "Same-Origin", "x"])
def test_another_site_is_refused_whatever_its_origin_says(site: str) -> None:
    assert not allowed({"sec-fetch-site": site, "origin": f"https://{HOST}"})


def test_a_call_without_either_header_is_refused() -> None:
    assert not allowed({})
    assert not allowed({"referer": f"https://{HOST}/"})


@pytest.mark.parametrize(
    ("origin", "host", "scheme"),
    [
        ("https://portal.example", "portal.example", "https"),
        ("https://portal.example", "portal.example:443", "https"),
        ("https://portal.example:443", "portal.example", "https"),
        ("http://portal.example", "portal.example:80", "http"),
        ("https://PORTAL.example", "portal.EXAMPLE", "https"),
        ("http://127.0.0.1:7860", "127.0.0.1:7860", "http"),
        ("http://[::1]:7860", "[::1]:7860", "http"),
    ],
)
def test_our_own_origin_is_ours_in_every_spelling(origin: str, host: str, scheme: str) -> None:
    assert allowed({"origin": origin}, host, scheme)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "portal.example",
        "//portal.example",
        "http://portal.example",
        "https://portal.example:8443",
        "https://portal.example.evil.example",
        "https://evil.example",
        "https://evil.example/portal.example",
        "https://portal.example@evil.example",
        "https://user@portal.example",
        "https://portal.example/path",
        "https://portal.example:x",
        "https://[::1",
        "file://portal.example",
        "ws://portal.example",
    ],
)
def test_any_other_origin_is_refused(origin: str) -> None:
    assert not allowed({"origin": origin})


def test_an_opaque_origin_is_refused_even_within_the_site() -> None:
    assert not allowed({"origin": "null", "sec-fetch-site": "same-origin"})


@pytest.mark.parametrize("host", ["", "[", "portal.example:x", "portal.example:99999"])
def test_a_host_that_is_none_is_nobodys(host: str) -> None:
    assert not allowed({"origin": f"https://{host}"}, host)


@given(origin=st.text(), host=st.text())
def test_no_header_breaks_the_comparison(origin: str, host: str) -> None:
    assert is_same_origin({"origin": origin}, host, "https") in (True, False)
