"""One provider being asked: at its pace, again where that helps, with failures in our words."""

import asyncio
import random
from collections.abc import Sequence

import orjson

from aiportal.errors import (
    FetchRefused,
    ServiceUnavailable,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamTimeout,
)
from aiportal.fetch import Fetched, Fetcher, Pace, Tempo
from aiportal.routing.retrying import retry_after_s
from aiportal.search.providers import Asking, Provider
from aiportal.search.results import SearchResult

__all__ = ["Engine"]

FURTHER_TRIES = 2
MAX_PAUSE_S = 5.0
_FIRST_PAUSE_S = 0.3
_CALL_S = 10.0
_TOTAL_S = 25.0
_MAX_BYTES = 4 * 1024**2
_OK = 200
_KEY_REFUSED = frozenset({401, 403})
_TOO_MANY_REQUESTS = 429


class Engine:
    """Asks one provider for all callers."""

    def __init__(self, fetcher: Fetcher, provider: Provider, *, tempo: Tempo | None = None) -> None:
        """tempo: the provider's own by default."""
        self._fetcher = fetcher
        self._provider = provider
        self._pace = Pace(tempo or provider.tempo)

    @property
    def name(self) -> str:
        """The provider's."""
        return self._provider.name

    async def ask(self, query: str, count: int) -> Sequence[SearchResult]:
        """What it finds, best first.

        A 429, a 5xx or a broken connection is tried again twice, after what its `Retry-After` asks
        for; one that asks for more than five seconds is not. Raises RateLimited, ServiceUnavailable,
        UpstreamError.
        """
        asking = self._provider.asking(query, count)
        try:
            async with asyncio.timeout(_TOTAL_S):
                return await self._persist(asking)
        except TimeoutError as error:
            raise UpstreamTimeout(
                f"The search provider {self.name!r} did not answer in time. Try again."
            ) from error

    async def _persist(self, asking: Asking) -> Sequence[SearchResult]:
        for number in range(FURTHER_TRIES):
            try:
                return self._read(await self._call(asking))
            except UpstreamError as error:
                pause_s = _pause_s(error, number)
                if pause_s is None:
                    raise
            await asyncio.sleep(pause_s)
        return self._read(await self._call(asking))

    async def _call(self, asking: Asking) -> Fetched:
        try:
            async with self._pace.turn(self.name):
                if asking.content is not None:
                    return await self._fetcher.post(
                        asking.url,
                        asking.content,
                        headers=asking.headers,
                        max_bytes=_MAX_BYTES,
                        timeout_s=_CALL_S,
                    )
                return await self._fetcher.get(
                    asking.url,
                    headers=asking.headers,
                    max_bytes=_MAX_BYTES,
                    timeout_s=_CALL_S,
                    is_api=True,
                )
        except FetchRefused as error:  # the portal's settings are at fault, not the caller
            raise ServiceUnavailable(
                f"The search provider {self.name!r} cannot be asked. {error.message}"
            ) from error
        except UpstreamTimeout as error:
            raise UpstreamTimeout(
                f"The search provider {self.name!r} did not answer in time. Try again."
            ) from error
        except UpstreamError as error:
            raise UpstreamError(
                f"The search provider {self.name!r} could not be reached. Try again later.",
                code=error.code,
            ) from error

    def _read(self, fetched: Fetched) -> Sequence[SearchResult]:
        """Raises UpstreamError."""
        if fetched.status != _OK:
            raise self._failure(fetched)
        try:
            answer = orjson.loads(fetched.data)
        except orjson.JSONDecodeError as error:
            raise UpstreamError(
                f"The search provider {self.name!r} did not answer in JSON.",
                upstream_status=fetched.status,
            ) from error
        return self._provider.results(answer)

    def _failure(self, fetched: Fetched) -> UpstreamError:
        status, retry_after = fetched.status, fetched.headers.get("retry-after")
        if status == _TOO_MANY_REQUESTS:
            return UpstreamRateLimited(
                f"The search provider {self.name!r} takes no more calls for now. Try again later.",
                upstream_status=status,
                retry_after=retry_after,
            )
        what = f"The search provider {self.name!r} answered with status {status}."
        if status in _KEY_REFUSED and self._provider.variable is not None:
            what = f"{what} Check {self._provider.variable}."
        return UpstreamError(what, upstream_status=status, retry_after=retry_after)


def _pause_s(error: UpstreamError, number: int) -> float | None:
    """Seconds until another try, None where none helps."""
    status = error.upstream_status
    is_passing = status is None or status == _TOO_MANY_REQUESTS or status >= 500
    if not is_passing or isinstance(error, UpstreamTimeout):
        return None
    wanted_s = retry_after_s(error.retry_after)
    if wanted_s is None:
        bound_s = _FIRST_PAUSE_S * (number + 1)
        return random.uniform(bound_s / 2, bound_s)  # noqa: S311 - no secret
    return wanted_s if wanted_s <= MAX_PAUSE_S else None
