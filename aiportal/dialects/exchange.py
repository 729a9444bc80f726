"""One call in a caller's dialect: the request that it amounts to, and the way back.

The portal asks every model in OpenAI's dialect; another one is translated at the border. `Untranslated`
is the exchange of a caller who speaks OpenAI's.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from aiportal.dialects.operations import ModelRequest
from aiportal.dialects.sse import encode
from aiportal.errors import PortalError

__all__ = ["Exchange", "Untranslated", "openai_error_event"]


def openai_error_event(error: PortalError) -> bytes:
    """How a stream of OpenAI's events tells that it has failed."""
    return encode(error.as_openai())


class Exchange(Protocol):
    """Made from one request's body. One of `answer` and `events` is called, once."""

    @property
    def request(self) -> ModelRequest:
        """What the model is asked."""

    async def answer(self, body: bytes) -> bytes:
        """The whole answer in the caller's dialect, from OpenAI's JSON."""

    def events(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The stream in the caller's dialect, from blocks of whole Chat Completions events.

        `data: [DONE]` comes last, once the call is in the ledger: what tells the caller that the
        answer is complete may go out only then. Errors of `chunks` are left to pass.
        """

    def error_event(self, error: PortalError) -> bytes:
        """The event that ends a stream which fails after its first byte."""


class Untranslated:
    """Chat Completions, or another route, as the upstream answers it."""

    def __init__(self, request: ModelRequest) -> None:
        self.request = request

    async def answer(self, body: bytes) -> bytes:
        return body

    def events(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        return chunks

    def error_event(self, error: PortalError) -> bytes:
        return openai_error_event(error)
