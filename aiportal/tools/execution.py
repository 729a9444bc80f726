"""One call of a tool from its checked arguments to its outcome."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiportal.errors import PortalError
from aiportal.fetch import Fetcher
from aiportal.principal import Principal
from aiportal.registry import Confidential
from aiportal.sandbox import (
    Failure,
    Outcome,
    Profile,
    Program,
    Sandbox,
    SandboxCall,
    Tier,
    sound_texts,
)
from aiportal.search import WebSearch
from aiportal.tools.broker import ToolBroker, confidential_of
from aiportal.tools.call import ToolCall
from aiportal.tools.outcome import ToolOutcome, struck_outcome
from aiportal.tools.rates import CallRates
from aiportal.tools.registry import ToolRegistry
from aiportal.tools.tool import Tool

__all__ = ["Execution"]

PLAIN = "bare"  # the profile of tools that name none
TOOL_ERROR = "tool_error"
EXIT = "exit"
MAX_WORDS = 4_000
MAX_TOLD = 100_000  # characters that may tell of a failure
_log = logging.getLogger(__name__)


class Execution:
    """Runs calls in the sandbox and puts a line about each into the log, never its arguments."""

    def __init__(
        self,
        registry: ToolRegistry,
        sandbox: Sandbox,
        *,
        fetcher: Fetcher,
        search: WebSearch,
    ) -> None:
        self._registry = registry
        self._sandbox = sandbox
        self._fetcher = fetcher
        self._search = search
        self.rates = CallRates()

    async def run(self, principal: Principal, call: ToolCall) -> ToolOutcome:
        """The outcome; a failure of the program is one as well. Cancelling this ends the program.

        Raises ToolNotFound, ToolUnavailable, RateLimited.
        """
        begun = time.monotonic()
        verdict = "cancelled"
        try:
            outcome = await self._run(principal, call)
            verdict = "done" if outcome.failure is None else outcome.failure.type
            return outcome
        except PortalError as error:
            verdict = str(error.code)
            raise
        finally:
            about = {
                "tool_id": call.tool_id,
                "user_id": principal.user_id,
                "source": call.source,
                "duration_ms": round((time.monotonic() - begun) * 1000),
                "outcome": verdict[:100],
            }
            _log.info("A tool was called", extra=about)

    def end_session(self, principal: Principal, tool: Tool, name: str) -> None:
        """End what the caller's calls of this tool by this name have left, if there is anything."""
        self._sandbox.end_session(principal.user_id, _session(tool, name))

    async def tier(self) -> Tier:
        """What programs run in, once that is known."""
        return await self._sandbox.ready()

    async def _run(self, principal: Principal, call: ToolCall) -> ToolOutcome:
        tool = self._registry.resolve(principal, call.tool_id, model_id=call.model_id)
        with self.rates.counted(principal, tool):
            if tool.origin is not None:
                return await self._registry.servers.call(tool, tool.origin, call)
            outcome = await self._sandbox.run(self._as_sandbox_call(principal, tool, call))
        confidential = confidential_of(self._registry.secrets_of(tool))
        return await asyncio.to_thread(_as_tool_outcome, tool, outcome, confidential)

    def _as_sandbox_call(self, principal: Principal, tool: Tool, call: ToolCall) -> SandboxCall:
        wall_s = tool.limits.wall_s
        if call.timeout_ms is not None:
            wall_s = min(wall_s, call.timeout_ms / 1000)
        return SandboxCall(
            program=Program(tool.id, tool.files, self._profile(tool)),
            parameters=dict(call.parameters),
            owner=principal.user_id,
            files=call.files,
            limits=replace(tool.limits, wall_s=wall_s),
            broker=ToolBroker(
                principal,
                tool,
                self._registry.secrets_of(tool),
                fetcher=self._fetcher,
                search=self._search,
            ),
            session=None if call.session is None else _session(tool, call.session),
        )

    def _profile(self, tool: Tool) -> Profile:
        python = self._registry.environments.python_of(tool)
        name = tool.profile or PLAIN
        if python is None:
            return Profile(name, tool.preload)
        return Profile(f"{name}-{python.parent.parent.name}", tool.preload, python)


def _session(tool: Tool, name: str) -> str:
    return f"{tool.id}/{name}"


def _as_tool_outcome(tool: Tool, outcome: Outcome, confidential: Confidential) -> ToolOutcome:
    failure = outcome.failure or _told_failure(outcome.result)
    if failure is not None and failure.type == EXIT:
        failure = _told_failure(_printed(outcome.stdout)) or failure
    given = ToolOutcome(
        tool_id=tool.id,
        result=outcome.result if failure is None else None,
        failure=failure,
        duration_ms=outcome.duration_ms,
        stdout=outcome.stdout,
        stderr=outcome.stderr,
        is_truncated=outcome.is_truncated,
        artifacts=outcome.artifacts,
    )
    return struck_outcome(given, confidential)


def _told_failure(result: Any) -> Failure | None:
    """What a program says of itself: `{"success": false, "error": …}`, with words or an object."""
    if not isinstance(result, dict) or result.get("success") is not False:
        return None
    error: object = result.get("error", "The tool says that it failed, and not why.")
    if isinstance(error, Mapping) and isinstance(error.get("message"), str):
        kind = error.get("type")
        return Failure(
            kind[:100] if isinstance(kind, str) and kind else TOOL_ERROR,
            error["message"][:MAX_WORDS],
        )
    return Failure(TOOL_ERROR, str(error)[:MAX_WORDS])


def _printed(stdout: str) -> Any:
    """What a script says before it ends with another code than 0, None where that is no JSON."""
    if len(stdout) > MAX_TOLD:
        return None
    try:
        return sound_texts(json.loads(stdout))
    except (ValueError, RecursionError):
        return None
