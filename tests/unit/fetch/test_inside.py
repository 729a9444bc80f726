"""Nothing inside is reached, however its address is written and whoever leads there."""

from contextlib import suppress

import pytest

from aiportal.errors import ConfigError, FetchRefused, UpstreamError
from aiportal.fetch import Fetcher
from tests.unit.fetch.conftest import QUICK
from tests.upstreams import PUBLIC, Names, Site, html, redirect

# PORT is the silent listener's: with the checks gone, most of these would reach it.
FORMS = (
    "http://127.0.0.1:PORT/",
    "https://127.0.0.1:PORT/",
    "HTTP://127.0.0.1:PORT/",
    "http://127.0.0.2:6379/",
    "http://localhost:PORT/",
    "http://LocalHost:PORT/",
    "http://localhost.:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0x7f.0.0.1:PORT/",
    "http://0x7f.1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://017700000001:PORT/",
    "http://127.0.0.0x1:PORT/",
    "http://0:PORT/",
    "http://0.0.0.0:PORT/",
    "http://127.255.255.254:PORT/",
    "http://[::1]:PORT/",
    "http://[::]:PORT/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://[64:ff9b:1::127.0.0.1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[2001:0:7f00:1::]:PORT/",
    "http://[fe80::1%25lo]:PORT/",
    "http://[fe80::1]:PORT/",
    "http://[fd00:ec2::254]:PORT/",
    "http://[ff02::1]:PORT/",
    "http://[127.0.0.1]:PORT/",
    "http://１２７.0.0.1:PORT/",
    "http://127。0。0。1:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/",
    "http://127%2e0%2e0%2e1:PORT/",
    "http://user:password@127.0.0.1:PORT/",
    "http://public.test@127.0.0.1:PORT/",
    "http://@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT\\@public.test/",
    "http://public.test\\@127.0.0.1:PORT/",
    "http:\\\\127.0.0.1:PORT/",
    "http://127.0.0.1\t:PORT/",
    "http://127.0.0.1 :PORT/",
    "http:///127.0.0.1:PORT/",
    "http:127.0.0.1:PORT/",
    "http://inside.test:PORT/",
    "http://half.test:PORT/",
    "http://six.test:PORT/",
    "http://mapped.test:PORT/",
    "http://zone.test:PORT/",
    "http://metadata.test/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/metadata",
    "http://100.100.100.200/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://public.test:22/",
    "http://public.test:25/",
    "http://public.test:6379/",
    "http://public.test:11211/",
    "http://public.test:0/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:PORT/",
    "gopher://127.0.0.1:PORT/_GET%20/",
    "data:text/html,hello",
    "javascript:alert(1)",
    "http://",
    "http://a..b/",
    "http://-a.test/",
    "http://a" + "a" * 63 + ".test/",
    "http://public.test/" + "a" * 8_000,
)


# As a redirect's address these are relative: they lead to the same site again.
RELATIVE = ("http:///127.0.0.1:PORT/", "http:127.0.0.1:PORT/", "http://")


async def test_an_address_inside_is_refused(
    fetcher: Fetcher, inside: Site, subtests: pytest.Subtests
) -> None:
    for form in FORMS:
        with subtests.test(ascii(form)[:50]):
            with pytest.raises(FetchRefused) as refused:
                await fetcher.get(form.replace("PORT", str(inside.port)), is_api=True)
            assert refused.value.status == 400
            assert inside.connections_made == 0


async def test_a_redirect_does_not_lead_inside(
    fetcher: Fetcher, site: Site, inside: Site, subtests: pytest.Subtests
) -> None:
    for form in [*FORMS, "//127.0.0.1:PORT/", "//[::1"]:
        with subtests.test(ascii(form)[:50]):
            location = form.replace("PORT", str(inside.port)).encode().decode("latin-1")
            site.page("/away", redirect(location))
            refused = suppress(UpstreamError) if form in RELATIVE else pytest.raises(FetchRefused)
            with refused:
                await fetcher.get(f"{site.base}/away", is_api=True)
            assert inside.connections_made == 0


