"""One server, connected for as long as it is in the config: found again when it was lost.

Imports the SDK, which takes seconds: `servers` imports this module on another thread, once needed.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any

import httpx2
import mcp_types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from pydantic import TypeAdapter, ValidationError

from aiportal.errors import PortalError, ToolUnavailable, UpstreamError, UpstreamTimeout
from aiportal.fetch import Fetcher
from aiportal.tools.servers.http import MAX_ANSWER_BYTES, FetcherTransport
from aiportal.tools.servers.state import ListedTool, ServerState

__all__ = ["Connection", "Way", "client_over", "way_over_http"]

CONNECT_S = 20.0
LIST_S = 20.0
LIST_AGAIN_S = 5.0  # one that takes longer is given up, and connected to anew
LOOK_AGAIN_S = 60.0  # how often a server is asked what it offers
LOOK_SOON_S = 1.0  # how soon at most after it has said that this changed, or a call went wrong
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
STEADY_S = 30.0  # a connection that lasted so long makes the next pause a short one
MAX_PAGES = 10
MAX_LISTED = 1_000
MAX_WORDS = 300
_VERSION = version("aiportal")  # reads files: not for the event loop
_RESULT = TypeAdapter(mcp_types.CallToolResult)
_log = logging.getLogger(__name__)
Way = Callable[[], AbstractAsyncContextManager["Client"]]


def way_over_http(
    fetcher: Fetcher, url: str, headers: Mapping[str, str], *, timeout_s: float
) -> Way:
    """How a server with a URL is connected to. Raises UpstreamError with the fetcher's words."""

    @asynccontextmanager
    async def connected() -> AsyncIterator[Client]:
        transport = FetcherTransport(fetcher, headers, timeout_s=timeout_s + CONNECT_S)
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(
                httpx2.AsyncClient(transport=transport, trust_env=False, timeout=None)
            )
            streams = streamable_http_client(
                url, http_client=http, max_sse_event_size=MAX_ANSWER_BYTES
            )
            try:
                client = await stack.enter_async_context(client_over(streams))
            except Exception as error:
                if transport.trouble:
                    raise UpstreamError(transport.trouble) from error
                raise
            yield client

    return connected


def client_over(streams: Any, *, message_handler: Any = None) -> Client:
    """The SDK's client: it keeps nothing, and does nothing that a server might ask for."""
    about = mcp_types.Implementation(name="aiportal", version=_VERSION)
    return Client(streams, cache=None, client_info=about, message_handler=message_handler)


class Connection:
    """told: called with every change of what is known of the server.

    asked_at: when it last said what it offers; next_try_at: when it is connected to again, None while
    it is connected. Both in seconds since 1970.
    """

    def __init__(self, name: str, way: Way, told: Callable[[ServerState], None]) -> None:
        self._name = name
        self._way = way
        self._told = told
        self.asked_at: float | None = None
        self.next_try_at: float | None = None
        self._client: Client | None = None
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Connect, again and again, until this is cancelled."""
        pause_s = FIRST_PAUSE_S
        while True:
            begun = asyncio.get_running_loop().time()
            try:
                await self._stay_connected()
            except Exception as error:
                self._told(ServerState(self._name, _words_of(error)))
            finally:
                self._client = None
            if asyncio.get_running_loop().time() - begun > STEADY_S:
                pause_s = FIRST_PAUSE_S
            self._end_if_cancelled()
            wait_s = pause_s * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
            self.next_try_at = time.time() + wait_s
            await asyncio.sleep(wait_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    @staticmethod
    def _end_if_cancelled() -> None:
        """A group of tasks that fails while it is cancelled tells of the failure alone."""
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError

    def look_again(self) -> None:
        """Ask the server soon what it offers: it has said so, or something went wrong with it."""
        self._look.set()

    async def call(
        self, name: str, arguments: Mapping[str, Any], *, timeout_s: float
    ) -> mcp_types.CallToolResult:
        """Cancelling this tells the server.

        Raises ToolUnavailable, UpstreamError, UpstreamTimeout, InvalidRequest.
        """
        client = self._client
        if client is None:
            raise ToolUnavailable(f"The MCP server {self._name!r} is not connected. Try again.")
        request = mcp_types.CallToolRequest(
            params=mcp_types.CallToolRequestParams(name=name, arguments=dict(arguments))
        )
        try:
            async with asyncio.timeout(timeout_s):
                # Not `client.call_tool`: it would run the regular expressions of the server's schema.
                return await client.session.send_request(request, _RESULT)
        except TimeoutError as error:
            self.look_again()
            raise UpstreamTimeout(
                f"The MCP server {self._name!r} has not answered within {timeout_s:g} s."
            ) from error
        except MCPError as error:
            self.look_again()
            words = _shortened(error.message)
            raise UpstreamError(f"The MCP server {self._name!r} refuses: {words}") from error
        except (ValidationError, RuntimeError, ValueError, OSError, httpx2.HTTPError) as error:
            self.look_again()
            raise UpstreamError(
                f"The MCP server {self._name!r} answers with what is no result of a tool."
            ) from error

    async def _stay_connected(self) -> None:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(CONNECT_S):
                client = await stack.enter_async_context(self._way())
            await self._list(client, within_s=LIST_S)
            self._client = client
            while True:
                await self._until_due()
                await self._list(client, within_s=LIST_AGAIN_S)

    async def _until_due(self) -> None:
        try:
            async with asyncio.timeout(LOOK_AGAIN_S):
                await self._look.wait()
        except TimeoutError:
            return
        await asyncio.sleep(LOOK_SOON_S)
        self._look.clear()

    async def _list(self, client: Client, *, within_s: float) -> None:
        """Tell what the server offers now."""
        found: list[ListedTool] = []
        cursor: str | None = None
        async with asyncio.timeout(within_s):
            for _ in range(MAX_PAGES):
                page = await client.list_tools(cursor=cursor)
                found += map(_listed, page.tools)
                cursor = page.next_cursor
                if cursor is None or len(found) > MAX_LISTED:
                    break
        self.asked_at, self.next_try_at = time.time(), None
        problems = (
            () if cursor is None else (f"it has more than {MAX_LISTED} tools, or too many pages",)
        )
        self._told(ServerState(self._name, "", tuple(found[:MAX_LISTED]), problems))


def _listed(tool: mcp_types.Tool) -> ListedTool:
    title = tool.title or (tool.annotations.title if tool.annotations is not None else None)
    return ListedTool(tool.name, title or "", tool.description or "", tool.input_schema)


def _words_of(error: BaseException) -> str:
    """Why there is no connection, without anything that a stranger's library put in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, PortalError):
        return error.message
    if isinstance(error, TimeoutError):
        return "it does not answer in time."
    if isinstance(error, MCPError):
        return f"it refuses: {_shortened(error.message)}"
    if isinstance(error, ValidationError):
        return "it answers with what is no MCP."
    _log.info("An MCP server cannot be used", exc_info=error)
    return f"the connection failed ({type(error).__name__})."


def _shortened(words: str) -> str:
    """A stranger's, in one line."""
    return " ".join(words.split())[:MAX_WORDS]
