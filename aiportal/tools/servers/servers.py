"""The MCP servers that the config names: connected in the background, their tools among ours."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any, Protocol

from aiportal.errors import InvalidRequest, PortalError, RateLimited, ToolUnavailable
from aiportal.fetch import Fetcher
from aiportal.registry import NOTHING_CONFIDENTIAL, Access, Confidential, ConfigProblem
from aiportal.sandbox import SandboxMode
from aiportal.sandbox.companion import CompanionOrder
from aiportal.tools.call import ToolCall
from aiportal.tools.outcome import ToolOutcome
from aiportal.tools.schema import ToolsFile
from aiportal.tools.servers.entry import McpServerEntry, variable_of
from aiportal.tools.servers.listing import tools_of
from aiportal.tools.servers.state import ServerState
from aiportal.tools.tool import Origin, Tool

__all__ = ["McpServers"]

MAX_CALLS = 32  # of one server at once
SETTLE_S = 10.0
CONFIG = "config.json"
_log = logging.getLogger(__name__)


class _Connection(Protocol):
    async def run(self) -> None: ...

    def look_again(self) -> None: ...

    async def call(self, name: str, arguments: Mapping[str, Any], *, timeout_s: float) -> Any: ...


class McpServers:
    """Of one portal. Nothing is connected before `begin`: commands that need no tools do not wait.

    changed: called when the tools, or what is wrong with them, have changed.
    """

    def __init__(self, variables: Mapping[str, str], *, changed: Callable[[], None]) -> None:
        self._variables = variables
        self._changed = changed
        self._common = ToolsFile()
        self._servers: dict[str, _Server] = {}
        self._has_begun = False
        self._fetcher: Fetcher | None = None
        self._may_not_start = ""

    def reach_by(self, fetcher: Fetcher, *, sandbox: SandboxMode) -> None:
        """Before anything is connected: how servers with a URL are reached, and that those with a
        command are not started where the sandbox is switched off."""
        self._fetcher = fetcher
        if sandbox == "off":
            self._may_not_start = "nothing is run here: AIPORTAL_SANDBOX=off."

    @property
    def tools(self) -> Mapping[str, Tool]:
        """What the servers have offered last, by id."""
        return {key: one for server in self._servers.values() for key, one in server.tools.items()}

    @property
    def problems(self) -> tuple[ConfigProblem, ...]:
        """What keeps servers or tools of theirs from being used."""
        return tuple(
            ConfigProblem(CONFIG, f"mcpServers.{name}", "", words)
            for name, server in self._servers.items()
            for words in server.problems
        )

    def states(self) -> list[tuple[str, int, str]]:
        """Of each server its name, how many tools it has, and why it cannot be used (or nothing)."""
        unknown = "it does not answer in time."
        return [
            (name, len(one.tools), unknown if one.trouble is None else one.trouble)
            for name, one in self._servers.items()
        ]

    def missing(self, origin: Origin) -> str:
        """Why a tool cannot be used now, in words; empty where it can."""
        server = self._servers.get(origin.server)
        if server is None:
            return "its MCP server is gone."
        if server.trouble is None:
            return f"its MCP server {origin.server!r} is not connected yet. Try again."
        if server.trouble:
            return f"its MCP server {origin.server!r} cannot be used: {server.trouble}"
        return ""

    def begin(self) -> None:
        """Connect; a second time has no effect."""
        if not self._has_begun:
            self._has_begun = True
            for server in self._servers.values():
                server.start()

    async def settled(self) -> None:
        """Connect, and wait until each server was tried, for some seconds at most."""
        self.begin()
        waiting = [server.is_tried.wait() for server in self._servers.values()]
        if waiting:
            tasks = [asyncio.ensure_future(one) for one in waiting]
            await asyncio.wait(tasks, timeout=SETTLE_S)
            for task in tasks:
                task.cancel()

    async def follow(self, common: ToolsFile) -> None:
        """Have the servers that the config names now; those that stay the same stay connected."""
        wanted = {
            name: entry
            for name, entry in common.mcp_servers.items()
            if entry.enabled and common.enabled
        }
        has_common_changed = (
            common.requires_approval != self._common.requires_approval
            or common.max_execution_time != self._common.max_execution_time
        )
        self._common = common
        for name, server in list(self._servers.items()):
            if has_common_changed or wanted.get(name) != server.entry:
                del self._servers[name]
                await server.stop()
        for name, entry in wanted.items():
            if name not in self._servers:
                self._servers[name] = _Server(name, self._under_common(entry), entry, self)
                if self._has_begun:
                    self._servers[name].start()
        self._changed()

    async def close(self) -> None:
        """End all connections."""
        servers, self._servers = list(self._servers.values()), {}
        for server in servers:
            await server.stop()

    async def call(self, tool: Tool, origin: Origin, call: ToolCall) -> ToolOutcome:
        """Raises InvalidRequest, RateLimited, ToolUnavailable, UpstreamError, UpstreamTimeout."""
        if call.files or call.session is not None:
            words = (
                f"The tool {tool.id!r} is of an MCP server, which takes no files and no session."
            )
            raise InvalidRequest(words, param="files" if call.files else "session")
        server = self._servers.get(origin.server)
        if server is None or server.connection is None:
            raise ToolUnavailable(f"The tool {tool.id!r} cannot run: its MCP server is gone.")
        wall_s = tool.limits.wall_s
        if call.timeout_ms is not None:
            wall_s = min(wall_s, call.timeout_ms / 1000)
        if server.running >= MAX_CALLS:
            words = f"The MCP server {origin.server!r} has {MAX_CALLS} calls to answer already."
            raise RateLimited(f"{words} Try again.", retry_after_s=1)
        begun = time.monotonic()
        server.running += 1
        try:
            result = await server.connection.call(origin.name, call.parameters, timeout_s=wall_s)
        except PortalError as error:
            error.message = server.confidential.strike(error.message)
            raise
        finally:
            server.running -= 1
        results = import_module("aiportal.tools.servers.results")
        duration_ms = (time.monotonic() - begun) * 1000
        outcome: ToolOutcome = await asyncio.to_thread(
            results.outcome_of, tool.id, result, duration_ms, server.confidential.strike
        )
        return outcome

    def tell(self) -> None:
        """What a server's tools are has changed."""
        self._changed()

    def max_time_ms(self) -> int:
        """What no tool may exceed."""
        return self._common.max_execution_time

    async def connect(self, server: "_Server") -> _Connection:
        """Raises ToolUnavailable for a variable that is not set, or a server that cannot be had."""
        module = await asyncio.to_thread(import_module, "aiportal.tools.servers.connection")
        entry = server.entry
        secrets = {
            name: self._value(value) for name, value in {**entry.headers, **entry.env}.items()
        }
        server.confidential = Confidential.of(None, secrets, None)
        if entry.url is None:
            order = self._order(entry, secrets)
            stdio = await asyncio.to_thread(import_module, "aiportal.tools.servers.stdio")
            way = stdio.way_over_stdio(order, server.look_again)
        else:
            timeout_s = entry.timeout / 1000
            way = module.way_over_http(self._fetcher, entry.url, secrets, timeout_s=timeout_s)
        connection: _Connection = module.Connection(server.name, way, server.told)
        return connection

    def _order(self, entry: McpServerEntry, environment: Mapping[str, str]) -> CompanionOrder:
        if self._may_not_start:
            raise ToolUnavailable(self._may_not_start)
        return CompanionOrder(
            command=entry.command or "",
            arguments=entry.args,
            environment=environment,
            folders=entry.folders,
            network=entry.network,
        )

    def _value(self, text: str) -> str:
        found = variable_of(text)
        if found is None:
            return text
        before, name = found
        if not self._variables.get(name):
            words = f"it needs {name}. Set it in the portal's environment or its `.env` file."
            raise ToolUnavailable(words)
        return before + self._variables[name]

    def _under_common(self, entry: McpServerEntry) -> McpServerEntry:
        needs_approval = entry.requires_approval or self._common.requires_approval
        return entry.model_copy(update={"requires_approval": needs_approval})


