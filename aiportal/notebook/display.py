"""An answer shown while it comes: one output of a cell, changed at most ten times a second."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from aiportal.notebook.answer import Answer
from aiportal.notebook.cell import cell_number, is_kernel, is_terminal, show
from aiportal.notebook.markup import rendered

__all__ = ["CellOutput", "Display", "NoDisplay", "Painter", "TerminalOutput", "display_here"]

MIN_INTERVAL_S = 0.1


class Display(Protocol):
    """Where a growing text is shown. Called in worker threads, never on the loop."""

    shown_in: int | None
    """Number of the cell that shows it, None where no cell does."""

    def show(self, text: str) -> None:
        """Show the whole text as it is now."""

    def finish(self, answer: Answer) -> None:
        """Show the answer that it has become."""


class NoDisplay:
    """Outside IPython: the caller gets the answer and shows it as they like."""

    shown_in: int | None = None

    def show(self, text: str) -> None:
        """Nothing to do."""

    def finish(self, answer: Answer) -> None:
        """Nothing to do."""


class CellOutput:
    """One output of the running cell, replaced in place."""

    def __init__(self) -> None:
        self.shown_in = cell_number()
        self._display_id = f"aiportal-{secrets.token_hex(8)}"
        self._is_there = False

    def show(self, text: str) -> None:
        """Show the text rendered."""
        self._put({"text/plain": text, "text/html": rendered(text)})

    def finish(self, answer: Answer) -> None:
        """Show the answer with its line of facts."""
        self._put(answer.bundle())

    def _put(self, bundle: dict[str, str]) -> None:
        show(bundle, display_id=self._display_id, is_update=self._is_there)
        self._is_there = True


class TerminalOutput:
    """IPython's terminal: text is added, since nothing there can be changed."""

    def __init__(self) -> None:
        self.shown_in = cell_number()
        self._length = 0

    def show(self, text: str) -> None:
        """Write what is new."""
        sys.stdout.write(text[self._length :])
        sys.stdout.flush()
        self._length = len(text)

    def finish(self, answer: Answer) -> None:
        """Write the rest and the line of facts."""
        self.show(answer.text)
        sys.stdout.write(f"\n[{answer.facts}]\n")


def display_here() -> Display:
    """The display of the caller: of the cell, of the terminal, or none."""
    if is_kernel():
        return CellOutput()
    return TerminalOutput() if is_terminal() else NoDisplay()


class Painter:
    """Brings a growing text to a display, at once and then at most every `MIN_INTERVAL_S`.

    The reader of the answer is never held up: what comes between two paintings is painted together.
    """

    def __init__(self, display: Display) -> None:
        self._display = display
        self._text = ""
        self._painted = ""
        self._has_news = asyncio.Event()
        self._has_ended = asyncio.Event()

    def update(self, text: str) -> None:
        """The whole text as it is now."""
        self._text = text
        self._has_news.set()

    async def _paint(self) -> None:
        while not self._has_ended.is_set():
            await self._has_news.wait()
            self._has_news.clear()
            await self._show()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._has_ended.wait(), MIN_INTERVAL_S)
        await self._show()

    async def _show(self) -> None:
        if self._text != self._painted:
            self._painted = self._text
            await asyncio.to_thread(self._display.show, self._text)

    @asynccontextmanager
    async def painting(self) -> AsyncIterator[None]:
        """Paints until the block ends; what came last is painted also when it ends by an error."""
        task = asyncio.create_task(self._paint())
        try:
            yield
        finally:
            self._has_ended.set()
            self._has_news.set()
            await task
