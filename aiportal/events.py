"""What happens in a turn: a closed union that every door translates and nothing else.

A consumer matches on the class (or on `type` at the wire) and ends in `assert_never`.
Each event is JSON-ready through `as_json`.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = [
    "Event",
    "ReasoningDelta",
    "SourceFound",
    "TextDelta",
    "ToolArtifact",
    "ToolCalled",
    "ToolReturned",
    "TurnFailed",
    "TurnFinished",
    "TurnStarted",
    "UsageReported",
    "as_json",
]


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The first event. The two messages are stored already, but for those of a temporary chat."""

    turn_id: str
    conversation_id: str
    user_message_id: str
    assistant_message_id: str
    model: str
    type: Literal["turn"] = "turn"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A further piece of the answer."""

    text: str
    type: Literal["text_delta"] = "text_delta"


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A further piece of what the model thinks aloud before it answers."""

    text: str
    type: Literal["reasoning_delta"] = "reasoning_delta"


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model calls a tool of the portal's.

    arguments: as the model wrote them, parsed where they can be. approval_id: where a person has to
    agree before it runs.
    """

    tool_id: str
    tool_name: str
    call_id: str
    arguments: Any
    approval_id: str | None = None
    type: Literal["tool_call"] = "tool_call"


@dataclass(frozen=True, slots=True)
class ToolArtifact:
    """A file that a call of a tool made.

    id: under which it is kept, None where it is kept nowhere. data: base64, None where it is kept, or
    too large to be handed on.
    """

    name: str
    mime: str
    size_bytes: int
    id: str | None = None
    data: str | None = None


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """How that call ended: `result`, or `error` in words. Data from a stranger.

    error_type: as `Failure.type`, or the code of the portal's own error. stdout, stderr: what it
    printed. is_truncated: a part of all this was left out.
    """

    tool_id: str
    call_id: str
    result: Any
    error: str | None
    duration_ms: float
    error_type: str | None = None
    stdout: str = ""
    stderr: str = ""
    is_truncated: bool = False
    artifacts: tuple[ToolArtifact, ...] = ()
    type: Literal["tool_result"] = "tool_result"

    def __post_init__(self) -> None:
        """Files may be given as JSON has them."""
        files = (
            one if isinstance(one, ToolArtifact) else ToolArtifact(**one) for one in self.artifacts
        )
        object.__setattr__(self, "artifacts", tuple(files))


@dataclass(frozen=True, slots=True)
class SourceFound:
    """A page that the answer may cite as [number]. snippet: what the search showed of it."""

    number: int
    title: str
    url: str
    snippet: str
    type: Literal["source"] = "source"


@dataclass(frozen=True, slots=True)
class UsageReported:
    """What the model call used. Times in milliseconds; `is_estimated` where the upstream sent no usage.

    calls: more than one for an answer that was gone on with: tokens, cost and times are their sums.
    cached_tokens: part of prompt_tokens. reasoning_tokens: part of completion_tokens. Zero as well
    where the upstream does not tell them.
    """

    request_id: str
    model: str
    deployment: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    is_estimated: bool
    ttft_ms: float | None
    latency_ms: float
    calls: int = 1
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    type: Literal["usage"] = "usage"


@dataclass(frozen=True, slots=True)
class TurnFailed:
    """Something went wrong; what was written so far is kept. `message` says what, why and what to do."""

    message: str
    code: str | None
    error_type: str
    type: Literal["error"] = "error"


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """The last event of every turn. `interrupted`: the portal stopped while it ran."""

    status: Literal["done", "cancelled", "interrupted", "error"]
    finish_reason: str | None
    type: Literal["finished"] = "finished"


Event = (
    TurnStarted
    | TextDelta
    | ReasoningDelta
    | ToolCalled
    | ToolReturned
    | UsageReported
    | TurnFailed
    | TurnFinished
)


def as_json(event: Event) -> dict[str, Any]:
    """The event as a plain object, `type` first."""
    fields = asdict(event)
    return {"type": fields.pop("type"), **fields}
