"""What sites ask of programs that read them: robots.txt (RFC 9309)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cachetools import LRUCache, TTLCache
from protego import Protego
from yarl import URL

from aiportal.errors import FetchRefused
from aiportal.fetch.fetched import Fetched

__all__ = ["MAX_ROBOTS_BYTES", "ROBOT", "Robots"]

ROBOT = "AIPortal"
MAX_ROBOTS_BYTES = 512 * 1024  # section 2.5 asks for 500 KiB at least
_MAX_SITES = 500
_KEPT_S = 3_600  # section 2.4: at most a day
_UNREACHABLE_KEPT_S = 60
_MAX_DELAY_S = 10.0
_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class _Wishes:
    """rules: None where the site has no file. delay_s: between two calls."""

    rules: Protego | None
    is_reachable: bool = True
    delay_s: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "_Wishes":
        rules = Protego.parse(text)
        return cls(rules, delay_s=min(rules.crawl_delay(ROBOT) or 0.0, _MAX_DELAY_S))


class Robots:
    """Remembers the wishes of 500 sites for an hour; one that could not be asked, for a minute."""

    def __init__(self, load: Callable[[URL], Awaitable[Fetched]]) -> None:
        """load: fetches a robots.txt as safely as everything else."""
        self._load = load
        self._known: TTLCache[URL, _Wishes] = TTLCache(_MAX_SITES, _KEPT_S, time.monotonic)
        self._away: TTLCache[URL, _Wishes] = TTLCache(
            _MAX_SITES, _UNREACHABLE_KEPT_S, time.monotonic
        )
        # One that is forgotten while it is held only means that a file is fetched twice.
        self._locks: LRUCache[URL, asyncio.Lock] = LRUCache(_MAX_SITES)

    async def require(self, url: URL) -> float:
        """Seconds that the site wants between two calls, 0 for no wish.

        Raises FetchRefused where it wants no such call or its server is in trouble; else as the load.
        """
        wishes = await self._of(url.origin())
        if not wishes.is_reachable:
            raise FetchRefused(
                f"{url.host!r} is not fetched: its robots.txt, which says what programs may read, "
                "could not be had. Try again in a minute, or use another site.",
                code="robots_unreachable",
            )
        if wishes.rules is not None and not wishes.rules.can_fetch(str(url), ROBOT):
            raise FetchRefused(
                f"The site {url.host!r} asks programs not to read this page (robots.txt). "
                "Use another page, or open it in a browser.",
                code="robots_disallowed",
            )
        return wishes.delay_s

    async def _of(self, origin: URL) -> _Wishes:
        async with self._locks.setdefault(origin, asyncio.Lock()):
            wishes = self._known.get(origin) or self._away.get(origin)
            if wishes is None:
                wishes = await self._ask(origin)
                (self._known if wishes.is_reachable else self._away)[origin] = wishes
        return wishes

    async def _ask(self, origin: URL) -> _Wishes:
        """No file: everything is allowed. A server in trouble: nothing is (section 2.3.1).

        Raises what the load raises: then the page is not asked for either.
        """
        fetched = await self._load(origin / "robots.txt")
        if fetched.status >= 500 or fetched.status == _TOO_MANY_REQUESTS:
            return _Wishes(None, is_reachable=False)
        if fetched.status >= 300:
            return _Wishes(None)
        return await asyncio.to_thread(_Wishes.parse, fetched.text)
