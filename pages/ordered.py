"""What happens on one page happens in order.

Gradio handles a page's events at once. The one that began first may then end last, and put back what
the page showed before: a list of other chats, a chat without its newest question.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from gradio.block_function import BlockFunction

from pages.lean_gradio import LeanBlocks
from pages.pace import Pace

__all__ = ["OrderedBlocks", "at_any_time"]

_Handler = TypeVar("_Handler", bound=Callable[..., Any])
_MARK = "is_at_any_time"


def at_any_time(handler: _Handler) -> _Handler:
    """An event handler that waits for no other one of its page, such as Stop."""
    setattr(handler, _MARK, True)
    return handler


class OrderedBlocks(LeanBlocks):
    """Blocks whose events wait for those that came before them from the same page, and whom growing
    answers wait for."""

    def __init__(self, pace: Pace, **options: Any) -> None:
        """pace: of the answers. options: those of gr.Blocks."""
        super().__init__(**options)
        self._pace = pace
        self._pages: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

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
        # Who waits holds the lock, and with the last of them it goes.
        page = self._pages.setdefault(session_hash, asyncio.Lock())
        async with page:
            with self._pace.beginning():
                return await super().process_api(function, *args, **given)
