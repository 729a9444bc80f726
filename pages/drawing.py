"""Growing answers as HTML: on the event loop where that takes less than handing it to a thread."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Final

from pages.markdown import MarkdownRenderer
from pages.render import Answer, Texts

__all__ = ["Drawing", "Render"]

Render = Callable[[str, Answer, Texts], str]
"""An answer by its name."""

QUICK_S: Final = 0.002  # of the processor; a thread costs as much where many wait for Python's lock
QUICK_CHARS: Final = 200  # that have come since: what they take is not known
_FENCE: Final = re.compile(r"(?:```|~~~)[^\n]*(\n?)")


class Drawing:
    """One answer that is drawn again and again as it grows."""

    def __init__(self, render: Render, markdown: MarkdownRenderer) -> None:
        self._render = render
        self._texts = Texts.growing(markdown)
        self._chars = 0
        self._fences: list[list[str]] = [[], []]
        self._took_s = 0.0

    async def html(self, name: str, answer: Answer) -> str:
        """The answer as far as it has come."""
        if self._is_quick(answer):
            return self._drawn(name, answer)
        return await asyncio.to_thread(self._drawn, name, answer)

    def _is_quick(self, answer: Answer) -> bool:
        chars = len(answer.text) + len(answer.reasoning)
        grown, self._chars = chars - self._chars, chars
        line_ends = [_FENCE.findall(text) for text in (answer.text, answer.reasoning)]
        # The first code in a language takes tens of milliseconds, and this may be it.
        is_new_code = line_ends != self._fences or any("" in one for one in line_ends)
        self._fences = line_ends
        has_calls = bool(answer.tool_calls)  # of which each may bring any amount
        is_little = 0 <= grown <= QUICK_CHARS and not (is_new_code or has_calls)
        return is_little and self._took_s <= QUICK_S

    def _drawn(self, name: str, answer: Answer) -> str:
        began_s = time.thread_time()
        html = self._render(name, answer, self._texts)
        self._took_s = time.thread_time() - began_s
        return html