class _Server:
    """One of them. trouble: None until it was tried, empty while it is connected, else why not.

    effective: the entry with what counts for all tools.
    """

    def __init__(
        self, name: str, effective: McpServerEntry, entry: McpServerEntry, servers: McpServers
    ) -> None:
        self.name = name
        self.entry = entry
        self.tools: Mapping[str, Tool] = {}
        self.problems: tuple[str, ...] = ()
        self.trouble: str | None = None
        self.connection: _Connection | None = None
        self.confidential = NOTHING_CONFIDENTIAL
        self.running = 0
        self.is_tried = asyncio.Event()
        self._effective = effective
        self._servers = servers
        self._last: ServerState | None = None
        self._states: asyncio.Queue[ServerState] = asyncio.Queue(maxsize=1)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        if not self._tasks:
            name = f"mcp-server-{self.name}"
            self._tasks.append(asyncio.create_task(self._run(), name=name))
            self._tasks.append(asyncio.create_task(self._take_in(), name=f"{name}-tools"))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def look_again(self) -> None:
        """It has said that its tools have changed."""
        if self.connection is not None:
            self.connection.look_again()

    def told(self, state: ServerState) -> None:
        """The newest state counts; one that was not looked at yet is forgotten."""
        state = replace(state, trouble=self.confidential.strike(state.trouble))
        if self._states.full():
            self._states.get_nowait()
        self._states.put_nowait(state)

    async def _run(self) -> None:
        try:
            self.connection = await self._servers.connect(self)
        except ToolUnavailable as error:
            self.told(ServerState(self.name, error.message))
            return
        except Exception:
            _log.exception("The MCP server %s cannot be connected to", self.name)
            self.told(ServerState(self.name, "the portal failed; its log has the reason."))
            return
        await self.connection.run()

    async def _take_in(self) -> None:
        while True:
            state = await self._states.get()
            if state != self._last:
                self._last = state
                await self._swap(state)
            self.is_tried.set()

    async def _swap(self, state: ServerState) -> None:
        if not state.is_up:
            _log.warning("The MCP server %s cannot be used: %s", self.name, state.trouble)
            self.trouble, self.problems = state.trouble, (f"cannot be used: {state.trouble}",)
            self._servers.tell()
            return
        tools, problems = await asyncio.to_thread(
            tools_of,
            self.name,
            self._effective,
            state.tools,
            access=_access(self.entry),
            max_time_ms=self._servers.max_time_ms(),
        )
        _log.info("The MCP server %s offers %d tools", self.name, len(tools))
        self.tools, self.trouble = tools, ""
        self.problems = (*state.problems, *problems)
        self._servers.tell()


def _access(entry: McpServerEntry) -> Access | None:
    """None for everybody. A group admits nobody as long as there are no groups."""
    own = entry.access
    if own is None or not (own.roles or own.groups or own.users):
        return None
    return Access(frozenset(own.roles), frozenset(name.lower() for name in own.users))
