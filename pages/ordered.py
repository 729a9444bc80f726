"""What happens on one page happens in order.

Gradio handles a page's events at once. The one that began first may then end last, and put back what
the page showed before: a list of other chats, a chat without its newest question.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

import gradio as gr
from gradio.block_function import BlockFunction

from pages.lean_gradio import LeanBlocks
from pages.pace import Pace

__all__ = ["OrderedBlocks", "at_any_time"]

_Handler = TypeVar("_Handler", bound=Callable[..., Any])
_MARK: Final = "is_at_any_time"
MAX_EVENTS: Final = 20  # of one page: each takes one of the places that all pages share


def at_any_time(handler: _Handler) -> _Handler:
    """An event handler that waits for no other one of its page, such as Stop."""
    setattr(handler, _MARK, True)
    return handler


class _Page:
    """Who waits for whom on a page."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self._events = 0

    @contextmanager
    def event(self) -> Iterator[None]:
        """One that is handled, or waits. Raises gradio.Error for more than a page ever has."""
        if self._events >= MAX_EVENTS:
            raise gr.Error("Too much happens on this page at once.", print_exception=False)
        self._events += 1
        try:
            yield
        finally:
            self._events -= 1


class OrderedBlocks(LeanBlocks):
    """Blocks whose events wait for those that came before them from the same page, and whom growing
    answers wait for."""

    def __init__(self, pace: Pace, **options: Any) -> None:
        """pace: of the answers. options: those of gr.Blocks."""
        super().__init__(**options)
        self._pace = pace
        self._pages: WeakValueDictionary[str, _Page] = WeakValueDictionary()

    async def process_api(
        self,
        block_fn: BlockFunction | int,
        *args: Any,
        session_hash: str | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """One event, from what the page has sent to what it is sent; the rest is Gradio's."""
        function = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        given = {"session_hash": session_hash, **options}
        if session_hash is None or getattr(function.fn, _MARK, False):
            return await super().process_api(function, *args, **given)
        # Its events keep the entry alive, and with the last of them it goes.
        page = self._pages.setdefault(session_hash, _Page())
        with page.event():
            async with page.turn:
                with self._pace.beginning():
                    return await super().process_api(function, *args, **given)
