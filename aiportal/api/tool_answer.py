"""The outcome of a tool's run over HTTP, and what happens when its caller hangs up."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from aiportal.api.streams import Caller, Stragglers
from aiportal.timestamps import to_text
from aiportal.tools import Approval, ToolOutcome

__all__ = [
    "ApprovalAsked",
    "ArtifactBody",
    "ExecutionBody",
    "FailureBody",
    "ToolAnswer",
    "moment",
]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class FailureBody(_Body):
    """`type`: a stable word, or the name of the exception that the program raised. See docs/tools.md."""

    type: str
    message: str


class ArtifactBody(_Body):
    """A file that the run left. data: base64."""

    name: str
    mime: str
    data: str


class ExecutionBody(_Body):
    """`result` where it succeeded (any JSON value), else `error`. durationMs: without any wait."""

    success: bool
    result: Any = None
    error: FailureBody | None = None
    stdout: str
    stderr: str
    duration_ms: float
    truncated: bool
    artifacts: list[ArtifactBody]


class ApprovalAsked(_Body):
    """`POST /tools/approvals/{approvalId}` with `{"approve": true}` runs it, until `expiresAt`."""

    approval_id: str
    tool_id: str
    parameters: dict[str, Any]
    expires_at: str


Run = Callable[[], Awaitable[ToolOutcome | Approval]]


class ToolAnswer(Response):
    """Runs a tool while it is sent; the run ends if the caller leaves before it does."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._stragglers = Stragglers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with Caller(receive, send, self._stragglers):
            outcome = await self._run()
            body = await asyncio.to_thread(_encoded, outcome)
            status = 202 if isinstance(outcome, Approval) else 200
            await Response(body, status, media_type="application/json")(scope, receive, send)


def moment(approval: Approval) -> str:
    """Until when it can be decided, as ISO text."""
    expires_at: datetime = approval.expires_at
    return to_text(expires_at)


def _encoded(outcome: ToolOutcome | Approval) -> bytes:
    """By the standard library: numbers of any size are what a calculator is for."""
    content = _asked(outcome) if isinstance(outcome, Approval) else _ended(outcome)
    return json.dumps(content, allow_nan=False).encode()


def _asked(approval: Approval) -> dict[str, Any]:
    return {
        "approvalId": approval.id,
        "toolId": approval.tool_id,
        "parameters": approval.parameters,
        "expiresAt": moment(approval),
    }


def _ended(outcome: ToolOutcome) -> dict[str, Any]:
    failure = outcome.failure
    how: dict[str, Any] = (
        {"success": True, "result": outcome.result}
        if failure is None
        else {"success": False, "error": {"type": failure.type, "message": failure.message}}
    )
    return how | {
        "stdout": outcome.stdout,
        "stderr": outcome.stderr,
        "durationMs": round(outcome.duration_ms, 3),
        "truncated": outcome.is_truncated,
        "artifacts": [
            {"name": one.name, "mime": one.mime, "data": base64.b64encode(one.data).decode()}
            for one in outcome.artifacts
        ],
    }
