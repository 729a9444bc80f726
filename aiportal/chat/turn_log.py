"""What has happened in one turn so far, as numbered events that any number of followers read.

An event's number is the length of the log after it: a text or reasoning delta counts its
characters, every other event counts one. So the numbers rise, not always by one; a follower that
is behind gets several deltas as one; and whatever number a reader stopped at, it can go on from
there, even from the log that is rebuilt from the stored message. Followers keep a position and
nothing else: a slow one costs no memory and holds nobody up.
"""

import asyncio
import json
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import TypeVar

from aiportal.chat.messages import MessageStatus
from aiportal.chat.tool_use import ToolUse, ended_uses
from aiportal.chat.web.findings import Findings
from aiportal.errors import UpstreamError
from aiportal.events import (
    Event,
    ReasoningDelta,
    SourceFound,
    TextDelta,
    ToolCalled,
    ToolReturned,
    TurnFinished,
    TurnStarted,
    WebSearched,
)

__all__ = ["Outline", "TurnLog"]

# Of one answer; these bound memory and the stored row. What tools gave is left out beyond them.
MAX_CHARS = 4_000_000  # with its reasoning
MAX_RESULT_CHARS = 4_000_000  # of all that its calls gave and printed
MAX_FILE_CHARS = 16_000_000  # of the files that they made, where those are held here, as base64
MERGE_BELOW_CHARS = 1_024  # deltas are kept together up to this length: bounds the number of events

Delta = TextDelta | ReasoningDelta
D = TypeVar("D", TextDelta, ReasoningDelta)
Outline = Sequence[tuple[str, int]]
"""How an answer came: (type of delta, characters), and (type of event, place among the tool calls, or
among the events of a search)."""


