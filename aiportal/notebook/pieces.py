"""What a model call brings to a notebook, piece by piece: OpenAI's stream as typed values."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

import orjson

from aiportal.dialects.sse import SseSplitter, data_of
from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import UpstreamError
from aiportal.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    ToolArtifact,
    ToolCalled,
    ToolReturned,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    UsageReported,
)
from aiportal.notebook.failures import failure_from_event

__all__ = [
    "ChunkEnd",
    "Notice",
    "Outcome",
    "Piece",
    "ToolCallDelta",
    "ToolEvent",
    "read_chunks",
    "read_events",
]


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A further piece of a call of one of the caller's own functions; `index` tells which call."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Markdown that tells why the answer has not begun yet. It is not part of it."""

    text: str


@dataclass(frozen=True, slots=True)
class ChunkEnd:
    """What the chunks of a stream tell of its end, whichever of them it was in."""

    finish_reason: str | None
    usage: TokenUsage | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The last piece: what answered, what it used and cost (USD, None where it is not known)."""

    request_id: str
    model: str
    finish_reason: str | None
    usage: TokenUsage | None
    cost_usd: float | None


ToolEvent = ToolCalled | ToolReturned
Piece = Notice | TextDelta | ReasoningDelta | ToolCallDelta | ToolEvent | Outcome


async def read_chunks(
    body: AsyncIterator[bytes],
) -> AsyncGenerator[TextDelta | ReasoningDelta | ToolCallDelta | ToolEvent | ChunkEnd, None]:
    """Read an event stream of chat chunks, however the network cut it; ChunkEnd comes last.

    Raises the PortalError of an error event, UpstreamError for a stream without `[DONE]`.
    """
    splitter, finish_reason, usage = SseSplitter(), None, None
    async for data in _events(splitter, body):
        if data == b"[DONE]":
            yield ChunkEnd(finish_reason, usage)
            return
        chunk = orjson.loads(data)
        if "error" in chunk:
            raise failure_from_event(chunk["error"])
        if (told := _tool_event(chunk)) is not None:
            yield told
        usage = TokenUsage.from_wire(chunk.get("usage")) or usage
        for choice in chunk.get("choices") or ():
            if choice.get("index"):
                continue  # of several answers (`n`) the first one counts here
            finish_reason = choice.get("finish_reason") or finish_reason
            for piece in _deltas(choice.get("delta") or {}):
                yield piece
    raise UpstreamError(
        "The connection to the portal broke off in the middle of the answer. Ask again.",
        code="upstream_broke_off",
    )


async def _events(splitter: SseSplitter, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for block in body:
        for event in splitter.feed(block):
            if (data := data_of(event)) is not None:
                yield data


def _deltas(delta: Mapping[str, Any]) -> list[TextDelta | ReasoningDelta | ToolCallDelta]:
    found: list[TextDelta | ReasoningDelta | ToolCallDelta] = []
    if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
        found.append(ReasoningDelta(str(reasoning)))
    if text := delta.get("content"):
        found.append(TextDelta(str(text)))
    for call in delta.get("tool_calls") or ():
        function = call.get("function") or {}
        found.append(
            ToolCallDelta(
                index=int(call.get("index") or 0),
                id=call.get("id") or "",
                name=function.get("name") or "",
                arguments=function.get("arguments") or "",
            )
        )
    return found


def _tool_event(chunk: Mapping[str, Any]) -> ToolEvent | None:
    """What stands between the chunks where the portal's tools were asked for."""
    if chunk.get("type") == "tool_call":
        return ToolCalled(
            chunk["tool_id"],
            chunk["tool_name"],
            chunk["call_id"],
            chunk["arguments"],
            chunk.get("approval_id"),
        )
    if chunk.get("type") == "tool_result":
        return ToolReturned(
            tool_id=chunk["tool_id"],
            call_id=chunk["call_id"],
            result=chunk.get("result"),
            error=chunk.get("error"),
            duration_ms=chunk.get("duration_ms") or 0.0,
            error_type=chunk.get("error_type"),
            stdout=chunk.get("stdout", ""),
            stderr=chunk.get("stderr", ""),
            is_truncated=bool(chunk.get("truncated")),
            artifacts=tuple(
                ToolArtifact(one["name"], one["mime"], one["size"], data=one["data"])
                for one in chunk.get("artifacts", ())
            ),
        )
    return None


async def read_events(events: AsyncIterator[Event]) -> AsyncGenerator[Piece, None]:
    """Read the events of one turn; Outcome comes last, for a turn that was cancelled too.

    Raises the PortalError that the turn failed with, UpstreamError for events without an end.
    """
    turn_id, model, report = "", "", None
    async for event in events:
        match event:
            case TurnStarted():
                turn_id, model = event.turn_id, event.model
            case TextDelta() | ReasoningDelta() | ToolCalled() | ToolReturned():
                yield event
            case UsageReported():
                report = event
            case TurnFailed():
                raise failure_from_event(
                    {"message": event.message, "code": event.code, "type": event.error_type}
                )
            case TurnFinished():
                yield _outcome_of_turn(turn_id, model, report, event)
                return
            case _:
                assert_never(event)
    raise UpstreamError(
        "The connection to the portal broke off in the middle of the turn. The conversation has "
        "what was written.",
        code="upstream_broke_off",
    )


def _outcome_of_turn(
    turn_id: str, model: str, report: UsageReported | None, finished: TurnFinished
) -> Outcome:
    finish_reason = finished.finish_reason or finished.status
    if report is None:
        return Outcome(turn_id, model, finish_reason, None, None)
    usage = TokenUsage(report.prompt_tokens, report.completion_tokens)
    return Outcome(report.request_id, report.model, finish_reason, usage, report.cost_usd)
