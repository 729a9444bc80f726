"""Browser pages that note what they do."""

from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from aiportal.accounts import COOKIE_NAME

__all__ = ["TIMEOUT_MS", "Watched"]

TIMEOUT_MS = 30_000  # a deadline for a busy machine; the usual wait is a tenth of a second
# What Gradio's own script says when a page is left while a stream is open.
LEAVING = ("AbortError: signal is aborted", "Unexpected error Connection errored out")


class Watched:
    """A context manager that opens pages and, at the end, asserts that they behaved.

    expected: parts of console errors that the test provokes, such as a refused sign-in.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._contexts: list[BrowserContext] = []
        self.expected: list[str] = [*LEAVING]
        self.console_errors: list[str] = []
        self.foreign_requests: list[str] = []

    def page(
        self,
        cookie: str | None = None,
        *,
        width: int = 1440,
        height: int = 900,
        color_scheme: str = "light",
    ) -> Page:
        """A page in a context of its own, signed in with `cookie`."""
        options: dict[str, Any] = {
            "base_url": self._url,
            "viewport": {"width": width, "height": height},
            "color_scheme": color_scheme,
            "reduced_motion": "reduce",  # nothing to wait for, and less to paint
        }
        context = self._browser.new_context(**options)
        context.set_default_timeout(TIMEOUT_MS)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        self._contexts.append(context)
        if cookie is not None:
            context.add_cookies([{"name": COOKIE_NAME, "value": cookie, "url": self._url}])
        page = context.new_page()
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        page.on("request", self._note_request)
        return page

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console_errors.append(f"{message.text} {message.location.get('url', '')}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self._url}/", "data:", "blob:")):
            self.foreign_requests.append(request.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for context in self._contexts:
            context.close()
        if kind is not None:
            return
        unexpected = [
            text
            for text in self.console_errors
            if not any(expected in text for expected in self.expected)
        ]
        if unexpected or self.foreign_requests:
            raise AssertionError(f"console: {unexpected}, other hosts: {self.foreign_requests}")
