"""Growing answers as HTML: on the event loop where that takes less than handing it to a thread."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Final

from pages.code_languages import SELF_CONTAINED
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
_FENCE: Final = re.compile(r"(?:`{3,}|~{3,})[ \t]*([^\s`~]*)")


class Drawing:
    """One answer that is drawn again and again as it grows.

    learnt: shared by all; the languages whose code is known to be drawn soon. The first code in a
    language takes tens of milliseconds.
    """

    def __init__(self, render: Render, markdown: MarkdownRenderer, learnt: set[str]) -> None:
        self._render = render
        self._texts = Texts.growing(markdown)
        self._learnt = learnt
        self._growths = (_Growth(), _Growth())
        self._took_s = 0.0

    async def html(self, name: str, answer: Answer) -> str:
        """The answer as far as it has come."""
        growths = self._growths
        for growth, text in zip(growths, (answer.text, answer.reasoning), strict=True):
            growth.look(text)
        languages = growths[0].languages | growths[1].languages
        is_little = growths[0].is_little and growths[1].is_little and languages <= self._learnt
        brings_more = answer.tool_calls or answer.findings.sources  # each of them any amount
        if is_little and not brings_more and self._took_s <= QUICK_S:
            return self._drawn(name, answer)
        html = await asyncio.to_thread(self._drawn, name, answer)
        self._learnt |= languages & SELF_CONTAINED
        return html

    def _drawn(self, name: str, answer: Answer) -> str:
        began_s = time.thread_time()
        html = self._render(name, answer, self._texts)
        self._took_s = max(time.thread_time() - began_s, self._took_s * (1 - FORGOTTEN))
        return html


class _Growth:
    """What has come of a text since the last look at it. Of the rest it reads nothing again.

    languages: of all code in the text so far, as fences name them, and of what only looks like one: which
    fence closes which is not told without parsing. is_little: whether what has come is short, and has no
    fence that may still be written.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.languages: set[str] = set()
        self.is_little = True
        self._length = 0
        self._line_at = 0  # where the last line began

    def look(self, text: str) -> None:
        """At the text as far as it has come."""
        if len(text) < self._length:  # it is another one
            self._begin()
        grown, self._length = len(text) - self._length, len(text)
        line_at = text.rfind("\n", self._line_at) + 1 or self._line_at
        self.languages.update(filter(None, _FENCE.findall(text, self._line_at, line_at)))
        self._line_at = line_at
        self.is_little = grown <= QUICK_CHARS and _FENCE.search(text, line_at) is None
