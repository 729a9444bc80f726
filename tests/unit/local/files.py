"""A server of one file, as good or as bad as a test wants it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

__all__ = ["FileServer"]


@dataclass
class FileServer:
    """Serves `content` under every path. url: without a trailing slash.

    cuts: after how many bytes the first answers, one after the other, break off.
    statuses: what the first answers say instead of sending the file.
    knows_ranges: False sends everything, whatever was asked for. etag: "" sends none.
    headers: further ones. redirect: where to, instead of an answer.
    gate: once it is cleared, answers stop after `gate_at` bytes until it is set again.
    """

    content: bytes
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    knows_ranges: bool = True
    etag: str = '"v1"'
    headers: dict[str, str] = field(default_factory=dict)
    redirect: str = ""
    gate_at: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    is_held: asyncio.Event = field(default_factory=asyncio.Event)
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FileServer"]:
        self.gate.set()
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.redirect:
            return web.Response(status=302, headers={"Location": self.redirect, **self.headers})
        self.ranges.append(request.headers.get("Range"))
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        start = self._start(request)
        if start and start >= len(self.content):
            return web.Response(
                status=416, headers={"Content-Range": f"bytes */{len(self.content)}"}
            )
        return await self._send(request, start)

    def _start(self, request: web.Request) -> int:
        asked = request.headers.get("Range", "")
        if not self.knows_ranges or not asked or request.headers.get("If-Range") != self.etag:
            return 0
        return int(asked.removeprefix("bytes=").rstrip("-"))

    async def _send(self, request: web.Request, start: int) -> web.StreamResponse:
        size = len(self.content)
        headers = {"Content-Length": str(size - start), **self.headers}
        if self.etag:
            headers["ETag"] = self.etag
        if start:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        response = web.StreamResponse(status=206 if start else 200, headers=headers)
        await response.prepare(request)
        if self.cuts:
            await response.write(self.content[start : start + self.cuts.pop(0)])
            if request.transport is not None:
                request.transport.close()
            return response
        if not self.gate.is_set():
            await response.write(self.content[start : self.gate_at])
            start = max(start, self.gate_at)
            self.is_held.set()
            await self.gate.wait()
        await response.write(self.content[start:])
        return response
