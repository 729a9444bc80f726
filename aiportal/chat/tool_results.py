"""What came of a call, as the event that tells it: bounded, whatever the tool made."""

import base64
import json
from typing import Any, Final

from aiportal.errors import PortalError
from aiportal.events import ToolArtifact, ToolCalled, ToolReturned
from aiportal.sandbox import Artifact
from aiportal.tools import ToolOutcome

__all__ = ["as_wire", "failed", "returned_of", "unfinished"]

MAX_RESULT_CHARS: Final = 200_000  # of the JSON of a result, and of what was printed
MAX_ARTIFACT_BYTES: Final = 8 * 1024 * 1024  # of all files of one call


def returned_of(call: ToolCalled, outcome: ToolOutcome) -> ToolReturned:
    """How a call ended that the tool has seen. Its files are in the event."""
    failure = outcome.failure
    result, is_cut = _bounded(outcome.result)
    stdout, stderr = outcome.stdout[:MAX_RESULT_CHARS], outcome.stderr[:MAX_RESULT_CHARS]
    return ToolReturned(
        tool_id=call.tool_id,
        call_id=call.call_id,
        result=result,
        error=None if failure is None else failure.message,
        duration_ms=outcome.duration_ms,
        error_type=None if failure is None else failure.type,
        stdout=stdout,
        stderr=stderr,
        is_truncated=outcome.is_truncated or is_cut,
        artifacts=_artifacts(outcome.artifacts),
    )


def failed(call: ToolCalled, error: PortalError) -> ToolReturned:
    """A call that the portal refused, or could not make."""
    return ToolReturned(call.tool_id, call.call_id, None, error.message, 0.0, error.code)


def unfinished(call: ToolCalled, status: str) -> ToolReturned:
    """A call that was broken off with its turn. status: `cancelled`, `interrupted` or `error`."""
    words = {
        "cancelled": "The call was stopped with the answer.",
        "interrupted": "The portal ended while the tool ran.",
    }
    error = words.get(status, "The answer failed while the tool ran.")
    return ToolReturned(call.tool_id, call.call_id, None, error, 0.0, status)


def as_wire(event: ToolCalled | ToolReturned) -> dict[str, Any]:
    """The event as a stream of chat completions tells it: what is empty is left out."""
    if isinstance(event, ToolCalled):
        wire = {
            "type": event.type,
            "tool_id": event.tool_id,
            "tool_name": event.tool_name,
            "call_id": event.call_id,
            "arguments": event.arguments,
        }
        return wire if event.approval_id is None else wire | {"approval_id": event.approval_id}
    said = {"result": event.result} if event.error is None else {"error": event.error}
    wire = {"type": event.type, "tool_id": event.tool_id, "call_id": event.call_id, **said}
    wire["duration_ms"] = event.duration_ms
    if event.error_type is not None:
        wire["error_type"] = event.error_type
    for name in ("stdout", "stderr"):
        if text := getattr(event, name):
            wire[name] = text
    if event.is_truncated:
        wire["truncated"] = True
    if event.artifacts:
        wire["artifacts"] = [
            {"name": one.name, "mime": one.mime, "size": one.size_bytes, "data": one.data}
            for one in event.artifacts
        ]
    return wire


def _bounded(result: Any) -> tuple[Any, bool]:
    """A result that is too long becomes the beginning of its JSON."""
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    if len(text) <= MAX_RESULT_CHARS:
        return result, False
    return text[:MAX_RESULT_CHARS], True


def _artifacts(artifacts: tuple[Artifact, ...]) -> tuple[ToolArtifact, ...]:
    left = MAX_ARTIFACT_BYTES
    told = []
    for one in artifacts:
        size = len(one.data)
        data = base64.b64encode(one.data).decode() if size <= left else None
        left -= size if data is not None else 0
        told.append(ToolArtifact(one.name, one.mime, size, data=data))
    return tuple(told)
