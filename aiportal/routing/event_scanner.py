"""Reads along in an event stream that is passed on as bytes: what the scanners of all dialects share.

Nothing is decoded that need not be: the markers looked for cannot occur inside a JSON string, where
every quotation mark is escaped.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from aiportal.dialects.sse import split_events
from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import UpstreamError
from aiportal.registry import NOTHING_CONFIDENTIAL, Confidential
from aiportal.routing.outcome import estimated_usage

__all__ = ["EventScanner"]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What surrounds the text of a plain event. Nearly all events of a stream share it, and comparing
    whole blocks with it costs a fraction of searching each event.

    between: the end of one event and the start of the next; quotes, line_ends: how many it holds.
    """

    before: bytes
    after: bytes
    between: bytes
    quotes: int
    line_ends: int

    @classmethod
    def around(cls, event: bytes, text: re.Match[bytes]) -> "_Frame":
        before, after = event[: text.start(1)], event[text.end(1) :]
        between = after + before
        return cls(before, after, between, between.count(b'"'), between.count(b"\n"))


class EventScanner(ABC):
    """Fed with blocks of whole events, says what of them to pass on, and what the stream has told.

    confidential: of the deployment, struck from any error. done_event: the stream's last, which is kept
    back. failure: set by an error event, after which nothing more is passed on.
    """

    def __init__(
        self, text: re.Pattern[bytes], *, confidential: Confidential = NOTHING_CONFIDENTIAL
    ) -> None:
        """text: a piece of the answer in an event, its group 1 what is said."""
        self._text = text
        self._confidential = confidential
        self._text_events = 0
        self._text_bytes = 0
        self._frame: _Frame | None = None
        self.finish_reason: str | None = None
        self.usage: TokenUsage | None = None
        self.done_event: bytes | None = None
        self.failure: UpstreamError | None = None

    @property
    def has_text(self) -> bool:
        """True once a first piece of the answer has come."""
        return self._text_events > 0

    def feed(self, block: bytes) -> bytes:
        """What to pass on of a block, b"" for nothing."""
        if self._is_plain(block):
            return block
        passed = []
        for event in split_events(block):
            try:
                passed.append(event if self._is_plain(event) else self._feed_event(event))
            except UpstreamError as error:
                self.failure = error
            if self.failure is not None or self.done_event is not None:
                break
        return b"".join(passed)

    def estimate(self, prompt_chars: int) -> TokenUsage:
        """Tokens by rule of thumb, for a stream without usage: at least one for each piece of text."""
        return estimated_usage(
            prompt_chars, self._text_bytes, min_completion_tokens=self._text_events
        )

    @abstractmethod
    def end(self, prompt_chars: Callable[[], int]) -> bytes:
        """What comes last, once the call is in the ledger. prompt_chars: for an estimate, if need be."""

    @abstractmethod
    def _feed_event(self, event: bytes) -> bytes:
        """What to pass on of one event. Raises UpstreamError for one that says so, or is none."""

    def _is_plain(self, block: bytes) -> bool:
        """Whether all events are pieces of text in the known frame; if so, they are counted.

        Between the first frame's text and the last's there may be frames and texts, nothing else:
        a quotation mark or a line end that is not a frame's would be something to read.
        """
        frame = self._frame
        if frame is None or not (block.startswith(frame.before) and block.endswith(frame.after)):
            return False
        texts = block[len(frame.before) : -len(frame.after)]
        frames = texts.count(frame.between)
        if (
            texts.count(b'"') != frames * frame.quotes
            or texts.count(b"\n") != frames * frame.line_ends
            or b"\r" in texts
        ):
            return False
        self._text_events += frames + 1
        self._text_bytes += len(texts) - frames * len(frame.between)
        return True

    def _count_text(self, event: bytes, *, can_be_plain: bool) -> None:
        """can_be_plain: an event like this one, with another text, has nothing to read in it."""
        texts = list(self._text.finditer(event))
        self._text_events += len(texts)
        self._text_bytes += sum(match.end(1) - match.start(1) for match in texts)
        if can_be_plain and len(texts) == 1:
            self._frame = _Frame.around(event, texts[0])
