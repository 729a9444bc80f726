"""A call of a tool within an answer, as it is stored with its message."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from aiportal.chat.tool_results import unfinished
from aiportal.events import ToolArtifact, ToolCalled, ToolReturned

__all__ = ["ToolUse", "ToolUseStatus", "ended_uses"]

ToolUseStatus = Literal["running", "done", "failed", "cancelled", "interrupted"]
_RETURNED = ("result", "error", "duration_ms", "error_type", "stdout", "stderr", "is_truncated")


@dataclass(frozen=True, slots=True)
class ToolUse:
    """returned: None while it runs. at: how many characters of the answer's text stand before it."""

    called: ToolCalled
    returned: ToolReturned | None
    at: int

    @property
    def status(self) -> ToolUseStatus:
        """How the call stands."""
        if self.returned is None:
            return "running"
        if self.returned.error_type in ("cancelled", "interrupted"):
            return "cancelled" if self.returned.error_type == "cancelled" else "interrupted"
        return "done" if self.returned.error is None else "failed"

    def after(self, event: ToolReturned) -> "ToolUse":
        """The same with its end, where the event tells it."""
        return replace(self, returned=event) if event.call_id == self.called.call_id else self

    def as_json(self) -> dict[str, Any]:
        """As it is stored, exported and shown over HTTP."""
        returned = self.returned
        told: dict[str, Any] = dict.fromkeys(_RETURNED)
        if returned is not None:
            told = {name: getattr(returned, name) for name in _RETURNED}
        called = self.called
        return {
            "call_id": called.call_id,
            "tool_id": called.tool_id,
            "tool_name": called.tool_name,
            "arguments": called.arguments,
            "approval_id": called.approval_id,
            "at": self.at,
            "status": self.status,
            **told,
            "artifacts": [asdict(one) for one in returned.artifacts] if returned else [],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ToolUse":
        """Read what `as_json` wrote."""
        called = ToolCalled(
            value["tool_id"],
            value["tool_name"],
            value["call_id"],
            value["arguments"],
            value["approval_id"],
        )
        if value["status"] == "running":
            return cls(called, None, value["at"])
        returned = ToolReturned(
            tool_id=called.tool_id,
            call_id=called.call_id,
            artifacts=tuple(ToolArtifact(**one) for one in value["artifacts"]),
            **{name: value[name] for name in _RETURNED},
        )
        return cls(called, returned, value["at"])


def ended_uses(uses: Iterable[ToolUse], status: str) -> Sequence[ToolUse]:
    """Those of an answer that has ended with that status: what still ran was broken off."""
    return [
        use if use.returned else replace(use, returned=unfinished(use.called, status))
        for use in uses
    ]
