"""Providers of other dialects at speed: LiteLLM's translators around our own connection pool.

LiteLLM's `acompletion` asks the same translators, at eight times the cost and more; it stays for the
dialects that are not in the table.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson
from yarl import URL

from aiportal.dialects.operations import CHAT
from aiportal.dialects.sse import SseSplitter, data_of, split_events
from aiportal.errors import UpstreamError
from aiportal.registry import Confidential
from aiportal.routing.upstreams.anthropic import AnthropicTranslator
from aiportal.routing.upstreams.call import UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.failures import failure_from_provider
from aiportal.routing.upstreams.gemini import GeminiTranslator
from aiportal.routing.upstreams.http_pool import HttpPool
from aiportal.routing.upstreams.litellm import LiteLlmUpstream
from aiportal.routing.upstreams.litellm_library import LiteLlmLibrary, foreign_errors
from aiportal.routing.upstreams.openai import OpenAiUpstream
from aiportal.routing.upstreams.openai_chunks import ChunkWriter
from aiportal.routing.upstreams.other_operations import OtherOperations
from aiportal.routing.upstreams.remote_media import refuse_remote_media
from aiportal.routing.upstreams.translation import EventParser, Translation, Translator

__all__ = ["TranslatedUpstream"]

MAX_STREAM_BYTES = 256 * 1024 * 1024
# The dialects whose translators fit: request, answer, events and finish come out whole by themselves.
_TRANSLATORS: Mapping[str, Callable[[], Translator]] = {
    "anthropic": AnthropicTranslator,
    "gemini": GeminiTranslator,
}


class TranslatedUpstream:
    """Asks providers of other dialects than OpenAI's; their answers come back in it."""

    def __init__(self, pool: HttpPool) -> None:
        self._relay = OpenAiUpstream(pool)
        self._library = LiteLlmLibrary()
        self._others = LiteLlmUpstream(self._library)
        self._operations = OtherOperations(self._library)
        self._building = asyncio.Lock()
        self._translators: dict[str, Translator] = {}

    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Raises UpstreamError for what LiteLLM or the provider refuses, ModelUnavailable."""
        if request.operation != CHAT:
            return await self._operations.send(request)
        dialect, confidential = request.deployment.dialect, request.deployment.confidential
        if dialect not in _TRANSLATORS:
            return await self._others.send(request)
        translator = self._translators.get(dialect) or await self._translator(dialect)
        with foreign_errors(confidential, status=400):
            refuse_remote_media(request.body.get("messages"), passed=translator.passed)
            translation = translator.translate(
                request.deployment, request.body, is_stream=request.is_stream
            )
        headers = {"Accept-Encoding": "identity", **translation.headers}
        call = await self._relay.post_to(
            URL(translation.url, encoded=True),
            replace(request, body=translation.body),
            headers=headers,
            confidential=confidential,
        )
        return _TranslatedCall(call, translation, request.deployment.upstream_model, confidential)

    async def _translator(self, dialect: str) -> Translator:
        async with self._building:
            if dialect not in self._translators:
                await self._library.load()
                self._translators[dialect] = await asyncio.to_thread(_TRANSLATORS[dialect])
        return self._translators[dialect]


class _TranslatedCall:
    """A provider's answer, written as OpenAI's bytes."""

    def __init__(
        self, call: UpstreamCall, translation: Translation, model: str, confidential: Confidential
    ) -> None:
        self._call = call
        self._translation = translation
        self._model = model
        self._confidential = confidential

    async def read(self) -> bytes:
        decoded = _decoded(await self._call.read(), self._confidential)
        with foreign_errors(self._confidential):
            answer = self._translation.answer(decoded).model_dump(exclude_none=True)
        for choice in answer["choices"]:
            choice["message"].setdefault("content", None)
        return orjson.dumps(answer)

    async def pieces(self) -> AsyncIterator[bytes]:
        stream = _Stream(self._translation.parser(), self._model, self._confidential)
        try:
            async for piece in self._call.pieces():
                if written := stream.take(piece):
                    yield written
                if stream.failure is not None:
                    raise stream.failure
                if stream.is_ended:
                    break
        except UpstreamError:
            if not stream.is_finished:
                raise
        if end := stream.end():
            yield end

    def pause(self) -> None:
        self._call.pause()

    async def close(self) -> None:
        await self._call.close()


class _Stream:
    """From the provider's bytes to OpenAI's. failure: set where an event is an error or none at all."""

    def __init__(self, parser: EventParser, model: str, confidential: Confidential) -> None:
        self.failure: UpstreamError | None = None
        self.is_ended = False
        self._parser = parser
        self._confidential = confidential
        self._splitter = SseSplitter()
        self._writer = ChunkWriter(model)
        self._count = 0

    @property
    def is_finished(self) -> bool:
        return self._writer.is_finished

    def take(self, piece: bytes) -> bytes:
        """What the events that this piece completes amount to, up to the first that fails."""
        written = bytearray()
        try:
            for data in self._events(piece):
                event = _decoded(data, self._confidential)
                with foreign_errors(self._confidential):
                    written += self._writer.write(self._parser.parse(event))
                if self._parser.end is not None and event.get("type") == self._parser.end:
                    self.is_ended = True
        except UpstreamError as error:
            self.failure = error
        return bytes(written)

    def end(self) -> bytes:
        return self._writer.end()

    def _events(self, piece: bytes) -> list[bytes]:
        self._count += len(piece)
        if self._count > MAX_STREAM_BYTES:
            raise UpstreamError("The provider's answer is too large to relay.")
        try:
            block = self._splitter.take(piece)
        except ValueError as error:
            raise UpstreamError(
                "The provider of this model sent an event that is too long.",
                code="upstream_protocol_error",
            ) from error
        found = (data_of(event) for event in split_events(block))
        return [data for data in found if data and data != b"[DONE]"]


def _decoded(data: bytes, confidential: Confidential) -> dict[str, Any]:
    """A JSON object of the provider's. Raises UpstreamError for an error, and for anything else."""
    try:
        decoded = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UpstreamError(
            "The provider of this model sent an answer that is not JSON.",
            code="upstream_protocol_error",
        ) from error
    if not isinstance(decoded, dict):
        raise UpstreamError(
            "The provider of this model sent an answer that is no JSON object.",
            code="upstream_protocol_error",
        )
    if decoded.get("error"):
        raise failure_from_provider(decoded["error"], confidential=confidential)
    return decoded
