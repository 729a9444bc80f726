"""The turn loop: a model is asked, its calls of the portal's tools are run, until it answers."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Literal, Self

from aiportal.chat.continuation import total_usage
from aiportal.chat.tool_dialogue import Dialogue
from aiportal.chat.tool_results import as_wire
from aiportal.chat.tool_round import Chunk, ToolRound
from aiportal.chat.tool_runner import ToolRunner
from aiportal.dialects import tool_json
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.dialects.sse import DONE, encode
from aiportal.errors import PortalError, UpstreamError
from aiportal.events import ReasoningDelta, TextDelta, ToolCalled, ToolReturned, UsageReported
from aiportal.routing import Completion, deltas_of

__all__ = ["MAX_ROUNDS", "Ask", "ToolLoop"]

MAX_ROUNDS: Final = 8

Opening = AbstractAsyncContextManager[Completion]

Ask = Callable[[ChatRequest, bool], Opening]
"""Asks the model; the second argument says whether it is the first time."""

Piece = Chunk | ToolCalled | ToolReturned


class ToolLoop:
    """An `Answer` of several model calls. Entered once the first has begun; leaving it before the end
    ends the model call and the tools that run.

    Each model call has its row in the ledger: the first under the request's id, the others under ids of
    their own; all have the request's id as `run_id`. report: their sum so far.
    """

    cache: Literal["hit", "miss"] | None = None
    age_s = 0.0

    def __init__(
        self, ask: Ask, request: ChatRequest, dialogue: Dialogue, runner: ToolRunner
    ) -> None:
        self._ask = ask
        self._request = request
        self._dialogue = dialogue
        self._runner = runner
        self._opening: Opening | None = None
        self._completion: Completion
        self._spent: UsageReported | None = None
        self._running: AsyncGenerator[ToolCalled | ToolReturned, None] | None = None
        self.is_stream = request.is_stream
        self.finish_reason: str | None = None

    async def __aenter__(self) -> Self:
        await self._open(is_first=True, is_last=False)
        first = self._completion
        self.model_id, self.deployment_id = first.model_id, first.deployment_id
        self.request_id = first.request_id
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._running is not None:
                await self._running.aclose()
        finally:
            await self._close(kind, error, traceback)

    @property
    def report(self) -> UsageReported | None:
        """What all model calls used; None before the first has ended."""
        return self._spent

    def fail(self, error: PortalError) -> None:
        """See `Completion.fail`."""
        if self._opening is not None:
            self._completion.fail(error)

    async def read(self) -> bytes:
        """The answer as one body: the last of the model's, with all texts and `tool_events`."""
        events: list[dict[str, Any]] = []
        texts: list[str] = []
        answer: dict[str, Any] = {}
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                if isinstance(piece, Chunk):
                    answer = dict(piece.value)
                    texts.append(_text_of(answer))
                else:
                    events.append(as_wire(piece))
        choice = answer["choices"][0]
        content = "\n\n".join(filter(None, texts))
        message = {**choice["message"], "content": content}
        answer["choices"] = [{**choice, "message": message}]
        answer["usage"] = self._usage()
        return tool_json.dumps(answer | {"tool_events": events})

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The answer as a stream of Chat Completions, all chunks under one id, `[DONE]` last."""
        head: dict[str, Any] = {}
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                if not isinstance(piece, Chunk):
                    yield encode(as_wire(piece))
                    continue
                if not head:
                    head = _head_of(piece, self.request_id, self.model_id)
                yield encode({**piece.value, **head})
        if self._request.wants_usage:
            yield encode({**head, "choices": [], "usage": self._usage()})
        yield DONE

    async def deltas(
        self,
    ) -> AsyncGenerator[TextDelta | ReasoningDelta | ToolCalled | ToolReturned, None]:
        """The answer as events, for doors that render it. Raises as `chunks` does."""
        async with aclosing(self._pieces(is_gathered=True)) as pieces:
            async for piece in pieces:
                if not isinstance(piece, Chunk):
                    yield piece
                    continue
                for delta in deltas_of(piece.value):
                    yield delta

    async def _pieces(self, *, is_gathered: bool = False) -> AsyncGenerator[Piece, None]:
        has_text = False
        for number in range(MAX_ROUNDS + 1):
            if number:
                await self._open(is_first=False, is_last=number == MAX_ROUNDS)
            this = ToolRound(self._dialogue, is_first=not number, follows_text=has_text)
            if self.is_stream:
                async for chunk in this.chunks(self._completion, is_gathered=is_gathered):
                    yield chunk
                last = this.end()
            else:
                last = await this.whole(self._completion)
            await self._close()
            if not this.calls:
                self.finish_reason = _finish_of(last)
                yield last
                return
            if this.said and not self.is_stream:
                yield Chunk({"choices": [{"message": {"content": this.said}}]})
            has_text = has_text or bool(this.said)
            if number < MAX_ROUNDS:
                async with aclosing(self._called(this)) as called:
                    async for event in called:
                        yield event
        raise UpstreamError(
            f"The model went on calling tools after {MAX_ROUNDS} rounds, and gave no answer. Ask for "
            "less at once, or choose another model.",
            code="too_many_tool_rounds",
        )

    async def _called(self, this: ToolRound) -> AsyncGenerator[ToolCalled | ToolReturned, None]:
        """Run the calls of a round; the model hears of them in the order in which it called."""
        returned: dict[str, ToolReturned] = {}
        self._running = self._runner.events(this.calls)
        async with aclosing(self._running) as events:
            async for event in events:
                if isinstance(event, ToolReturned):
                    returned[event.call_id] = event
                yield event
        self._running = None
        self._dialogue.add(this.text, this.calls, [returned[call.id] for call in this.calls])

    async def _open(self, *, is_first: bool, is_last: bool) -> None:
        opening = self._ask(self._dialogue.request(is_last=is_last), is_first)
        self._completion = await opening.__aenter__()
        self._opening = opening

    async def _close(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        opening, self._opening = self._opening, None
        if opening is None:
            return
        try:
            await opening.__aexit__(kind, error, traceback)
        finally:
            self._spend(self._completion.report)

    def _spend(self, report: UsageReported | None) -> None:
        total = total_usage(self._spent, report)
        if self._spent is not None and total is not None:
            total = replace(total, request_id=self._spent.request_id)
        self._spent = total

    def _usage(self) -> dict[str, Any]:
        spent = self._spent
        if spent is None:
            return {}
        return {
            "prompt_tokens": spent.prompt_tokens,
            "completion_tokens": spent.completion_tokens,
            "total_tokens": spent.prompt_tokens + spent.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": spent.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": spent.reasoning_tokens},
        }


def _head_of(chunk: Chunk, request_id: str, model_id: str) -> dict[str, Any]:
    """What all chunks of a stream have in common."""
    value = chunk.value
    return {
        "id": value.get("id") or request_id,
        "object": "chat.completion.chunk",
        "created": value.get("created") or int(time.time()),
        "model": value.get("model") or model_id,
    }


def _text_of(answer: dict[str, Any]) -> str:
    content = answer["choices"][0]["message"].get("content")
    return content if isinstance(content, str) else ""


def _finish_of(chunk: Chunk) -> str | None:
    finish = chunk.value["choices"][0].get("finish_reason")
    return finish if isinstance(finish, str) else None
