"""MCP servers of the tests: an honest one by the SDK, and one that says what a test wants."""

import asyncio
import base64
import json
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from aiohttp import web
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings

__all__ = ["HostileServer", "honest_server", "serving_mcp", "serving_mcp_in_thread"]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPhfDwAChAGA60e6kgAAAABJRU5ErkJggg=="
)
Answer = Callable[[dict[str, Any]], Awaitable[Any]]


def honest_server(cancelled: list[str] | None = None) -> MCPServer:
    """A few tools. cancelled: what was taken back is put in there."""
    server = MCPServer("honest")

    @server.tool()
    def add(a: int, b: int) -> dict[str, int]:
        """Add two numbers."""
        return {"sum": a + b}

    @server.tool()
    def picture() -> Image:
        """Draw."""
        return Image(data=PIXEL, format="png")

    @server.tool()
    def fails(words: str) -> str:
        """Go wrong."""
        raise ToolError(words)

    @server.tool()
    async def waits() -> str:
        """Take its time."""
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            if cancelled is not None:
                cancelled.append("waits")
            raise
        return "done"

    @server.tool()
    def told(context: Context[Any, Any]) -> dict[str, str]:
        """The headers of the call."""
        return dict(context.headers or {})

    return server


@asynccontextmanager
async def serving_mcp(server: MCPServer) -> AsyncIterator[int]:
    """Over HTTP on loopback; the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    running = _over_http(server)
    task = asyncio.ensure_future(running.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        running.should_exit = running.force_exit = True
        await asyncio.wait([task])
        listener.close()


@contextmanager
def serving_mcp_in_thread(server: MCPServer) -> Iterator[int]:
    """As `serving_mcp`, for tests without a loop."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = _over_http(server)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            running.should_exit = running.force_exit = True
            thread.join()


def _over_http(server: MCPServer) -> uvicorn.Server:
    app = server.streamable_http_app(
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False)
    )
    return uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on", ws="none"))


class HostileServer:
    """Speaks the protocol's first words rightly; `tools` is the list, `answer` makes the rest.

    answer: gets the request, returns a result, or a whole response.
    """

    def __init__(self) -> None:
        self.tools: list[dict[str, Any]] = [{"name": "tool", "inputSchema": {"type": "object"}}]
        self.answer: Answer | None = None
        self.methods: list[str] = []
        self.headers: list[dict[str, str]] = []
        self._handling: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[int]:
        """The port."""
        app = web.Application()
        app.router.add_route("*", "/mcp", self._handle_for_a_time)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        try:
            yield runner.addresses[0][1]
        finally:
            for task in self._handling:
                task.cancel()
            await runner.cleanup()

    async def _handle_for_a_time(self, request: web.Request) -> web.StreamResponse:
        """As `_handle`; what hangs ends with the server."""
        task = asyncio.ensure_future(self._handle(request))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)
        return await task

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if request.method != "POST":
            return web.Response(status=405)
        message = json.loads(await request.read())
        method = message.get("method", "")
        self.methods.append(method)
        if "id" not in message:
            return web.Response(status=202)
        result: Any
        if method == "initialize":
            result = {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "hostile", "version": "1"},
            }
        elif method == "tools/list":
            result = {"tools": self.tools}
        elif method == "tools/call" and self.answer is not None:
            result = await self.answer(message)
        else:
            error = {"code": -32601, "message": "Method not found"}
            return web.json_response({"jsonrpc": "2.0", "id": message["id"], "error": error})
        if isinstance(result, web.StreamResponse):
            return result
        return web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": result})


if __name__ == "__main__":
    honest_server().run("stdio")
    sys.exit(0)
