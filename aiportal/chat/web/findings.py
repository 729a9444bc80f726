"""What a search found for an answer, as it is told and stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

from aiportal.events import SourceFound, WebSearched

__all__ = ["NO_FINDINGS", "Findings"]


@dataclass(frozen=True, slots=True)
class Findings:
    """sources: numbered from 1 on, in this order. searched: None where nothing was searched."""

    searched: WebSearched | None = None
    sources: tuple[SourceFound, ...] = ()

    def events(self) -> Iterator[WebSearched | SourceFound]:
        """As a turn tells them."""
        if self.searched is not None:
            yield self.searched
        yield from self.sources

    def after(self, event: WebSearched | SourceFound) -> "Findings":
        """With what the event tells."""
        if isinstance(event, WebSearched):
            return replace(self, searched=event)
        return replace(self, sources=(*self.sources, event))

    def citations(self) -> list[dict[str, str]]:
        """Title and address of each source, the one that is cited as [1] first."""
        return [{"title": one.title, "url": one.url} for one in self.sources]

    def about(self) -> dict[str, Any] | None:
        """What was searched, and what should be known of it."""
        if self.searched is None:
            return None
        searched = self.searched
        return {"query": searched.query, "provider": searched.provider, "note": searched.note}

    def listed(self) -> list[dict[str, Any]]:
        """The sources as plain objects."""
        return [_plain(one) for one in self.sources]

    def as_json(self) -> dict[str, Any] | None:
        """As it is stored and exported; None where nothing was searched."""
        about = self.about()
        return None if about is None else about | {"sources": self.listed()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> Self:
        """Read what `as_json` wrote."""
        if value is None:
            return cls()
        sources: Sequence[Mapping[str, Any]] = value["sources"]
        searched = WebSearched(value["query"], value["provider"], value["note"])
        return cls(searched, tuple(SourceFound(**one) for one in sources))


NO_FINDINGS: Final = Findings()


def _plain(source: SourceFound) -> dict[str, Any]:
    fields = asdict(source)
    del fields["type"]
    return fields
