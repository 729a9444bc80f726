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
FORGOTTEN: Final = (
    0.2  # of what a slow one took, each time: a quick one may be followed by a slow one
)
_FENCE: Final = re.compile("```|~~~")


class Drawing:
    """One answer that is drawn again and again as it grows."""

    def __init__(self, render: Render, markdown: MarkdownRenderer) -> None:
        self._render = render
        self._texts = Texts.growing(markdown)
        self._growths = (_Growth(), _Growth())
        self._took_s = 0.0

    async def html(self, name: str, answer: Answer) -> str:
        """The answer as far as it has come."""
        text_growth, reasoning_growth = self._growths
        is_little = text_growth.is_little(answer.text)
        is_little &= reasoning_growth.is_little(answer.reasoning)
        brings_more = answer.tool_calls or answer.findings.sources  # each of them any amount
        if is_little and not brings_more and self._took_s <= QUICK_S:
            return self._drawn(name, answer)
        return await asyncio.to_thread(self._drawn, name, answer)

    def _drawn(self, name: str, answer: Answer) -> str:
        began_s = time.thread_time()
        html = self._render(name, answer, self._texts)
        self._took_s = max(time.thread_time() - began_s, self._took_s * (1 - FORGOTTEN))
        return html


class _Growth:
    """What has come of a text since the last look at it. Of the rest it reads nothing again."""

    def __init__(self) -> None:
        self._length = 0
        self._line_at = 0  # where the last line began
        self._is_in_code = False

    def is_little(self, text: str) -> bool:
        """Whether only little has come, and no code: the first in a language takes tens of milliseconds,
        also that of a language within another."""
        if len(text) < self._length:  # it is another one
            self._length, self._line_at, self._is_in_code = 0, 0, False
        grown, self._length = len(text) - self._length, len(text)
        line_at = text.rfind("\n", self._line_at) + 1 or self._line_at
        fences = len(_FENCE.findall(text, self._line_at, line_at))
        has_code = self._is_in_code or fences > 0 or _FENCE.search(text, line_at) is not None
        self._is_in_code ^= fences % 2 == 1
        self._line_at = line_at
        return grown <= QUICK_CHARS and not has_code
