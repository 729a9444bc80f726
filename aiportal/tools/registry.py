"""Which tools there are, which of them a caller may use now, and how that follows the files."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Self

from aiportal.errors import PermissionDenied, ToolNotFound, ToolUnavailable
from aiportal.principal import Principal
from aiportal.registry import ConfigProblem
from aiportal.registry.watch import changes
from aiportal.settings import Settings
from aiportal.tools.environments import Environments
from aiportal.tools.folders import ToolsConfig, read_tools, tools_folder
from aiportal.tools.servers.servers import McpServers
from aiportal.tools.table import ToolTable
from aiportal.tools.tool import Tool, ToolStatus

__all__ = ["ToolRegistry"]

SERVERS_MARK = "__"  # between a server's name and its tool's
GONE_S = 0.1  # how long a folder is missing until it is removed: some editors write by way of that
_log = logging.getLogger(__name__)


class ToolRegistry:
    """The tools of one portal, as `load` has read them.

    Inside `async with` it also follows the files, if `hotReload` in config.json is true, and has the
    environments of tools built that need one. What it has handed out never changes.
    """

    def __init__(self, settings: Settings, config: ToolsConfig) -> None:
        self._variables = settings.provider_environment()
        self.environments = Environments(settings.data_dir)
        self._reading = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self.servers = McpServers(self._variables, changed=self._join)
        self._swap(config, ToolTable(config))

    @classmethod
    async def load(cls, settings: Settings) -> "ToolRegistry":
        """Read the tools off the event loop. Bad ones are left out and listed in `problems`."""
        return await asyncio.to_thread(cls.load_now, settings)

    @classmethod
    def load_now(cls, settings: Settings) -> "ToolRegistry":
        """As `load`, for callers without a loop."""
        return cls(settings, read_tools(tools_folder(settings)))

    async def __aenter__(self) -> Self:
        self._tell(before=())
        await self.environments.open(self._table.tools.values())
        self.environments.want(self._table.tools.values())
        await self.servers.follow(self._read.config)
        self._watching = asyncio.create_task(self._watch(), name="tools")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        await self.servers.close()
        await self.environments.close()

    @property
    def tools(self) -> Mapping[str, Tool]:
        """Every tool that there is, by id."""
        return self._tools

    @property
    def problems(self) -> tuple[ConfigProblem, ...]:
        """What is wrong with the files, and with the servers that they name."""
        return (*self._problems, *self.servers.problems)

    @property
    def config(self) -> ToolsConfig:
        """As the files were read last."""
        return self._read

    async def reload(self, principal: Principal) -> Sequence[Tool]:
        """Read the files now; every tool there is then.

        Raises PermissionDenied for other callers than administrators.
        """
        self.problems_for(principal)
        await self.refresh()
        await self.environments.look_again(self._table.tools.values())
        return tuple(self._tools.values())

    def problems_for(self, principal: Principal) -> tuple[ConfigProblem, ...]:
        """What is wrong, for administrators. Raises PermissionDenied for others."""
        if not principal.is_admin:
            raise PermissionDenied(
                "Only administrators see to the tools, and you are none. Ask one."
            )
        return self.problems

    def statuses(
        self, principal: Principal, *, model_id: str | None = None
    ) -> Sequence[ToolStatus]:
        """Every tool that this caller may use, by id, with what it lacks.

        model_id: only those that this model may call.
        """
        return [
            ToolStatus(tool, self.missing(tool))
            for tool in self._tools.values()
            if tool.admits(principal, model_id)
        ]

    def status(
        self, principal: Principal, tool_id: str, *, model_id: str | None = None
    ) -> ToolStatus:
        """One of them. Raises ToolNotFound, also for one that is not for this caller."""
        tool = self._tools.get(tool_id)
        if tool is None or not tool.admits(principal, model_id):
            raise ToolNotFound(
                f"There is no tool {tool_id!r}. GET /v1/tools lists those that you may use."
            )
        return ToolStatus(tool, self.missing(tool))

    def resolve(self, principal: Principal, tool_id: str, *, model_id: str | None = None) -> Tool:
        """The tool of that id, ready to run.

        Raises ToolNotFound, ToolUnavailable with what is missing.
        """
        status = self.status(principal, tool_id, model_id=model_id)
        if status.missing:
            raise ToolUnavailable(f"The tool {tool_id!r} cannot run: {status.missing}")
        return status.tool

    async def look_for(self, tool_id: str) -> None:
        """Wait until the servers were tried, if the id is of a tool that only they could have."""
        if tool_id not in self._tools and SERVERS_MARK in tool_id:
            await self.servers.settled()

    def secrets_of(self, tool: Tool) -> Mapping[str, str]:
        """The values of its secrets by their variables; those that are set."""
        return {name: self._variables[name] for name in tool.secrets if self._variables.get(name)}

    def missing(self, tool: Tool) -> str:
        """What a tool lacks, in words for its callers; nothing for one that can run."""
        if tool.origin is not None:
            return self.servers.missing(tool.origin)
        if not tool.is_enabled:
            return "it is disabled. An administrator can enable it."
        for name, entry in tool.secrets.items():
            if entry.required and not self._variables.get(name):
                return f"it needs {name}. Set it in the portal's environment or its `.env` file."
        if tool.requirements is not None:
            return self.environments.missing(tool)
        if tool.lacking:
            words = ", ".join(tool.lacking)
            return f"the portal lacks {words}. Run: pip install 'aiportal[tools]'"
        return ""

    async def refresh(self, *, gone_s: float = 0) -> None:
        """Read the files anew. gone_s: how long to wait for one that is missing to come back."""
        async with self._reading:
            config = await self._read_again()
            if gone_s and not _names(self._read) <= _names(config):
                await asyncio.sleep(gone_s)
                config = await self._read_again()
            if config == self._read:
                return
            before = self.problems
            table = await asyncio.to_thread(ToolTable, config, before=self._table.served)
            self._swap(config, table)
        self._tell(before=before)
        if self._watching is not None:
            await self.servers.follow(config.config)
            self.environments.want(self._table.tools.values())

    async def _read_again(self) -> ToolsConfig:
        return await asyncio.to_thread(read_tools, self._read.folder, self._read)

    def _swap(self, config: ToolsConfig, table: ToolTable) -> None:
        self._read = config
        self._table = table
        self._problems: tuple[ConfigProblem, ...] = (*config.problems, *table.problems)
        self._join()

    def _join(self) -> None:
        """Servers' tools among those of the folders, which keep their ids against them."""
        joined = {**self.servers.tools, **self._table.tools}
        self._tools: Mapping[str, Tool] = dict(sorted(joined.items()))

    def _tell(self, *, before: Sequence[ConfigProblem]) -> None:
        """Put into the log what there is now, and each problem that was not there before."""
        counts = (len(self._table.tools), len(self.problems))
        _log.info("There are %d tools and %d problems with them", *counts)
        for problem in self.problems:
            if problem not in before:
                _log.warning("The tools: %s", problem)

    async def _watch(self) -> None:
        try:
            async with aclosing(changes(self._read.folder)) as found:
                async for _ in found:
                    if self._read.config.hot_reload:
                        await self.refresh(gone_s=GONE_S)
        except Exception:
            _log.exception("The tools are not followed any more; start the portal again")


def _names(config: ToolsConfig) -> set[str]:
    return {*config.tools, *config.bad}
