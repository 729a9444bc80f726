"""What the router needs of any upstream: a request to send, and an accepted answer to read."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiportal.dialects.operations import CHAT, FilePart, Operation
from aiportal.registry import Deployment, Model, Timeouts

__all__ = ["Upstream", "UpstreamCall", "UpstreamRequest"]


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """One call for one deployment. `body` is the operation's object, its `model` the upstream's name.

    files: what makes a multipart form of it, `body` being the form's other fields.
    headers: the caller's own for the provider, checked.
    """

    model: Model
    deployment: Deployment
    body: Mapping[str, Any]
    is_stream: bool
    timeouts: Timeouts
    operation: Operation = CHAT
    files: tuple[FilePart, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class UpstreamCall(Protocol):
    """An answer that an upstream has begun. Both ways of reading raise UpstreamError."""

    async def read(self) -> bytes:
        """The whole body, JSON in the dialect of the request's operation."""

    def pieces(self) -> AsyncIterator[bytes]:
        """The event stream in that dialect as it comes from the network, cut anywhere."""

    def pause(self) -> None:
        """Let what comes gather until the next piece is asked for, which then is a larger one: to take
        in each by itself costs many times as much. May do nothing."""

    async def close(self) -> None:
        """Let go of the connection; cancels the upstream's work if the answer was not read to its end."""


class Upstream(Protocol):
    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Ask the upstream; returns once it has accepted. Raises UpstreamError or ModelUnavailable."""