async def test_the_address_that_was_checked_is_the_one_connected_to(
    fetcher: Fetcher, names: Names, site: Site, inside: Site
) -> None:
    site.page("/", html("public"))
    async with Fetcher.open([PUBLIC], look_up=names, tempo=QUICK) as other:
        fetched = await other.get(f"http://rebinding.test:{site.port}/", is_api=True)

    assert fetched.text == "public"
    assert names.looked_up == ["rebinding.test"]  # so there was no second answer to fall for

    with pytest.raises(FetchRefused):
        await fetcher.get(f"http://rebinding.test:{site.port}/", is_api=True)

    assert names.looked_up == ["rebinding.test"] * 2
    assert inside.connections_made == 0


async def test_a_name_that_is_bound_anew_between_two_hops_is_refused(
    fetcher: Fetcher, site: Site, inside: Site
) -> None:
    site.page("/", redirect(f"http://rebinding.test:{inside.port}/"))

    with pytest.raises(FetchRefused):
        await fetcher.get(f"http://rebinding.test:{site.port}/", is_api=True)

    assert inside.connections_made == 0


async def test_the_host_is_named_as_it_was_asked_for(fetcher: Fetcher, site: Site) -> None:
    site.page("/", html("hello"))

    await fetcher.get(f"http://PUBLIC.test:{site.port}/#part", is_api=True)

    assert site.last().headers["host"] == f"public.test:{site.port}"
    assert site.last().path == "/"


@pytest.mark.parametrize("url", ["http://inside.test:8080/", "http://metadata.test/"])
async def test_a_refusal_tells_no_address(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(FetchRefused) as refused:
        await fetcher.get(url, is_api=True)

    assert "127.0.0.1" not in refused.value.message
    assert "169.254" not in refused.value.message
    assert "AIPORTAL_FETCH_ALLOW" in refused.value.message


async def test_a_refusal_shows_no_password(fetcher: Fetcher) -> None:
    with pytest.raises(FetchRefused) as refused:
        await fetcher.get("http://ann:secret@public.test/", is_api=True)

    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    "entry", ["127.0.0.1", "127.0.0.0/30", "127.0.0.1:PORT", "inside.test", "Inside.test:PORT"]
)
async def test_the_setting_opens_what_it_names(names: Names, entry: str) -> None:
    with Site() as intranet:
        intranet.page("/", html("intranet"))
        allow = [entry.replace("PORT", str(intranet.port))]
        async with Fetcher.open(allow, look_up=names, tempo=QUICK) as fetcher:
            fetched = await fetcher.get(f"http://inside.test:{intranet.port}/", is_api=True)

    assert fetched.text == "intranet"


@pytest.mark.parametrize(
    "entry", ["127.0.0.1:1", "inside.test:1", "other.test", "127.0.0.3", "0.0.0.0/32", "::1"]
)
async def test_the_setting_opens_nothing_else(names: Names, inside: Site, entry: str) -> None:
    async with Fetcher.open([entry], look_up=names) as fetcher:
        with pytest.raises(FetchRefused):
            await fetcher.get(f"http://inside.test:{inside.port}/", is_api=True)

    assert inside.connections_made == 0


@pytest.mark.parametrize("entry", ["0.0.0.0/0", "metadata.test", "metadata.test:80"])
async def test_metadata_is_only_opened_by_its_own_address(names: Names, entry: str) -> None:
    async with Fetcher.open([entry], look_up=names) as fetcher:
        with pytest.raises(FetchRefused):
            await fetcher.get("http://metadata.test/", is_api=True)


@pytest.mark.parametrize(
    "entry", ["", "a b", "http://a.test/", "a.test:0", "a.test:70000", "1.2.3.4/5"]
)
async def test_a_setting_that_is_wrong_is_named(entry: str) -> None:
    with pytest.raises(ConfigError, match="AIPORTAL_FETCH_ALLOW"):
        async with Fetcher.open([entry]):
            pass
