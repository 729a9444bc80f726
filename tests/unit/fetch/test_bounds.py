"""However much, however slowly and in whatever form an answer comes."""

import asyncio
import gzip
import zlib
from collections.abc import Sequence

import pytest

from aiportal.errors import (
    FetchRefused,
    InvalidRequest,
    PortalError,
    UpstreamError,
    UpstreamTimeout,
)
from aiportal.fetch import Fetched, Fetcher, Tempo
from tests.upstreams import (
    PUBLIC,
    Answer,
    Close,
    Gate,
    Head,
    Names,
    Site,
    Step,
    hang,
    html,
    plain,
    redirect,
)

MIB = 1024 * 1024
TEXT = "Füße und mehr. " * 100


def packed(body: bytes, encoding: str) -> Answer:
    headers = {"Content-Encoding": encoding}
    return plain(body, content_type="text/html; charset=utf-8", headers=headers)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def bomb(size: int) -> bytes:
    return gzip.compress(bytes(size))


async def get(fetcher: Fetcher, site: Site, answer: Answer, **options: object) -> Fetched:
    site.page("/", answer)
    return await fetcher.get(f"{site.base}/", is_api=True, **options)  # type: ignore[arg-type] # a test's


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(TEXT.encode())),
        ("x-gzip", gzip.compress(TEXT[:700].encode()) + gzip.compress(TEXT[700:].encode())),
        ("gzip", gzip.compress(TEXT.encode()) + b"\0\0\0"),
        ("deflate", zlib.compress(TEXT.encode())),
        ("Deflate", raw_deflate(TEXT.encode())),
        ("identity", TEXT.encode()),
    ],
    ids=["gzip", "two members", "rubbish behind", "deflate", "raw deflate", "identity"],
)
async def test_a_compressed_page_is_read(
    fetcher: Fetcher, site: Site, encoding: str, body: bytes
) -> None:
    fetched = await get(fetcher, site, packed(body, encoding))

    assert fetched.text == TEXT
    assert not fetched.is_truncated
    assert site.last().headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("times", [1, 2])
async def test_a_bomb_goes_off_up_to_the_bound(fetcher: Fetcher, site: Site, times: int) -> None:
    body = bomb(32 * MIB) * times
    assert len(body) < 200_000

    fetched = await get(fetcher, site, packed(body, "gzip"), max_bytes=100_000)

    assert len(fetched.data) == 100_000
    assert fetched.is_truncated


async def test_a_bomb_of_members_ends(fetcher: Fetcher, site: Site) -> None:
    body = gzip.compress(b"") * 50_000

    fetched = await get(fetcher, site, packed(body, "gzip"), max_bytes=100_000)

    assert fetched.data == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "x" * 100])
async def test_a_compression_that_was_not_asked_for(
    fetcher: Fetcher, site: Site, encoding: str
) -> None:
    with pytest.raises(UpstreamError, match="compressed"):
        await get(fetcher, site, packed(b"hello", encoding))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_what_is_not_compressed_as_it_says(
    fetcher: Fetcher, site: Site, encoding: str
) -> None:
    with pytest.raises(UpstreamError, match="not compressed"):
        await get(fetcher, site, packed(b"hello, this is no archive", encoding))


async def test_a_cut_archive_is_told(fetcher: Fetcher, site: Site) -> None:
    fetched = await get(fetcher, site, packed(gzip.compress(TEXT.encode())[:-20], "gzip"))

    assert fetched.is_truncated


async def test_a_page_is_cut_at_the_bound(fetcher: Fetcher, site: Site) -> None:
    whole = await get(fetcher, site, html("a" * 1000), max_bytes=1000)
    cut = await get(fetcher, site, html("a" * 1000), max_bytes=999)

    assert (len(whole.data), whole.is_truncated) == (1000, False)
    assert (len(cut.data), cut.is_truncated) == (999, True)


async def test_an_endless_page_is_left(fetcher: Fetcher, site: Site) -> None:
    fetched = await get(
        fetcher, site, hang(Head(content_type="text/html"), b"a" * MIB), max_bytes=1000
    )

    assert len(fetched.data) == 1000
    await site.last().closed.arrival(5)


async def test_a_slow_drip_is_cut_off_in_all(fetcher: Fetcher, site: Site) -> None:
    never = Gate()
    site.page("/", hang(Head(content_type="text/html"), b"a", b"b", never))

    with pytest.raises(UpstreamTimeout, match=r"0\.3 seconds"):
        await fetcher.get(f"{site.base}/", is_api=True, timeout_s=0.3)

    await site.last().closed.arrival(5)


async def test_an_exchange_has_a_time_in_all(fetcher: Fetcher, site: Site) -> None:
    site.page("/silent", hang())
    site.page("/drip", hang(Head(content_type="text/event-stream"), b"a", Gate()))

    with pytest.raises(UpstreamTimeout):
        async with fetcher.exchange("POST", f"{site.base}/silent", timeout_s=0.3):
            pass
    async with fetcher.exchange("POST", f"{site.base}/drip", timeout_s=0.3) as exchange:
        assert await anext(exchange.pieces) == b"a"
        with pytest.raises(UpstreamTimeout):
            await anext(exchange.pieces)


async def test_the_time_is_for_all_hops_together(fetcher: Fetcher, site: Site) -> None:
    site.page("/", redirect("/next"))
    site.page("/next", hang())

    with pytest.raises(UpstreamTimeout):
        await fetcher.get(f"{site.base}/", is_api=True, timeout_s=0.3)


async def test_the_wait_for_a_turn_counts_too(names: Names, site: Site) -> None:
    site.page("/", html("hello"))
    tempo = Tempo(interval_s=100, burst=1)
    async with Fetcher.open([PUBLIC], look_up=names, tempo=tempo) as fetcher:
        with pytest.raises(UpstreamTimeout):  # the first turn was for robots.txt
            await fetcher.get(f"{site.base}/", timeout_s=0.3)

    assert site.asked("/") == []


