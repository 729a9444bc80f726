"""Reads along in an OpenAI event stream that is passed on as bytes.

Nothing is decoded that need not be: the markers looked for cannot occur inside a JSON string, where
every quotation mark is escaped.
"""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.sse import data_of, encode, split_events, without_fields
from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import UpstreamError
from aiportal.routing.outcome import estimated_usage
from aiportal.routing.upstreams.failures import failure_from_error_object

__all__ = ["StreamScanner"]

_FINISH = re.compile(rb'"finish_reason"\s*:\s*"([^"\\]*)"')
_USAGE = re.compile(rb'"usage"\s*:\s*\{')
_TEXT = re.compile(
    rb'"(?:content|reasoning_content|reasoning|arguments|refusal)"\s*:\s*"((?:[^"\\]++|\\.)++)"'
)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What surrounds the text of a plain chunk. Nearly all chunks of a stream share it, and comparing
    whole blocks with it costs a fraction of searching each event.

    between: the end of one chunk and the start of the next; quotes, line_ends: how many it holds.
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


def _is_one_line(event: bytes) -> bool:
    return event.startswith(b"data: {") and event.endswith(b"}\n\n") and event.count(b"\n") == 2


class StreamScanner:
    """Fed with blocks of whole events, says what of them to pass on, and what the stream has told.

    wants_usage: the caller asked for the usage chunk; else one that holds nothing but usage is kept
    back. secret: the deployment's key, struck from any error.
    done_event: the stream's `[DONE]`, which is kept back. failure: set by an error event, after
    which nothing more is passed on.
    """

    def __init__(self, *, wants_usage: bool, secret: str | None = None) -> None:
        self._wants_usage = wants_usage
        self._secret = secret
        self._text_events = 0
        self._text_bytes = 0
        self._frame: _Frame | None = None
        self._finish_data = b""
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

    def _is_plain(self, block: bytes) -> bool:
        """Whether all events are chunks of text in the known frame; if so, they are counted.

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

    def _feed_event(self, event: bytes) -> bytes:
        data = data_of(event)
        if data is None:
            return without_fields(event)
        if data == b"[DONE]":
            self.done_event = without_fields(event)
            return b""
        if finish := _FINISH.search(data):
            self.finish_reason = finish[1].decode("utf-8", "replace")
            self._finish_data = data
        must_be_read = b'"choices"' not in data or _USAGE.search(data) is not None
        self._count_text(event, can_be_plain=finish is None and not must_be_read)
        if must_be_read and not self._read(data):
            return b""
        return without_fields(event)

    def _count_text(self, event: bytes, *, can_be_plain: bool) -> None:
        texts = list(_TEXT.finditer(event))
        self._text_events += len(texts)
        self._text_bytes += sum(match.end(1) - match.start(1) for match in texts)
        if can_be_plain and len(texts) == 1 and _is_one_line(event):
            self._frame = _Frame.around(event, texts[0])

    def estimate(self, prompt_chars: int) -> TokenUsage:
        """Tokens by rule of thumb, for a stream without usage: at least one for each piece of text."""
        return estimated_usage(
            prompt_chars, self._text_bytes, min_completion_tokens=self._text_events
        )

    def usage_event(self, usage: TokenUsage) -> bytes:
        """The usage chunk that a caller asked for and the upstream did not send."""
        try:
            chunk: Any = orjson.loads(self._finish_data)
        except orjson.JSONDecodeError:
            chunk = {"object": "chat.completion.chunk"}
        return encode({**chunk, "choices": [], "usage": usage.as_wire()})

    def _read(self, data: bytes) -> bool:
        """Decode a chunk that is not plain text; False if the caller should not see it."""
        chunk = chunk_of(data)
        if chunk.get("error"):
            raise failure_from_error_object(chunk["error"], secret=self._secret)
        usage = TokenUsage.from_wire(chunk.get("usage"))
        if usage is None:
            return True
        self.usage = usage
        return self._wants_usage or bool(chunk.get("choices"))
