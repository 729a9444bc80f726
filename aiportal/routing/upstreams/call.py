"""What the router needs of any upstream: a request to send, and an accepted answer to read."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiportal.dialects.operations import CHAT, FilePart, Operation
from aiportal.registry import Deployment, Model, Timeouts

__all__ = ["Upstream", "UpstreamCall", "UpstreamRequest"]


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """One call for one deployment. `body` is OpenAI's object, its `model` the upstream's name.

    files: what makes a multipart form of it, `body` being the form's other fields.
    """

    model: Model
    deployment: Deployment
    body: Mapping[str, Any]
    is_stream: bool
    timeouts: Timeouts
    operation: Operation = CHAT
    files: tuple[FilePart, ...] = ()


class UpstreamCall(Protocol):
    """An answer that an upstream has begun. Both ways of reading raise UpstreamError."""

    async def read(self) -> bytes:
        """The whole body, OpenAI's JSON."""

    def pieces(self) -> AsyncIterator[bytes]:
        """OpenAI's event stream as it comes from the network, cut anywhere."""

    async def close(self) -> None:
        """Let go of the connection; cancels the upstream's work if the answer was not read to its end."""


class Upstream(Protocol):
    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Ask the upstream; returns once it has accepted. Raises UpstreamError or ModelUnavailable."""
