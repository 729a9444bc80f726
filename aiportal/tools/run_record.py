"""A run of a tool as it is kept: what went in, how it stands, what came of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aiportal.sandbox import Failure
from aiportal.tools.outcome import ToolOutcome

__all__ = ["RunArtifact", "RunFile", "RunStatus", "ToolRun", "outcome_text", "run_of"]

RunStatus = Literal["running", "waiting", "done", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True, slots=True)
class RunFile:
    """A file that was sent along; what is in it is not kept. size: bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class RunArtifact:
    """A file that a run has made. place: its number within the run. size: bytes."""

    place: int
    name: str
    mime: str
    size: int


@dataclass(frozen=True, slots=True)
class ToolRun:
    """status: `waiting` for the approval `approval_id`, `interrupted` by an end of the portal.

    created_at, ended_at: ISO text. outcome: None until it has ended by itself; without artifacts.
    """

    id: str
    tool_id: str
    status: RunStatus
    parameters: Mapping[str, Any]
    files: tuple[RunFile, ...]
    created_at: str
    ended_at: str | None = None
    approval_id: str | None = None
    outcome: ToolOutcome | None = None
    artifacts: tuple[RunArtifact, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.status not in ("running", "waiting")


def outcome_text(outcome: ToolOutcome) -> str:
    """As JSON, without the artifacts. Numbers of any size stay as they are."""
    failure = outcome.failure
    return json.dumps(
        {
            "result": outcome.result,
            "failure": None if failure is None else [failure.type, failure.message],
            "duration_ms": outcome.duration_ms,
            "stdout": outcome.stdout,
            "stderr": outcome.stderr,
            "is_truncated": outcome.is_truncated,
        }
    )


def run_of(
    row: Mapping[str, Any], artifacts: Sequence[RunArtifact], *, now: str, is_ongoing: bool
) -> ToolRun:
    """Of a row of the table. now: as the database writes moments; tells what is broken off, which
    one that this process runs never is."""
    status = row["status"]
    if status in ("running", "waiting") and not is_ongoing and row["deadline_at"] < now:
        status = "interrupted"
    return ToolRun(
        id=row["id"],
        tool_id=row["tool_id"],
        status=status,
        parameters=json.loads(row["parameters"]),
        files=tuple(RunFile(**one) for one in json.loads(row["files"])),
        created_at=row["created_at"],
        ended_at=row["ended_at"],
        approval_id=row["approval_id"],
        outcome=_outcome(row["tool_id"], row["outcome"]),
        artifacts=tuple(artifacts),
    )


def _outcome(tool_id: str, text: str | None) -> ToolOutcome | None:
    if text is None:
        return None
    found = json.loads(text)
    failure = found.pop("failure")
    return ToolOutcome(tool_id=tool_id, failure=failure and Failure(*failure), **found)
