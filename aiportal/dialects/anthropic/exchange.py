"""One call of `/v1/messages`: the chat request that it amounts to, and the way back.

For a provider that speaks Anthropic's dialect itself there is nothing to translate.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import orjson

from aiportal.dialects.anthropic.answer import message
from aiportal.dialects.anthropic.errors import as_anthropic
from aiportal.dialects.anthropic.headers import CallersHeaders
from aiportal.dialects.anthropic.native import NativeRequest
from aiportal.dialects.anthropic.request import Target, chat_request
from aiportal.dialects.anthropic.schema import MessagesBody
from aiportal.dialects.anthropic.stream import MessageStream
from aiportal.dialects.exchange import Untranslated
from aiportal.dialects.openai_chat import ChatLimits, ChatRequest
from aiportal.errors import PortalError
from aiportal.ids import new_id

__all__ = ["MessagesExchange", "NativeExchange"]


class MessagesExchange:
    """`aiportal.dialects.exchange.Exchange` for Anthropic's Messages."""

    def __init__(self, request: ChatRequest, *, stop_sequences: Sequence[str] = ()) -> None:
        self.request = request
        self._stop_sequences = tuple(stop_sequences)
        self._message_id = new_id("msg")

    @classmethod
    def open(cls, body: MessagesBody, target: Target, limits: ChatLimits) -> "MessagesExchange":
        """Raises InvalidRequest that names the field at fault."""
        return cls(chat_request(body, target, limits), stop_sequences=body.stop_sequences or ())

    async def answer(self, body: bytes) -> bytes:
        """Raises UpstreamError where the answer holds no message."""
        return orjson.dumps(
            message(
                body,
                message_id=self._message_id,
                model=self.request.model,
                stop_sequences=self._stop_sequences,
            )
        )

    async def events(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Raises UpstreamError for a chunk that is none."""
        stream = MessageStream(
            message_id=self._message_id,
            model=self.request.model,
            stop_sequences=self._stop_sequences,
        )
        async for block in chunks:
            if events := stream.feed(block):
                yield events
            if stream.failure is not None:
                if isinstance(chunks, AsyncGenerator):
                    await chunks.athrow(stream.failure)  # so that the call's row tells of it
                raise stream.failure

    def error_event(self, error: PortalError) -> bytes:
        return _error_event(error)


class NativeExchange(Untranslated):
    """A message as its provider answers it, byte for byte."""

    @classmethod
    def open(cls, body: object, headers: CallersHeaders, limits: ChatLimits) -> "NativeExchange":
        """Raises InvalidRequest that names the field at fault."""
        return cls(NativeRequest.parse(body, headers, limits))

    def error_event(self, error: PortalError) -> bytes:
        return _error_event(error)


def _error_event(error: PortalError) -> bytes:
    return b"event: error\ndata: " + orjson.dumps(as_anthropic(error)) + b"\n\n"
