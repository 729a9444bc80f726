"""The readable text of pages that a search found, by the tool `web-scraper` in its box.

A snippet is a line or two, and Wikipedia's hardly that. The page is fetched by the one safe fetcher,
and read where hostile HTML can do no harm: the tool has a process of its own, with bounds. Where a
caller may not use it, where it needs an approval, or where there is no sandbox, snippets must do.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from aiportal.chat.tool_box import ToolBox
from aiportal.errors import PortalError
from aiportal.principal import Principal
from aiportal.tools import ToolOutcome
from aiportal.usage import Door

__all__ = ["PageReader"]

TOOL_ID: Final = "web-scraper"
MAX_PAGES: Final = 3
MAX_SECONDS: Final = 8.0  # for all of them
MIN_PAGE_CHARS: Final = 200  # the least that the tool gives

_log = logging.getLogger(__name__)


class PageReader:
    """Reads the first pages at once. One that cannot be read in time is left out."""

    def __init__(self, box: ToolBox | None) -> None:
        self._box = box

    async def texts(
        self, principal: Principal, urls: Sequence[str], *, source: Door, max_chars: int
    ) -> list[str | None]:
        """The beginning of each page, `max_chars` at most; None for one that was not read."""
        unread: list[str | None] = [None] * len(urls)
        if max_chars < MIN_PAGE_CHARS or not urls or not self._may(principal):
            return unread
        tasks = [
            asyncio.create_task(self._text(principal, url, source, max_chars))
            for url in urls[:MAX_PAGES]
        ]
        try:
            await asyncio.wait(tasks, timeout=MAX_SECONDS)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        read = [None if task.cancelled() else task.result() for task in tasks]
        return [*read, *unread[len(read) :]]

    def _may(self, principal: Principal) -> bool:
        offered = () if self._box is None else self._box.offered(principal)
        return any(one.id == TOOL_ID and not one.needs_approval for one in offered)

    async def _text(
        self, principal: Principal, url: str, source: Door, max_chars: int
    ) -> str | None:
        if self._box is None:
            return None
        parameters = {"url": url, "max_chars": max_chars}
        try:
            outcome = await self._box.execute(principal, TOOL_ID, parameters, source=source)
        except PortalError as error:
            _log.debug("a page that was found is not read: %s", error.message)
            return None
        if not isinstance(outcome, ToolOutcome) or not isinstance(outcome.result, dict):
            return None
        text = outcome.result.get("text")
        return text[:max_chars] if isinstance(text, str) and text.strip() else None
