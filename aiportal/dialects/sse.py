"""Server-sent events: an incremental splitter and a writer.

Rules of the format: WHATWG HTML, section "Server-sent events". Lines end in LF, CR LF or CR; a
blank line ends an event.
"""

import re
from collections.abc import Iterator

from aiportal.dialects import tool_json

__all__ = [
    "DONE",
    "KEEP_ALIVE",
    "SseSplitter",
    "data_of",
    "encode",
    "split_events",
    "without_fields",
]

DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n"

_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n")
_EVENT = re.compile(rb".*?(?:\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n)", re.DOTALL)
_LINE_END = re.compile(rb"\r\n|\n|\r")


class SseSplitter:
    """Cuts a byte stream into whole events, wherever the network cut it.

    max_event_bytes: an event longer than this raises ValueError, so that an upstream cannot fill
    the memory.
    """

    def __init__(self, *, max_event_bytes: int = 16 * 1024 * 1024) -> None:
        self._pending = bytearray()
        self._max_event_bytes = max_event_bytes

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take in a piece of the stream; yields each event that it completes, blank line included."""
        yield from split_events(self.take(piece))

    def take(self, piece: bytes) -> bytes:
        """As `feed`, with all events that the piece completes as one block."""
        if not self._pending and piece.endswith(b"\n\n"):
            return piece
        # A separator may have begun in the last piece: its last three bytes are looked at again.
        search_from = max(len(self._pending) - 3, 0)
        self._pending += piece
        end = self._last_end(search_from)
        block = bytes(self._pending[:end])
        del self._pending[:end]
        if len(self._pending) > self._max_event_bytes:
            raise ValueError(f"an event is longer than {self._max_event_bytes} bytes")
        return block

    def rest(self) -> bytes:
        """What has come since the last whole event."""
        return bytes(self._pending)

    def _last_end(self, search_from: int) -> int:
        if b"\r" not in self._pending:
            found = self._pending.rfind(b"\n\n", search_from)
            return found + 2 if found >= 0 else 0
        end = 0
        for match in _EVENT_END.finditer(self._pending, search_from):
            # A CR at the very end may be half of a CR LF.
            if not (match.group() == b"\r\r" and match.end() == len(self._pending)):
                end = match.end()
        return end


def split_events(block: bytes) -> list[bytes]:
    """The events of a block of whole ones, each with its blank line."""
    if b"\r" in block:
        return _EVENT.findall(block)
    return [event + b"\n\n" for event in block.split(b"\n\n")[:-1]]


def _is_one_data_line(event: bytes) -> bool:
    """True for the usual event, which needs no taking apart."""
    return (
        event.startswith(b"data: ") and event.find(b"\n") >= len(event) - 2 and b"\r" not in event
    )


def data_of(event: bytes) -> bytes | None:
    """The `data` of an event, several lines joined by LF; None if it has none (a comment)."""
    if _is_one_data_line(event):
        return event[6:].rstrip(b"\n")
    parts = [
        line[5:].removeprefix(b" ") if line != b"data" else b""
        for line in _LINE_END.split(event)
        if line.startswith(b"data:") or line == b"data"
    ]
    return b"\n".join(parts) if parts else None


def without_fields(event: bytes) -> bytes:
    """The event without `id` and `retry` lines, which would steer the caller's reconnection."""
    if _is_one_data_line(event) or not (b"id" in event or b"retry" in event):
        return event
    lines = re.findall(rb"[^\r\n]*(?:\r\n|\n|\r|$)", event)
    kept = [line for line in lines if not line.startswith((b"id:", b"retry:"))]
    return event if len(kept) == len(lines) else b"".join(kept)


def encode(value: object, *, event_id: int | None = None) -> bytes:
    """One event with a JSON object as data, and an id that a client may resume after."""
    head = b"" if event_id is None else b"id: %d\n" % event_id
    return head + b"data: " + tool_json.dumps(value) + b"\n\n"
