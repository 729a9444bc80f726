"""What tools need of the parts below them, by shape alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from aiportal.principal import Principal
from aiportal.sandbox import Outcome, SandboxCall

__all__ = ["Box", "Fetching", "Page", "SearchFind", "SearchFinds", "Searching"]


class Box(Protocol):
    """Runs programs."""

    async def run(self, call: SandboxCall, /) -> Outcome: ...


class Page(Protocol):
    """What a fetch has brought."""

    @property
    def url(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def mime(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def text(self) -> str: ...
    @property
    def is_truncated(self) -> bool: ...


class Fetching(Protocol):
    """Fetches from the public web."""

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        max_bytes: int,
        timeout_s: float,
        is_api: bool,
        allows: Callable[[str], bool],
    ) -> Page: ...


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
