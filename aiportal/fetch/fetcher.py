"""The one way to what a user or a model can name on the web."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from aiportal.errors import FetchRefused, UpstreamError, UpstreamTimeout
from aiportal.fetch.body import ACCEPT_ENCODING, read_body
from aiportal.fetch.exchange import Exchange
from aiportal.fetch.fetched import Fetched
from aiportal.fetch.order import Order
from aiportal.fetch.pace import Pace, Tempo
from aiportal.fetch.resolver import CheckedResolver, LookUp, SystemLookUp
from aiportal.fetch.robots import MAX_ROBOTS_BYTES, ROBOT, Robots
from aiportal.fetch.rules import Rules
from aiportal.fetch.target import Target, parse_target

__all__ = ["Fetcher"]

MAX_REDIRECTS = 5
DEFAULT_BYTES = 5 * 1024**2
DEFAULT_TIMEOUT_S = 20.0
_CONNECT_S = 5.0
_SILENCE_S = 10.0
_ROBOTS_S = 8.0
_MAX_LINE_BYTES = 8_190
_MAX_HEADERS = 100
_KEEP_ALIVE_S = 15
_AT_ONCE = 64
_ALL = Tempo(interval_s=0, at_once=_AT_ONCE, waiting=256)
_HOST_TEMPO = Tempo()
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SHOWN_HEADERS = (
    "cache-control",
    "content-disposition",
    "content-language",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "retry-after",
    "x-robots-tag",
)
_NO_HEADERS: Mapping[str, str] = {}


class Fetcher:
    """Fetches what is on the public web, and what the settings open besides. Use `open` to make one.

    Each hop's address is taken apart, looked up, checked and connected to by what was checked. No
    cookie, proxy or credential of the environment is used. Bounds: 64 calls at once and 256 that wait;
    for each host 4 and 32, two starts a second.
    """

    def __init__(self, session: aiohttp.ClientSession, rules: Rules, tempo: Tempo) -> None:
        self._session = session
        self._rules = rules
        self._all = Pace(_ALL)
        self._hosts = Pace(tempo)
        self._robots = Robots(self._load_robots)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        allow: Iterable[str] = (),
        *,
        contact: str = "",
        look_up: LookUp | None = None,
        tempo: Tempo = _HOST_TEMPO,
    ) -> AsyncIterator["Fetcher"]:
        """A fetcher whose connections close when the context is left.

        allow: entries of `AIPORTAL_FETCH_ALLOW`. contact: where sites can complain, for `User-Agent`.
        look_up: where addresses come from, the system by default. tempo: for each host.
        Raises ConfigError.
        """
        rules = Rules(allow)
        about = f"; {contact}" if contact else ""
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(look_up or SystemLookUp(), rules),
            use_dns_cache=False,
            limit=_AT_ONCE,
            keepalive_timeout=_KEEP_ALIVE_S,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "User-Agent": f"{ROBOT} (self-hosted portal{about})",
                "Accept-Encoding": ACCEPT_ENCODING,
            },
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S
            ),
            trust_env=False,
            auto_decompress=False,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_LINE_BYTES,
            max_headers=_MAX_HEADERS,
        ) as session:
            yield cls(session, rules, tempo)

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        content_types: Sequence[str] | None = None,
        max_bytes: int = DEFAULT_BYTES,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        is_api: bool = False,
        allows: Callable[[str], bool] | None = None,
    ) -> Fetched:
        """Fetch an address; an answer of any status is an answer.

        headers: for the host that is named only, but for `Accept` and `Accept-Language`.
        content_types: patterns such as `text/*`; what else comes below status 400 is refused, and of an
        error page the body is left out. max_bytes: of the decompressed body, which is cut there.
        timeout_s: for all of it, the wait for a turn included.
        is_api: this is an interface for programs that the settings or a tool's author name, so that
        neither robots.txt nor the pace for web pages applies; never for what a model can choose freely.
        allows: which hosts may be asked, at each hop; None for all.
        Raises FetchRefused, InvalidRequest, RateLimited, UpstreamError, UpstreamTimeout.
        """
        order = Order(
            "GET",
            headers,
            None,
            content_types,
            max_bytes,
            timeout_s,
            not is_api,
            not is_api,
            allows,
        )
        return await self._fetch(url, order.checked())

    async def post(
        self,
        url: str,
        content: bytes,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        content_types: Sequence[str] | None = None,
        max_bytes: int = DEFAULT_BYTES,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> Fetched:
        """Send `content` to an interface for programs; else as `get` with `is_api`.

        headers: `Content-Type` among them.
        """
        order = Order("POST", headers, content, content_types, max_bytes, timeout_s, False, False)
        return await self._fetch(url, order.checked())

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        content: bytes | None = None,
        max_bytes: int = DEFAULT_BYTES,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> AsyncIterator[Exchange]:
        """One request to a server that the settings name, whose answer is read while it comes.

        Addresses are checked as ever. Neither robots.txt nor a pace applies, and no redirect is
        followed. max_bytes: of the body, which may not be compressed. timeout_s: for all of it.
        Raises FetchRefused, InvalidRequest, UpstreamError, UpstreamTimeout.
        """
        target = parse_target(url)
        order = Order(method, headers, content, None, max_bytes, timeout_s, False, False).checked()
        self._rules.check_form(target)
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=_CONNECT_S)
        with _translated(target.host):
            async with self._session.request(
                method,
                target.url,
                headers={**order.headers, "Accept-Encoding": "identity"},
                data=content,
                allow_redirects=False,
                timeout=timeout,
            ) as response:
                found = {name.lower(): value for name, value in response.headers.items()}
                yield Exchange(response.status, found, _pieces(target.host, response, max_bytes))

    async def _fetch(self, url: str, order: Order) -> Fetched:
        try:
            async with asyncio.timeout(order.timeout_s), self._all.turn("the web"):
                return await self._follow(url, order)
        except TimeoutError as error:
            raise UpstreamTimeout(
                f"The page was not there within {order.timeout_s:g} seconds. Try again, or use another."
            ) from error

    async def _load_robots(self, url: URL) -> Fetched:
        order = Order("GET", {}, None, None, MAX_ROBOTS_BYTES, _ROBOTS_S, False, True)
        try:
            async with asyncio.timeout(order.timeout_s):
                return await self._follow(str(url), order)
        except TimeoutError as error:
            raise UpstreamTimeout(
                f"The robots.txt of {url.host!r}, which says what programs may read, was not there "
                f"within {order.timeout_s:g} seconds. Try again, or use another site."
            ) from error

    async def _follow(self, url: str, order: Order) -> Fetched:
        target = parse_target(url)
        for _ in range(MAX_REDIRECTS + 1):
            order.check_host(target.host)
            self._rules.check_form(target)
            answer = await self._in_turn(target, order)
            if isinstance(answer, Fetched):
                return answer
            status, location = answer
            before, target = target, parse_target(_joined(target, location))
            order = order.redirected(status, before, target)
        raise UpstreamError(
            f"{target.host!r} redirects more than {MAX_REDIRECTS} times. Use the page's final address.",
            code="too_many_redirects",
        )

    async def _in_turn(self, target: Target, order: Order) -> "Fetched | tuple[int, str]":
        if order.heeds_robots:
            delay_s = await self._robots.require(target.url)
            if delay_s:
                self._hosts.slow_down(target.host, delay_s)
        if not order.is_paced:
            return await self._exchange(target, order)
        async with self._hosts.turn(target.host):
            return await self._exchange(target, order)

    async def _exchange(self, target: Target, order: Order) -> "Fetched | tuple[int, str]":
        """One request: what it brought, or the status and address of a redirect."""
        with _translated(target.host):
            async with self._session.request(
                order.method,
                target.url,
                headers=order.headers,
                data=order.content,
                allow_redirects=False,
            ) as response:
                location = response.headers.get("Location")
                if response.status in _REDIRECTS and location is not None:
                    return response.status, location
                return await _read(target, order, response)


async def _read(target: Target, order: Order, response: aiohttp.ClientResponse) -> Fetched:
    mime, _, parameters = response.headers.get("Content-Type", "").partition(";")
    mime = mime.strip().lower()
    is_taken = order.takes(mime)
    if not is_taken and response.status < 400:
        raise FetchRefused(
            f"The page is of the type {mime[:100] or 'unknown'!r}, which is not read here. "
            f"Use one that is {' or '.join(order.content_types or ())}.",
            code="content_type_refused",
        )
    data, is_truncated = await read_body(response, order.max_bytes) if is_taken else (b"", True)
    return Fetched(
        url=str(target.url),
        status=response.status,
        mime=mime,
        charset=response.charset if parameters else None,
        headers={
            name: response.headers[name] for name in _SHOWN_HEADERS if name in response.headers
        },
        data=data,
        is_truncated=is_truncated,
    )


async def _pieces(
    host: str, response: aiohttp.ClientResponse, max_bytes: int
) -> AsyncIterator[bytes]:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise UpstreamError(f"{host!r} compresses its answer, which it was asked not to.")
    size = 0
    with _translated(host):
        async for piece in response.content.iter_any():
            size += len(piece)
            if size > max_bytes:
                raise UpstreamError(f"{host!r} answers with more than {max_bytes} bytes.")
            yield piece


def _joined(target: Target, location: str) -> str:
    """Raises FetchRefused."""
    try:
        return urljoin(str(target.url), location)
    except ValueError as error:
        raise FetchRefused(
            f"{target.host!r} redirects to what is no web address. Use another page."
        ) from error


@contextmanager
def _translated(host: str) -> Iterator[None]:
    """The border to aiohttp, whose own words would tell addresses."""
    try:
        yield
    except aiohttp.ClientConnectorDNSError as error:
        raise UpstreamError(
            f"There is no host {host!r}. Check the address.", code="host_not_found"
        ) from error
    except (aiohttp.ClientSSLError, ssl.SSLError) as error:
        raise UpstreamError(
            f"{host!r} has no certificate that is good for it, so it is not trusted. Use another page.",
            code="bad_certificate",
        ) from error
    except TimeoutError as error:  # aiohttp.ServerTimeoutError is one
        raise UpstreamTimeout(
            f"{host!r} does not answer. Try again, or use another page."
        ) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise UpstreamError(
            f"{host!r} could not be reached, or broke off its answer. Try again, or use another page."
        ) from error
