"""Our tags in the head of Gradio's page, before anything of its own.

Gradio's `head=` reaches the page only by script, after the first paint: the page would be seen
without its looks and in the wrong mode, and its parts would start before our script is there.
"""

import asyncio
import gzip

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["PageHead"]

_HEAD = b"<head>"


class PageHead:
    """tags: HTML to stand first in the head of the page at `/`."""

    def __init__(self, app: ASGIApp, *, tags: str) -> None:
        self._app = app
        self._tags = _HEAD + tags.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        takes_gzip = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        page = _Page(send, self._tags, takes_gzip=takes_gzip)
        await self._app({**scope, "headers": plain}, receive, page.take)


class _Page:
    """Holds one response back until it is whole, then sends it with the tags."""

    def __init__(self, send: Send, tags: bytes, *, takes_gzip: bool) -> None:
        self._send = send
        self._tags = tags
        self._takes_gzip = takes_gzip
        self._start: Message = {}
        self._body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        headers = MutableHeaders(raw=list(self._start["headers"]))
        body = self._body.replace(_HEAD, self._tags, 1)
        if self._takes_gzip:
            body = await asyncio.to_thread(gzip.compress, body, 5)
            headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(body))
        headers["vary"] = "Accept-Encoding"
        await self._send({**self._start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})