def many_headers(count: int, size: int = 10) -> Answer:
    return plain(b"a", headers={f"x-{number}": "a" * size for number in range(count)})


@pytest.mark.parametrize("answer", [many_headers(1, 20_000), many_headers(500)])
async def test_a_head_that_is_too_large(fetcher: Fetcher, site: Site, answer: Answer) -> None:
    with pytest.raises(UpstreamError):
        await get(fetcher, site, answer)


def broken(*steps: Step) -> Answer:
    return lambda _: steps


@pytest.mark.parametrize(
    "steps",
    [
        [Close()],
        [b"hello\r\n\r\n", Close()],
        [Head(length=100), b"a", Close()],
        [Head(), b"a", Close()],
    ],
)
async def test_an_answer_that_breaks_off(
    fetcher: Fetcher, site: Site, steps: Sequence[Step]
) -> None:
    with pytest.raises(UpstreamError, match="broke off"):
        await get(fetcher, site, broken(*steps))


async def test_a_host_that_does_not_listen(fetcher: Fetcher) -> None:
    with pytest.raises(UpstreamError) as failed:
        await fetcher.get("http://public.test:1234/", is_api=True)

    assert PUBLIC not in failed.value.message


async def test_a_name_that_is_not_there(fetcher: Fetcher) -> None:
    with pytest.raises(UpstreamError) as failed:
        await fetcher.get("https://nowhere.test/")

    assert failed.value.code == "host_not_found"


async def test_a_certificate_that_is_none(fetcher: Fetcher, site: Site) -> None:
    with pytest.raises(UpstreamError):
        await fetcher.get(f"https://public.test:{site.port}/", is_api=True)


@pytest.mark.parametrize("mime", ["text/html", "application/xhtml+xml", "TEXT/Plain; charset=x"])
async def test_a_type_that_is_taken(fetcher: Fetcher, site: Site, mime: str) -> None:
    types = ["text/*", "application/*xml"]

    assert (await get(fetcher, site, html("a", content_type=mime), content_types=types)).data


@pytest.mark.parametrize("mime", ["image/png", "application/octet-stream", "", "x", "html/text"])
async def test_a_type_that_is_not_taken(fetcher: Fetcher, site: Site, mime: str) -> None:
    with pytest.raises(FetchRefused, match=r"text/\*") as refused:
        await get(fetcher, site, html("a", content_type=mime), content_types=["text/*"])

    assert refused.value.code == "content_type_refused"


async def test_an_error_page_of_another_type_is_an_answer_without_a_body(
    fetcher: Fetcher, site: Site
) -> None:
    answer = plain(b"a", status=503, content_type="image/png", headers={"Retry-After": "7"})
    fetched = await get(fetcher, site, answer, content_types=["text/*"])

    assert (fetched.status, fetched.data, fetched.is_truncated) == (503, b"", True)
    assert fetched.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("; charset=utf-8", "é".encode(), "é"),
        ("; charset=ISO-8859-1", b"\xe9", "é"),
        ('; charset="windows-1251"', b"\xe9", "й"),
        ("", b"<meta charset=latin1>\xe9", "<meta charset=latin1>é"),
        ("", b'<meta http-equiv=x content="a; charset=koi8-r">\xc1', None),
        ("", b'<?xml version="1.0" encoding="iso-8859-2"?>\xb1', None),
        ("", b"\xff\xfea\0", "a"),
        ("; charset=utf-8", b"\xef\xbb\xbfa", "a"),
        ("", b"\xff", "�"),
        ("; charset=nonsense", b"a", "a"),
        ("; charset=punycode", b"a-b", "a-b"),
        ("; charset=zlib", b"a", "a"),
        ("; charset=unicode_escape", rb"\x41", r"\x41"),
        ("", b"<meta charset=utf-16>a", "<meta charset=utf-16>a"),
    ],
)
async def test_text(
    fetcher: Fetcher, site: Site, charset: str, body: bytes, text: str | None
) -> None:
    fetched = await get(fetcher, site, plain(body, content_type=f"text/html{charset}"))

    if text is None:
        assert fetched.text[-1] in "аą"
    else:
        assert fetched.text == text


@pytest.mark.parametrize(
    "options",
    [
        {"max_bytes": 0},
        {"max_bytes": 10**12},
        {"timeout_s": 0},
        {"timeout_s": 1e9},
        {"headers": {"X-A": "a\r\nX-B: b"}},
        {"headers": {"X A": "a"}},
        {"headers": {"X-A": "é"}},
        {"headers": {"Host": "inside.test"}},
        {"headers": {"cookie": "a=b"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
    ],
)
async def test_a_call_that_cannot_be(
    fetcher: Fetcher, site: Site, options: dict[str, object]
) -> None:
    with pytest.raises(InvalidRequest):
        await get(fetcher, site, html("a"), **options)

    assert site.requests == []


async def test_a_cancelled_call_hangs_up(fetcher: Fetcher, site: Site) -> None:
    site.page("/", hang())
    task = asyncio.create_task(fetcher.get(f"{site.base}/", is_api=True))
    request = await site.arrival()

    task.cancel()

    await request.closed.arrival(5)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_every_failure_is_one_of_ours(fetcher: Fetcher, site: Site) -> None:
    for location in ("http://[", "http://\x00", "http://a:b:c/", "\xff\xfe", "http://a" * 900, ""):
        site.page("/", redirect(location.replace("\x00", "%00")))
        with pytest.raises(PortalError):
            await fetcher.get(f"{site.base}/", is_api=True)
