"""An answer that is read piece by piece, for a protocol that streams."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

__all__ = ["Exchange"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """headers: names in lower case. pieces: of the body as they come, to be read once.

    They raise UpstreamError for a body that breaks off or is too large, UpstreamTimeout.
    """

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]
