"""What the answers of a portal's HTTP API say, as the records of a notebook."""

import base64
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from aiportal.events import (
    Event,
    ReasoningDelta,
    SourceFound,
    TextDelta,
    ToolCalled,
    ToolReturned,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    UsageReported,
    WebSearched,
)
from aiportal.notebook.backend import ModelInfo, ToolInfo, record
from aiportal.notebook.failures import failure_from_response
from aiportal.sandbox import Artifact, Failure
from aiportal.tools import ToolOutcome

__all__ = ["event_of", "model_of", "outcome_of", "period_of", "tool_of"]

_EVENTS: dict[str, type[Event]] = {
    "turn": TurnStarted,
    "text_delta": TextDelta,
    "reasoning_delta": ReasoningDelta,
    "tool_call": ToolCalled,
    "tool_result": ToolReturned,
    "web_search": WebSearched,
    "source": SourceFound,
    "usage": UsageReported,
    "error": TurnFailed,
    "finished": TurnFinished,
}


def event_of(wire: dict[str, Any]) -> Event | None:
    """The event; None for a kind that a newer server knows, whose further fields are left out too."""
    if "error" in wire:
        raise failure_from_response(500, wire)
    kind = _EVENTS.get(wire.get("type", ""))
    if kind is None:
        return None
    return kind(**{field.name: wire[field.name] for field in fields(kind) if field.name in wire})


def model_of(model: Mapping[str, Any]) -> ModelInfo:
    """Of the list of models."""
    pricing = model["pricing"]
    return ModelInfo(
        id=model["id"],
        name=model["name"],
        context_window=model["context_window"],
        max_output_tokens=model["max_output_tokens"],
        capabilities=tuple(model["capabilities"]),
        input_per_million=pricing["input_per_million"],
        output_per_million=pricing["output_per_million"],
        is_default=bool(model.get("is_default")),
        description=model["description"],
    )


def tool_of(tool: Mapping[str, Any]) -> ToolInfo:
    """Of the list of tools."""
    return record(ToolInfo, {**tool, "requires_approval": tool["requiresApproval"]})


def outcome_of(tool_id: str, told: Mapping[str, Any]) -> ToolOutcome:
    """Of the answer to an execution."""
    return ToolOutcome(
        tool_id=tool_id,
        result=told.get("result"),
        failure=None if told["success"] else Failure(**told["error"]),
        duration_ms=told["durationMs"],
        stdout=told["stdout"],
        stderr=told["stderr"],
        is_truncated=told["truncated"],
        artifacts=tuple(
            Artifact(one["name"], one["mime"], base64.b64decode(one["data"]))
            for one in told["artifacts"]
        ),
    )


def period_of(since: datetime | None, until: datetime | None) -> dict[str, str]:
    """The query for calls within a time."""
    times = {"from": since, "to": until}
    return {name: time.isoformat() for name, time in times.items() if time is not None}
