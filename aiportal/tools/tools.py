"""The tools of a portal: which there are, calls of them, and what waits for a person."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Unpack

from aiportal.errors import ToolNotFound
from aiportal.principal import Principal
from aiportal.registry import ConfigProblem
from aiportal.sandbox import Tier
from aiportal.tools.administration import Administration, ToolChange
from aiportal.tools.approvals import Approval, Approvals
from aiportal.tools.arguments import checked_arguments, checked_files
from aiportal.tools.authoring import Authoring, ToolSource
from aiportal.tools.call import CallOptions, ToolCall, checked_session, checked_timeout
from aiportal.tools.checking import Checks
from aiportal.tools.execution import Execution
from aiportal.tools.outcome import OfferedTool, ToolOutcome
from aiportal.tools.registry import ToolRegistry
from aiportal.tools.servers.administration import ServerAdministration
from aiportal.tools.servers.state import ServerStatus, ServerTrial
from aiportal.tools.tool import Tool, ToolStatus

__all__ = ["Tools"]

_NO_FILES: Mapping[str, bytes] = MappingProxyType({})


class Tools:
    """What the doors and the turn loop call."""

    def __init__(
        self,
        registry: ToolRegistry,
        execution: Execution,
        approvals: Approvals,
    ) -> None:
        self._registry = registry
        self._execution = execution
        self._approvals = approvals
        self._checks = Checks()
        self._administration = Administration(registry)
        self._authoring = Authoring(registry, self._administration)
        self._servers = ServerAdministration(registry, self._administration.writing)

    @property
    def running(self) -> int:
        """How many calls run now, or wait for a worker."""
        return self._execution.rates.running

    def begin(self) -> None:
        """Connect to the MCP servers; else the first who asks for tools does."""
        self._registry.servers.begin()

    def offered(self, principal: Principal, model_id: str | None = None) -> tuple[OfferedTool, ...]:
        """The tools that can run now for this caller, and for this model where one is named."""
        self.begin()
        statuses = self._registry.statuses(principal, model_id=model_id)
        return tuple(status.tool.as_offered() for status in statuses if status.is_usable)

    async def list(
        self,
        principal: Principal,
        *,
        limit: int | None = None,
        after: str | None = None,
        with_disabled: bool = False,
    ) -> Sequence[ToolStatus]:
        """Those that this caller may use, by id, with what they lack.

        limit: how many at most, None for all. after: the id to go on from. with_disabled: also those
        that are switched off, for administrators. Raises ToolNotFound for an `after` that is none.
        """
        await self._registry.servers.settled()
        statuses = [
            status
            for status in self._registry.statuses(principal)
            if status.tool.is_enabled or (with_disabled and principal.is_admin)
        ]
        if after is None:
            return statuses[:limit]
        ids = [status.tool.id for status in statuses]
        if after not in ids:
            raise ToolNotFound(
                "There is no such tool to go on from. Begin without `after`.", param="after"
            )
        return statuses[ids.index(after) + 1 :][:limit]

    async def get(self, principal: Principal, tool_id: str) -> ToolStatus:
        """One of them, a disabled one too. Raises ToolNotFound."""
        await self._registry.look_for(tool_id)
        return self._registry.status(principal, tool_id)

    async def execute(
        self,
        principal: Principal,
        tool_id: str,
        parameters: object,
        **options: Unpack[CallOptions],
    ) -> ToolOutcome | Approval:
        """Run a tool, or ask for the approval that it needs; cancelling this ends the program.

        Raises ToolNotFound, also for a tool that is not for this caller; ToolUnavailable with what is
        missing; InvalidRequest for arguments that the tool's schema does not take; RequestTooLarge;
        RateLimited.
        """
        return await self.run(
            principal, await self.checked_call(principal, tool_id, parameters, **options)
        )

    async def checked_call(
        self,
        principal: Principal,
        tool_id: str,
        parameters: object,
        **options: Unpack[CallOptions],
    ) -> ToolCall:
        """What `execute` would run, without running it; raises what that raises of what it is given."""
        await self._registry.look_for(tool_id)
        tool = self._registry.resolve(principal, tool_id, model_id=options.get("model_id"))
        return ToolCall(
            tool_id=tool.id,
            parameters=await checked_arguments(
                tool, parameters, owner=principal.user_id, checks=self._checks
            ),
            source=options["source"],
            files=checked_files(options.get("files") or _NO_FILES),
            timeout_ms=checked_timeout(options.get("timeout_ms")),
            session=checked_session(options.get("session")),
            model_id=options.get("model_id"),
        )

    async def run(self, principal: Principal, call: ToolCall) -> ToolOutcome | Approval:
        """Run a checked call, or ask for the approval that it needs; see `execute`."""
        tool = self._registry.resolve(principal, call.tool_id, model_id=call.model_id)
        if tool.needs_approval:
            return await self._approvals.add(principal, call)
        return await self._execution.run(principal, call)

    async def end_session(self, principal: Principal, tool_id: str, name: str) -> None:
        """End the process that the caller's calls by this session's name have left, if there is one.

        A call that runs in it fails. Raises ToolNotFound, InvalidRequest for what is no name.
        """
        tool = (await self.get(principal, tool_id)).tool
        self._execution.end_session(principal, tool, checked_session(name) or "")

    async def approvals(self, principal: Principal) -> Sequence[Approval]:
        """The caller's calls that wait for their word, the oldest first."""
        return await self._approvals.list(principal)

    async def decide(self, principal: Principal, approval_id: str, *, approve: bool) -> Approval:
        """Agree to a call or decline it. Where nobody waits for it yet, `outcome()` of what is
        returned runs it.

        Raises NotFound, also for another's; Conflict for one that is decided or has expired.
        """
        return await self._approvals.decide(principal, approval_id, approve=approve)

    async def reload(self, principal: Principal) -> Sequence[Tool]:
        """Read the files now. Raises PermissionDenied for other callers than administrators."""
        return await self._registry.reload(principal)

    def problems_for(self, principal: Principal) -> tuple[ConfigProblem, ...]:
        """What is wrong with the files. Raises PermissionDenied for others than administrators."""
        return self._registry.problems_for(principal)

    async def validate(
        self,
        principal: Principal,
        config: Mapping[str, Any],
        *,
        files: Mapping[str, bytes] | None = None,
    ) -> Sequence[ConfigProblem]:
        """What would be wrong with a tool, whose files are not written anywhere.

        files: by name, such as `controller.py`; None looks at the config alone. Raises
        PermissionDenied for others than administrators.
        """
        return await self._administration.validate(principal, config, files=files)

    async def change(self, principal: Principal, tool_id: str, change: ToolChange) -> ToolStatus:
        """Write a change into the tool's file; it is in service when this returns.

        Raises PermissionDenied for others than administrators, ToolNotFound, Conflict for a tool of an
        MCP server, ConfigError where the file cannot be written.
        """
        return await self._administration.change(principal, tool_id, change)

    async def source(self, principal: Principal, tool_id: str) -> ToolSource:
        """What its folder holds, to be edited. Raises as `change`."""
        return await self._authoring.source(principal, tool_id)

    async def create(self, principal: Principal, draft: ToolSource) -> ToolStatus:
        """Write a new tool, in a folder named by its id; it is in service when this returns.

        Raises PermissionDenied for others than administrators, InvalidRequest with what is wrong,
        Conflict for an id that is taken, ConfigError where the folder cannot be written.
        """
        return await self._authoring.create(principal, draft)

    async def replace(self, principal: Principal, tool_id: str, draft: ToolSource) -> ToolStatus:
        """Write a tool anew, all of its files in one step. Raises as `create`, ToolNotFound."""
        return await self._authoring.replace(principal, tool_id, draft)

    def count(self, principal: Principal) -> int:
        """How many tools there are. Raises PermissionDenied for others than administrators."""
        self._registry.problems_for(principal)
        return len(self._registry.tools)

    def servers(self, principal: Principal) -> Sequence[ServerStatus]:
        """The MCP servers of the config, and how they fare. Raises PermissionDenied for others than
        administrators."""
        return self._servers.list(principal)

    async def put_server(
        self, principal: Principal, name: str, draft: Mapping[str, Any], *, is_new: bool = False
    ) -> ServerStatus:
        """Write an MCP server into the tools' config.json; it is in service when this returns.

        draft: an entry of `mcpServers`, in which None keeps the value of a header or a variable.
        is_new: there must be none of this name. Raises PermissionDenied for others than
        administrators, InvalidRequest with the field, Conflict, ConfigError for the file's sake.
        """
        return await self._servers.put(principal, name, draft, is_new=is_new)

    async def remove_server(self, principal: Principal, name: str) -> None:
        """Take an MCP server and its tools away. Raises as `put_server`, NotFound."""
        await self._servers.remove(principal, name)

    async def try_server(
        self, principal: Principal, draft: Mapping[str, Any], *, name: str | None = None
    ) -> ServerTrial:
        """Connect to a server that is not written anywhere. name: whose values the draft keeps.

        Takes half a minute at most. Raises as `put_server`, RateLimited.
        """
        return await self._servers.attempt(principal, draft, name=name)

    async def sandbox_tier(self, principal: Principal) -> Tier:
        """What tools run in, and why in nothing stronger. Raises PermissionDenied for others than
        administrators."""
        self._registry.problems_for(principal)
        return await self._execution.tier()

    async def build(self, principal: Principal, tool_id: str) -> None:
        """Install what the tool's `requirements.txt` names; takes its time.

        Raises PermissionDenied for others than administrators, ToolNotFound, ToolUnavailable.
        """
        self._registry.problems_for(principal)
        await self._registry.environments.build(self._registry.status(principal, tool_id).tool)
