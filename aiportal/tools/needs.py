"""What tools need of the web search, by shape alone."""

from collections.abc import Sequence
from typing import Protocol

from aiportal.principal import Principal

__all__ = ["SearchFind", "SearchFinds", "Searching"]


class SearchFind(Protocol):
    """One hit."""

    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def snippet(self) -> str: ...
    @property
    def published(self) -> str | None: ...
    @property
    def source(self) -> str: ...


class SearchFinds(Protocol):
    """What a search has found."""

    @property
    def provider(self) -> str: ...
    @property
    def results(self) -> Sequence[SearchFind]: ...


class Searching(Protocol):
    """Searches the web."""

    async def search(
        self, principal: Principal, query: str, *, provider: str | None, max_results: int
    ) -> SearchFinds: ...
