"""One server of the config: kept connected, and its tools taken in as they change."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from aiportal.errors import ToolUnavailable
from aiportal.registry import NOTHING_CONFIDENTIAL
from aiportal.registry.entries import access_of
from aiportal.tools.servers.entry import McpServerEntry
from aiportal.tools.servers.listing import tools_of
from aiportal.tools.servers.masking import told_entry
from aiportal.tools.servers.state import ServerLife, ServerState, ServerStatus, ServerTrial
from aiportal.tools.tool import Tool

__all__ = ["NO_ANSWER", "Server", "ServerConnection", "Servers"]

NO_ANSWER = "it does not answer in time."
_log = logging.getLogger(__name__)


class ServerConnection(Protocol):
    asked_at: float | None
    next_try_at: float | None

    async def run(self) -> None: ...

    def look_again(self) -> None: ...

    async def call(self, name: str, arguments: Mapping[str, Any], *, timeout_s: float) -> Any: ...


class Servers(Protocol):
    """What a server needs of those that it is one of."""

    async def connect(self, server: "Server") -> ServerConnection:
        """Raises ToolUnavailable."""

    def tell(self) -> None: ...

    def max_time_ms(self) -> int: ...


class Server:
    """One of them. trouble: None until it was tried, empty while it is connected, else why not.

    effective: the entry with what counts for all tools.
    """

    def __init__(
        self, name: str, effective: McpServerEntry, entry: McpServerEntry, servers: Servers
    ) -> None:
        self.name = name
        self.entry = entry
        self.tools: Mapping[str, Tool] = {}
        self.problems: tuple[str, ...] = ()
        self.trouble: str | None = None
        self.connection: ServerConnection | None = None
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

    @property
    def status(self) -> ServerStatus:
        """What administrators are told of it."""
        life: ServerLife = "connecting"
        if self.trouble is not None:
            life = "away" if self.trouble else "connected"
        connection = self.connection
        return ServerStatus(
            self.name,
            told_entry(self.entry),
            life,
            reason=self.trouble or "",
            tools=len(self.tools),
            problems=self.problems,
            asked_at=connection.asked_at if connection is not None else None,
            next_try_at=connection.next_try_at if connection is not None else None,
        )

    @property
    def trial(self) -> ServerTrial:
        """What came of connecting to it, its names without what is confidential."""
        if self.trouble != "":
            return ServerTrial(NO_ANSWER if self.trouble is None else self.trouble)
        origins = [tool.origin for tool in self.tools.values()]
        names = [self.confidential.strike(one.name) for one in origins if one is not None]
        return ServerTrial("", tuple(names), self.problems)

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
            access=access_of(self.entry.access),
            max_time_ms=self._servers.max_time_ms(),
        )
        _log.info("The MCP server %s offers %d tools", self.name, len(tools))
        self.tools, self.trouble = tools, ""
        self.problems = (*state.problems, *problems)
        self._servers.tell()