class TurnLog:
    """Written by the one task of the turn; ends with TurnFinished."""

    def __init__(self, started: TurnStarted) -> None:
        self._events: list[Event] = [started]
        self._numbers = [1]
        self._changed = asyncio.Event()
        self._result_chars = 0
        self._file_chars = 0

    @property
    def chars(self) -> int:
        """How much is held: of text, and of what tools gave."""
        return self.number + self._result_chars + self._file_chars

    @property
    def number(self) -> int:
        """The number of the newest event."""
        return self._numbers[-1]

    @property
    def is_finished(self) -> bool:
        return isinstance(self._events[-1], TurnFinished)

    @property
    def status(self) -> MessageStatus:
        """How the turn has ended, `running` before that."""
        last = self._events[-1]
        return last.status if isinstance(last, TurnFinished) else "running"

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(event.text for event in self._events if isinstance(event, TextDelta))

    @property
    def reasoning(self) -> str:
        """What the model has thought aloud so far."""
        return "".join(event.text for event in self._events if isinstance(event, ReasoningDelta))

    @property
    def outline(self) -> Outline:
        """How text, reasoning, calls of tools and a search alternated, for `replay`."""
        runs: list[tuple[str, int]] = []
        places: dict[str, int] = {}
        found = 0
        for event in self._events:
            if isinstance(event, WebSearched | SourceFound):
                runs.append((event.type, found))
                found += 1
            elif isinstance(event, ToolCalled | ToolReturned):
                place = places.setdefault(event.call_id, len(places))
                runs.append((event.type, place))
            elif isinstance(event, TextDelta | ReasoningDelta):
                if runs and runs[-1][0] == event.type:
                    runs[-1] = (event.type, runs[-1][1] + len(event.text))
                else:
                    runs.append((event.type, len(event.text)))
        return runs

    @property
    def tool_uses(self) -> list[ToolUse]:
        """The calls of tools so far, in their order."""
        uses: dict[str, ToolUse] = {}
        chars = 0
        for event in self._events:
            match event:
                case TextDelta():
                    chars += len(event.text)
                case ToolCalled():
                    uses[event.call_id] = ToolUse(event, None, chars)
                case ToolReturned() if event.call_id in uses:
                    uses[event.call_id] = uses[event.call_id].after(event)
                case _:
                    pass
        return list(uses.values())

    @property
    def findings(self) -> Findings:
        """What was searched so far, and found."""
        searched = [event for event in self._events if isinstance(event, WebSearched)]
        sources = [event for event in self._events if isinstance(event, SourceFound)]
        return Findings(searched[0], tuple(sources)) if searched else Findings()

    def append(self, event: Event) -> None:
        """Add an event and wake the followers. Empty deltas add nothing.

        Raises UpstreamError where the answer has grown beyond 4,000,000 characters.
        """
        if isinstance(event, TextDelta | ReasoningDelta):
            self._append_delta(event)
        else:
            self._events.append(self._bounded(event) if isinstance(event, ToolReturned) else event)
            self._numbers.append(self.number + 1)
        self._changed.set()
        self._changed = asyncio.Event()

    def end_calls(self, status: str) -> None:
        """End the calls that still run, as the turn has ended. status: as `TurnFinished` has it."""
        running = [use for use in self.tool_uses if use.returned is None]
        for use in ended_uses(running, status):
            if use.returned is not None:
                self.append(use.returned)

    def replay(
        self,
        outline: Outline,
        *,
        text: str,
        reasoning: str,
        uses: Sequence[ToolUse] = (),
        findings: Findings | None = None,
    ) -> None:
        """Add the deltas, calls and search of a stored answer in the order in which they came.

        What the outline does not cover is added at the end: calls, reasoning, text; a search that it
        does not tell of at the beginning.
        """
        found = list((findings or Findings()).events())
        if not any(kind == "web_search" for kind, _ in outline):
            for event in found:
                self.append(event)
        left: list[Event | None] = [
            event for use in uses for event in (use.called, use.returned)
        ]  # of each call its beginning and its end
        for kind, number in outline:
            if kind == "reasoning_delta":
                piece, reasoning = reasoning[:number], reasoning[number:]
                self.append(ReasoningDelta(piece))
            elif kind == "text_delta":
                piece, text = text[:number], text[number:]
                self.append(TextDelta(piece))
            elif kind in ("web_search", "source"):
                if number < len(found):
                    self.append(found[number])
            else:
                index = 2 * number + (kind == "tool_result")
                told = left[index] if index < len(left) else None
                if told is not None:
                    self.append(told)
                    left[index] = None
        for remaining in left:
            if remaining is not None:
                self.append(remaining)
        self.append(ReasoningDelta(reasoning))
        self.append(TextDelta(text))

    def read(self, after: int) -> list[tuple[int, Event]]:
        """All that came after the number `after`, consecutive deltas of a type as one.

        For a number that was never reached (the portal was killed before the text was saved that
        a follower had seen) only the end is left.
        """
        if after > self.number:
            return [(after + 1, self._events[-1])] if self.is_finished else []
        found: list[tuple[int, Event]] = []
        pieces: list[str] = []
        for index in range(bisect_right(self._numbers, after), len(self._events)):
            event, number = self._events[index], self._numbers[index]
            if isinstance(event, TextDelta | ReasoningDelta):
                pieces.append(
                    event.text[len(event.text) - (number - max(after, self._start(index))) :]
                )
                if self._goes_on(index):
                    continue
                event, pieces = type(event)("".join(pieces)), []
            found.append((number, event))
        return found

    async def follow(self, *, after: int = 0) -> AsyncIterator[tuple[int, Event]]:
        """As `read`, and on with what is yet to come; ends after TurnFinished."""
        while True:
            changed = self._changed
            for number, event in self.read(after):
                after = number
                yield number, event
            if self.is_finished and after >= self.number:
                return
            await changed.wait()

    async def growth(self, beyond: int) -> None:
        """Return when the newest number is greater than `beyond`."""
        while self.number <= beyond:
            await self._changed.wait()

    def _bounded(self, event: ToolReturned) -> ToolReturned:
        """The end of a call without what is too much by now."""
        result = "" if event.result is None else json.dumps(event.result, ensure_ascii=False)
        chars = len(result) + len(event.stdout) + len(event.stderr)
        if self._result_chars + chars > MAX_RESULT_CHARS:
            event = replace(event, result=None, stdout="", stderr="", is_truncated=True)
            chars = 0
        self._result_chars += chars
        chars = sum(len(one.data or "") for one in event.artifacts)
        if self._file_chars + chars > MAX_FILE_CHARS:
            files = tuple(replace(one, data=None) for one in event.artifacts)
            event = replace(event, artifacts=files, is_truncated=True)
            chars = 0
        self._file_chars += chars
        return event

    def _append_delta(self, delta: Delta) -> None:
        # Half a surrogate pair can neither be stored nor sent.
        text = delta.text.encode(errors="replace").decode()
        if self.number + len(text) > MAX_CHARS:
            raise UpstreamError(
                f"The answer grew beyond {MAX_CHARS:,} characters and was cut off. "
                "Set `max_tokens`, or ask for less at once.",
                code="answer_too_long",
            )
        number = self.number + len(text)
        last = self._events[-1]
        if isinstance(last, type(delta)) and len(last.text) < MERGE_BELOW_CHARS:
            self._events[-1] = type(delta)(last.text + text)
            self._numbers[-1] = number
        elif text:
            self._events.append(type(delta)(text))
            self._numbers.append(number)

    def _start(self, index: int) -> int:
        return self._numbers[index - 1] if index else 0

    def _goes_on(self, index: int) -> bool:
        """True if the event after this one is a delta of the same type."""
        return index + 1 < len(self._events) and type(self._events[index + 1]) is type(
            self._events[index]
        )
