"""Searching the web for a caller: which providers are asked, and what is made of their answers."""

import asyncio
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from cachetools import TTLCache

from aiportal.errors import InvalidRequest, PortalError, ServiceUnavailable
from aiportal.fetch import Fetcher
from aiportal.principal import Principal
from aiportal.search.engine import Engine
from aiportal.search.fusion import fuse
from aiportal.search.providers import PROVIDERS
from aiportal.search.results import Found, SearchResult

__all__ = ["MAX_QUERY_CHARS", "MAX_RESULTS", "WebSearch"]

MAX_QUERY_CHARS = 400
MAX_RESULTS = 50
_CACHED = 500
_CACHED_S = 300
_Key = tuple[str, str | None, str, int]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one provider found, or why it did not."""

    name: str
    results: Sequence[SearchResult]
    failure: PortalError | None = None


class WebSearch:
    """Remembers 500 answers for five minutes, each for the user who asked alone."""

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        """engines: those that are set up, by name, Wikipedia among them."""
        self._engines = engines
        self._cache: TTLCache[_Key, Found] = TTLCache(_CACHED, _CACHED_S, time.monotonic)

    @classmethod
    def of(
        cls, fetcher: Fetcher, environment: Mapping[str, str], *, urls: Sequence[str] = ()
    ) -> Self:
        """With the providers whose keys are in `environment`. urls: entries of `AIPORTAL_SEARCH_URLS`."""
        bases = dict(entry.split("=", 1) for entry in urls)
        engines = {}
        for name, kind in PROVIDERS.items():
            key = environment.get(kind.variable, "") if kind.variable is not None else ""
            base = bases.get(name) or kind.usual_base or key
            if key or kind.variable is None:
                engines[name] = Engine(fetcher, kind(base.strip().rstrip("/"), key.strip()))
        return cls(engines)

    async def search(
        self,
        principal: Principal,
        query: str,
        *,
        provider: str | None = None,
        max_results: int = 10,
    ) -> Found:
        """Pages about `query` (1 to 400 characters), at most `max_results` (1 to 50).

        provider: one by name. None: all that know the whole web and are set up, merged; Wikipedia
        where there are none, or none answers, and the note says so.
        Raises InvalidRequest, RateLimited, ServiceUnavailable where a provider is not set up,
        UpstreamError where nobody answers.
        """
        query = _checked(query, max_results)
        names = self._named(provider)
        key = (principal.user_id, provider, query, max_results)
        known = self._cache.get(key)
        if known is not None:
            return known
        found, is_complete = await self._find(names, query, max_results, is_choice=provider is None)
        if is_complete:
            self._cache[key] = found
        return found

    def _named(self, provider: str | None) -> Sequence[str]:
        """Raises InvalidRequest, ServiceUnavailable."""
        if provider is None:
            webs = [name for name in self._engines if PROVIDERS[name].is_web]
            return webs or list(self._engines)
        kind = PROVIDERS.get(provider)
        if kind is None:
            raise InvalidRequest(
                f"There is no search provider {provider[:40]!r}. Use one of {', '.join(PROVIDERS)}.",
                param="provider",
            )
        if provider not in self._engines:
            raise ServiceUnavailable(
                f"The search provider {provider!r} is not set up. Set {kind.variable} in the environment "
                "or in `.env` and restart, or use another provider.",
                code="provider_unavailable",
            )
        return [provider]

    async def _find(
        self, names: Sequence[str], query: str, max_results: int, *, is_choice: bool
    ) -> tuple[Found, bool]:
        """What was found, and whether all answered who should."""
        answers = await asyncio.gather(*(self._ask(name, query, max_results) for name in names))
        failures = [answer.failure for answer in answers if answer.failure is not None]
        heard = [answer for answer in answers if answer.failure is None]
        if not heard and is_choice and "wikipedia" not in names:
            spare = await self._ask("wikipedia", query, max_results)
            heard = [spare] if spare.failure is None else []
        if not heard:
            raise failures[0]
        results = fuse([answer.results for answer in heard], max_results)
        provider = ",".join(answer.name for answer in heard)
        return Found(results, provider, _note(heard, failures, is_choice=is_choice)), not failures

    async def _ask(self, name: str, query: str, count: int) -> _Answer:
        try:
            return _Answer(name, await self._engines[name].ask(query, count))
        except PortalError as failure:
            return _Answer(name, (), failure)


def _checked(query: str, max_results: int) -> str:
    """The query on one line. Raises InvalidRequest."""
    if len(query) > MAX_QUERY_CHARS:
        raise InvalidRequest(
            f"The query is longer than {MAX_QUERY_CHARS} characters. Shorten it.", param="query"
        )
    line = " ".join(query.split())
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in line):
        raise InvalidRequest("The query holds a control character. Leave it out.", param="query")
    if not line:
        raise InvalidRequest("The query is empty. Say what to search for.", param="query")
    if not 1 <= max_results <= MAX_RESULTS:
        raise InvalidRequest(f"`max_results` is between 1 and {MAX_RESULTS}.", param="max_results")
    return line


def _note(
    heard: Sequence[_Answer], failures: Sequence[PortalError], *, is_choice: bool
) -> str | None:
    told = [failure.message for failure in failures]
    if is_choice and all(not PROVIDERS[answer.name].is_web for answer in heard):
        if told:
            told.append("So only Wikipedia was asked.")
        else:
            variables = [kind.variable for kind in PROVIDERS.values() if kind.variable is not None]
            told.append(
                "Only Wikipedia was asked, because no provider that searches the web is set up. For "
                f"that, set {', '.join(variables[:-1])} or {variables[-1]} and restart."
            )
    return " ".join(told) or None
