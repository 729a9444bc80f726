"""The MCP servers that the config names: connected in the background, their tools among ours."""

import asyncio
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from aiportal.errors import InvalidRequest, PortalError, RateLimited, ToolUnavailable
from aiportal.fetch import Fetcher
from aiportal.registry import Confidential, ConfigProblem
from aiportal.sandbox import SandboxMode
from aiportal.sandbox.companion import CompanionOrder
from aiportal.tools.call import ToolCall
from aiportal.tools.outcome import ToolOutcome
from aiportal.tools.schema import ToolsFile
from aiportal.tools.servers.entry import McpServerEntry, variable_of
from aiportal.tools.servers.masking import told_entry
from aiportal.tools.servers.server import NO_ANSWER, Server, ServerConnection
from aiportal.tools.servers.state import ServerStatus, ServerTrial
from aiportal.tools.tool import Origin, Tool

__all__ = ["McpServers"]

MAX_CALLS = 32  # of one server at once
SETTLE_S = 10.0
TRIAL_S = 25.0  # some fetch what they need when they are started
MAX_TRIALS = 4  # at once
CONFIG = "config.json"


class McpServers:
    """Of one portal. Nothing is connected before `begin`: commands that need no tools do not wait.

    changed: called when the tools, or what is wrong with them, have changed.
    """

    def __init__(self, variables: Mapping[str, str], *, changed: Callable[[], None]) -> None:
        self._variables = variables
        self._changed = changed
        self._common = ToolsFile()
        self._servers: dict[str, Server] = {}
        self._following = asyncio.Lock()
        self._has_begun = False
        self._trials = 0
        self._fetcher: Fetcher | None = None
        self._may_not_start = ""
        self._own_folder: Path | None = None

    def reach_by(self, fetcher: Fetcher, *, sandbox: SandboxMode, own_folder: Path) -> None:
        """Before anything is connected: how servers with a URL are reached, and that those with a
        command are not started where the sandbox is switched off. own_folder: of the portal's data,
        which no program may read."""
        self._fetcher = fetcher
        self._own_folder = own_folder
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
        return [
            (name, len(one.tools), NO_ANSWER if one.trouble is None else one.trouble)
            for name, one in self._servers.items()
        ]

    def status(self, name: str, entry: McpServerEntry) -> ServerStatus:
        """How the server fares that the config names so, with this entry."""
        if not (entry.enabled and self._common.enabled):
            words = "All tools are switched off." if entry.enabled else "It is switched off."
            return ServerStatus(name, told_entry(entry), "off", reason=words)
        server = self._servers.get(name)
        if server is None or server.entry != entry:
            return ServerStatus(name, told_entry(entry), "connecting")
        return server.status

    async def attempt(self, name: str, entry: McpServerEntry) -> ServerTrial:
        """Connect to a server beside these, and leave it again. Raises RateLimited."""
        if self._trials >= MAX_TRIALS:
            words = f"{MAX_TRIALS} servers are being tried already. Try again."
            raise RateLimited(words, retry_after_s=1)
        beside = McpServers(self._variables, changed=lambda: None)
        beside._fetcher, beside._may_not_start = self._fetcher, self._may_not_start
        beside._own_folder = self._own_folder
        alone = {name: entry.model_copy(update={"enabled": True})}
        self._trials += 1
        try:
            await beside.follow(
                self._common.model_copy(update={"enabled": True, "mcp_servers": alone})
            )
            await beside.settled(within_s=TRIAL_S)
            return beside._servers[name].trial
        finally:
            self._trials -= 1
            await beside.close()

    def missing(self, origin: Origin) -> str:
        """Why a tool cannot be used now, in words; empty where it can."""
        server = self._servers.get(origin.server)
        if server is None:
            return "its MCP server is gone. Try later."
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

    async def settled(self, *, within_s: float = SETTLE_S) -> None:
        """Connect, and wait until each server was tried, for some seconds at most."""
        self.begin()
        waiting = [server.is_tried.wait() for server in self._servers.values()]
        if waiting:
            tasks = [asyncio.ensure_future(one) for one in waiting]
            await asyncio.wait(tasks, timeout=within_s)
            for task in tasks:
                task.cancel()

    async def follow(self, common: ToolsFile) -> None:
        """Have the servers that the config names now; those that stay the same stay connected.

        One call after the other, each in its turn: to end a connection takes a while.
        """
        async with self._following:
            await self._follow(common)

    async def _follow(self, common: ToolsFile) -> None:
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
                self._servers[name] = Server(name, self._under_common(entry), entry, self)
                if self._has_begun:
                    self._servers[name].start()
        self._changed()

    async def close(self) -> None:
        """End all connections."""
        async with self._following:
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
            raise ToolUnavailable(
                f"The tool {tool.id!r} cannot run: its MCP server is gone. Try later."
            )
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

    async def connect(self, server: Server) -> ServerConnection:
        """Raises ToolUnavailable for a variable that is not set, or a server that cannot be had."""
        module = await asyncio.to_thread(import_module, "aiportal.tools.servers.connection")
        entry = server.entry
        secrets = {
            name: self._value(value) for name, value in {**entry.headers, **entry.env}.items()
        }
        server.confidential = Confidential.of(None, secrets, None)
        if entry.url is None:
            order = await asyncio.to_thread(self._order, entry, secrets)
            stdio = await asyncio.to_thread(import_module, "aiportal.tools.servers.stdio")
            way = stdio.way_over_stdio(order, server.look_again)
        else:
            timeout_s = entry.timeout / 1000
            way = module.way_over_http(self._fetcher, entry.url, secrets, timeout_s=timeout_s)
        connection: ServerConnection = module.Connection(server.name, way, server.told)
        return connection

    def _order(self, entry: McpServerEntry, environment: Mapping[str, str]) -> CompanionOrder:
        if self._may_not_start:
            raise ToolUnavailable(self._may_not_start)
        for folder in entry.folders:
            if self._own_folder is not None and _overlap(Path(folder), self._own_folder):
                words = (
                    f"`folders` names {folder}, where the portal's own data is. Name another one."
                )
                raise ToolUnavailable(words)
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


def _overlap(one: Path, other: Path) -> bool:
    one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)
