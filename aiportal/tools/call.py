"""One call of a tool, as it was asked for: what approvals keep and executions run."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Required, Self, TypedDict

from aiportal.errors import InvalidRequest
from aiportal.usage import Door

__all__ = ["CallOptions", "ToolCall", "checked_session", "checked_timeout"]

_SESSION = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """Arguments and files have been checked against the tool.

    timeout_ms: None for the tool's own. session: name of a process that keeps what it has.
    model_id: of the model that calls, None for a person or a program.
    """

    tool_id: str
    parameters: Mapping[str, Any]
    source: Door
    files: Mapping[str, bytes]
    timeout_ms: int | None = None
    session: str | None = None
    model_id: str | None = None

    def to_text(self) -> str:
        """As JSON, for the database."""
        files = {name: base64.b64encode(data).decode() for name, data in self.files.items()}
        return json.dumps(
            {
                "tool_id": self.tool_id,
                "parameters": self.parameters,
                "source": self.source,
                "files": files,
                "timeout_ms": self.timeout_ms,
                "session": self.session,
            }
        )

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What `to_text` has written."""
        found = json.loads(text)
        files = {name: base64.b64decode(data) for name, data in found.pop("files").items()}
        return cls(**found, files=files)


class CallOptions(TypedDict, total=False):
    """How a tool is called, beside its arguments.

    source: the door. model_id: of the model that calls, so that a turn waits for the approval.
    timeout_ms: at most the tool's own time counts. files: for the program's folder, by name.
    session: a name; a further call by it finds what the one before has left in memory.
    """

    source: Required[Door]
    model_id: str | None
    timeout_ms: int | None
    files: Mapping[str, bytes] | None
    session: str | None


def checked_session(name: str | None) -> str | None:
    """A name for a session. Raises InvalidRequest."""
    if name is not None and not _SESSION.fullmatch(name):
        words = (
            "This is no name of a session. Take 1 to 64 letters, digits, dots, hyphens and"
            " underscores."
        )
        raise InvalidRequest(words, param="session")
    return name


def checked_timeout(timeout_ms: int | None) -> int | None:
    """A time for a call. Raises InvalidRequest."""
    if timeout_ms is not None and timeout_ms < 1:
        raise InvalidRequest(
            "`timeoutMs` is below 1. Give a millisecond at least, or leave it out.",
            param="timeoutMs",
        )
    return timeout_ms
