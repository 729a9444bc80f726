"""Our tags in the head of Gradio's page, before anything of its own, and the page in the reader's
language.

Gradio's `head=` reaches the page only by script, after the first paint: the page would be seen
without its looks and in the wrong mode, and its parts would start before our script is there. What
the user has chosen stands in the page itself, so that it is there with the first paint.
"""

import asyncio
import gzip
import html
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aiportal.accounts import UserSettings
from aiportal.api.deps import authenticate
from aiportal.errors import PortalError
from aiportal.portal import Portal
from pages.static import StaticFiles
from pages.texts import (
    LANGUAGE_COOKIE,
    chosen_language,
    direction,
    html_language,
    say,
    texts,
    translated,
)

__all__ = ["PageHead", "SettingsReader", "settings_reader"]

SettingsReader = Callable[[Request], Awaitable[UserSettings]]
_HEAD: Final = "<head>"
_HTML: Final = '<html\n\tlang="en"'
_PATHS: Final = ("/", "/config")  # Gradio's script asks for the second when the server was away
_YEAR_S: Final = 31_536_000
_TABS: Final = ("chat", "research", "tools", "audio", "admin")
_SHORT_NAMES: Final = texts("Chat", "Research", "Tools", "Audio", "Admin")


def settings_reader(portal: Portal) -> SettingsReader:
    """Reads what the caller of a request has chosen; nothing if that cannot be told."""

    async def read(request: Request) -> UserSettings:
        try:
            principal = await authenticate(portal, request)
            return UserSettings.parse(await portal.preferences.get(principal))
        except PortalError:
            return UserSettings()

    return read


class PageHead:
    """Completes the page at `/`. read: what its reader has chosen."""

    def __init__(self, app: ASGIApp, *, files: StaticFiles, read: SettingsReader) -> None:
        self._app = app
        self._files = files
        self._read = read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["path"] in _PATHS and scope["method"] == "GET"
        if not is_page:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        settings = await self._read(request)
        headers = Headers(scope=scope)
        language = chosen_language(settings.language, headers)
        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        page = _Page(
            send,
            attributes=_attributes(settings, language),
            tags=self._files.head(language) + _short_names(language),
            language=language,
            takes_gzip="gzip" in headers.get("accept-encoding", ""),
            is_remembered=request.cookies.get(LANGUAGE_COOKIE) == language,
        )
        await self._app({**scope, "headers": plain}, receive, page.take)


class _Page:
    """Holds one response back until it is whole, then sends it completed."""

    def __init__(
        self,
        send: Send,
        *,
        attributes: str,
        tags: str,
        language: str,
        takes_gzip: bool,
        is_remembered: bool,
    ) -> None:
        self._send = send
        self._attributes = attributes
        self._tags = tags
        self._language = language
        self._takes_gzip = takes_gzip
        self._is_remembered = is_remembered
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
        body = await asyncio.to_thread(self._completed)
        if self._takes_gzip:
            headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(body))
        headers["vary"] = "Accept-Encoding, Accept-Language, Cookie"
        if not self._is_remembered:
            cookie = f"{LANGUAGE_COOKIE}={self._language}; Max-Age={_YEAR_S}; Path=/; SameSite=Lax"
            headers.append("set-cookie", cookie)
        await self._send({**self._start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})

    def _completed(self) -> bytes:
        text = translated(self._body.decode(), self._language)
        text = text.replace(_HTML, f"<html {self._attributes}", 1)
        body = text.replace(_HEAD, _HEAD + self._tags, 1).encode()
        return gzip.compress(body, 5) if self._takes_gzip else body


def _attributes(settings: UserSettings, language: str) -> str:
    """Of the root element; portal.js, settings.js and the stylesheet read them."""
    attributes = {
        "lang": html_language(language),
        "dir": direction(language),
        "data-language": language,
        "data-app": "",
        "data-look": settings.theme or "",
        "data-density": settings.density,
        "data-send-with": settings.send_with,
    }
    return " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())


def _short_names(language: str) -> str:
    """The words below the tabs' icons on a phone, which the stylesheet draws."""
    rules = [
        f'#tab-{tab}-button{{--short:"{say(language, name)}"}}'
        for tab, name in zip(_TABS, _SHORT_NAMES, strict=True)
    ]
    return f"<style>:root:root:root{{{''.join(rules)}}}</style>"
