"""One model call that an upstream has accepted, and its row in the ledger."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import Final, Literal, Self

from aiportal.dialects.operations import MESSAGES, ModelRequest
from aiportal.dialects.sse import SseSplitter
from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import PortalError, UpstreamError
from aiportal.events import ReasoningDelta, TextDelta, UsageReported
from aiportal.registry import Confidential, Deployment, Model
from aiportal.routing.deltas import deltas_in
from aiportal.routing.event_scanner import EventScanner
from aiportal.routing.examination import examine
from aiportal.routing.health import Health
from aiportal.routing.messages_scanner import MessagesScanner
from aiportal.routing.model_call import ModelCall
from aiportal.routing.outcome import ending, estimated_usage
from aiportal.routing.precedence import Precedence
from aiportal.routing.scanner import StreamScanner
from aiportal.routing.upstreams.call import UpstreamCall
from aiportal.usage import Ledger

__all__ = ["Completion"]

GATHER_S: Final = (
    0.05  # at least, between two looks at a stream that is rendered: twenty a second look smooth
)


class Completion:
    """Read it once, by `read` (unstreamed), `chunks` or `deltas` (streamed), inside `async with`.

    Leaving the context before the end cancels the upstream and records what was used until then.
    report: what the call used, set when it has ended. finish_reason: of a stream, once it is known.
    cache, age_s: that the answer is a new one.
    """

    cache: Literal["hit", "miss"] | None = None
    age_s = 0.0

    def __init__(
        self,
        upstream: UpstreamCall,
        call: ModelCall,
        ledger: Ledger,
        *,
        model: Model,
        deployment: Deployment,
        health: Health,
        precedence: Precedence,
        started: float,
    ) -> None:
        request = call.request
        self.request_id = call.entry.request_id
        self.model_id = model.id
        self.deployment_id = deployment.id
        self.is_stream = request.is_stream
        self.report: UsageReported | None = None
        self._upstream = upstream
        self._call = call
        self._ledger = ledger
        self._deployment = deployment
        self._cooldown = model.cooldown
        self._health = health
        self._precedence = precedence
        self._scanner = _scanner_of(request, deployment.confidential)
        self._started = started
        self._ttft_ms: float | None = None
        self._blocks: AsyncIterator[bytes] | None = None
        self._first = b""
        self._body_usage: TokenUsage | None = None
        self._body_chars = 0
        self._failure: PortalError | None = None

    @property
    def finish_reason(self) -> str | None:
        return self._scanner.finish_reason

    async def begin(self) -> None:
        """Wait for the first block of a stream, or for the whole of another answer.

        Where that fails nothing is recorded, so that another deployment can be asked. Raises
        UpstreamError.
        """
        has_begun = False
        try:
            if self.is_stream:
                self._blocks = self._passed()
                self._first = await anext(self._blocks, b"")
            else:
                self._first = await self._upstream.read()
                self._body_usage, self._body_chars = examine(
                    self._first,
                    self._call.request.operation,
                    confidential=self._deployment.confidential,
                )
            has_begun = True
        finally:
            if not has_begun:
                await self._upstream.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._health.ended()
        try:
            await self._upstream.close()
        finally:
            if self.report is None:
                await self._record_end(*ending(error or self._failure))

    def fail(self, error: PortalError) -> None:
        """The answer came, but cannot be passed on: that is what its row shall say.

        An error below 500 is the caller's doing, who has cancelled it.
        """
        if error.status >= 500:
            self._failure = error

    async def read(self) -> bytes:
        """The answer of an unstreamed call, JSON as the upstream sent it; its row is committed."""
        usage = self._body_usage
        await self._record(
            usage or estimated_usage(self._call.prompt_chars(), self._body_chars),
            is_estimated=usage is None,
            status=200,
            error_code=None,
        )
        return self._first

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The stream as whole events, byte for byte; the row is committed before the last one.

        That is `[DONE]`, or Anthropic's `message_stop` where that was asked for in its dialect.
        Raises UpstreamError where the upstream fails or ends without a finish.
        """
        async for block in self._to_the_end():
            yield block
        yield self._scanner.end(self._call.prompt_chars)

    async def deltas(self) -> AsyncGenerator[TextDelta | ReasoningDelta, None]:
        """The stream as typed events, for doors that render it. Raises as `chunks` does.

        What comes within `GATHER_S`, or longer, see `rest`, is taken together: no reader sees the
        difference, and of fifty answers at once each word would wake the process by itself.
        """
        async for block in self._to_the_end():
            for delta in deltas_in(block):
                yield delta
            await self.rest()

    async def rest(self) -> None:
        """Let what comes gather for `GATHER_S`, and longer while something begins elsewhere or where
        many answers grow. Not before the first words, nor at the end of the answer."""
        if self._scanner.has_text and self._scanner.finish_reason is None:
            self._upstream.pause()
            await self._precedence.rest(GATHER_S)

    async def _to_the_end(self) -> AsyncIterator[bytes]:
        """Every block; the row is committed when it returns, and before it raises."""
        try:
            if self._first:
                yield self._first
            if self._blocks is not None:
                async for block in self._blocks:
                    yield block
        except UpstreamError as error:
            self._health.broke_off(time.monotonic(), error, self._cooldown)
            await self._record_end(error.status, error.code)
            raise
        self._health.completed()
        await self._record_end(200, None)

    async def _passed(self) -> AsyncIterator[bytes]:
        """What to pass on, in blocks of whole events, one for each piece from the network."""
        splitter, scanner = SseSplitter(), self._scanner
        async for piece in self._upstream.pieces():
            passed = scanner.feed(_take(splitter, piece))
            if self._ttft_ms is None and scanner.has_text:
                self._ttft_ms = self._elapsed_ms()
            if passed:
                yield passed
            if scanner.failure is not None:
                raise scanner.failure
            if scanner.done_event is not None:
                break
        if scanner.finish_reason is None:
            raise UpstreamError(
                "The provider of this model ended its answer without a finish. Try again.",
                code="upstream_broke_off",
            )

    def _elapsed_ms(self) -> float:
        return round((time.perf_counter() - self._started) * 1000, 3)

    async def _record_end(self, status: int, error_code: str | None) -> None:
        scanned = self._scanner.usage
        await self._record(
            scanned or self._scanner.estimate(self._call.prompt_chars()),
            is_estimated=scanned is None,
            status=status,
            error_code=error_code,
        )

    async def _record(
        self, usage: TokenUsage, *, is_estimated: bool, status: int, error_code: str | None
    ) -> None:
        cost_usd = self._deployment.pricing.cost_usd(usage)
        self._health.used(usage, cost_usd)
        latency_ms = self._elapsed_ms()
        self.report = UsageReported(
            request_id=self.request_id,
            model=self.model_id,
            deployment=self.deployment_id,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost_usd=cost_usd,
            is_estimated=is_estimated,
            ttft_ms=self._ttft_ms,
            latency_ms=latency_ms,
            cached_tokens=usage.cached_tokens,
            reasoning_tokens=usage.reasoning_tokens,
        )
        await self._ledger.record(
            self._call.entry,
            usage,
            model=self.model_id,
            deployment=self.deployment_id,
            is_estimated=is_estimated,
            cost_usd=cost_usd,
            ttft_ms=self._ttft_ms,
            latency_ms=latency_ms,
            status=status,
            error_code=error_code,
        )


def _scanner_of(request: ModelRequest, confidential: Confidential) -> EventScanner:
    if request.operation == MESSAGES:
        return MessagesScanner(confidential=confidential)
    return StreamScanner(wants_usage=request.wants_usage, confidential=confidential)


def _take(splitter: SseSplitter, piece: bytes) -> bytes:
    try:
        return splitter.take(piece)
    except ValueError as error:
        raise UpstreamError(
            "The provider of this model sent an event that is too long.",
            code="upstream_protocol_error",
        ) from error
