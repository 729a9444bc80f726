"""Server-sent events: an incremental splitter and a writer.

Rules of the format: WHATWG HTML, section "Server-sent events". Lines end in LF, CR LF or CR; a
blank line ends an event.
"""

import re
from collections.abc import Iterator

import orjson

__all__ = ["DONE", "KEEP_ALIVE", "SseSplitter", "data_of", "encode", "without_fields"]

DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n"

_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n")
_LINE_END = re.compile(rb"\r\n|\n|\r")


class SseSplitter:
    """Cuts a byte stream into whole events, wherever the network cut it.

    max_event_bytes: an event longer than this raises ValueError, so that an upstream cannot fill
    the memory.
    """

    def __init__(self, *, max_event_bytes: int = 16 * 1024 * 1024) -> None:
        self._pending = bytearray()
        self._searched = 0
        self._max_event_bytes = max_event_bytes

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take in a piece of the stream; yields each event that it completes, blank line included."""
        if not self._pending and _is_one_event(piece):
            yield piece
            return
        self._pending += piece
        start = 0
        # A separator may have begun in the last piece: its first three bytes are looked at again.
        search_from = max(self._searched - 3, 0)
        while match := _EVENT_END.search(self._pending, search_from):
            end = match.end()
            if match.group().endswith(b"\r") and end == len(self._pending):
                break  # a CR at the very end may be half of a CR LF
            yield bytes(self._pending[start:end])
            start = search_from = end
        del self._pending[:start]
        self._searched = len(self._pending)
        if len(self._pending) > self._max_event_bytes:
            raise ValueError(f"an event is longer than {self._max_event_bytes} bytes")

    def rest(self) -> bytes:
        """What has come since the last whole event."""
        return bytes(self._pending)


def _is_one_event(piece: bytes) -> bool:
    """True for the usual case, one whole LF event a piece, which needs no search."""
    return piece.endswith(b"\n\n") and piece.find(b"\n\n") == len(piece) - 2 and b"\r" not in piece


def data_of(event: bytes) -> bytes | None:
    """The `data` of an event, several lines joined by LF; None if it has none (a comment)."""
    if event.startswith(b"data: ") and event.find(b"\n") >= len(event) - 2 and b"\r" not in event:
        return event[6:].rstrip(b"\n")
    parts = [
        line[5:].removeprefix(b" ") if line != b"data" else b""
        for line in _LINE_END.split(event)
        if line.startswith(b"data:") or line == b"data"
    ]
    return b"\n".join(parts) if parts else None


def without_fields(event: bytes) -> bytes:
    """The event without `id` and `retry` lines, which would steer the caller's reconnection."""
    if not (b"id" in event or b"retry" in event):
        return event
    lines = re.findall(rb"[^\r\n]*(?:\r\n|\n|\r|$)", event)
    kept = [line for line in lines if not line.startswith((b"id:", b"retry:"))]
    return event if len(kept) == len(lines) else b"".join(kept)


def encode(value: object, *, event_id: int | None = None) -> bytes:
    """One event with a JSON object as data, and an id that a client may resume after."""
    head = b"" if event_id is None else b"id: %d\n" % event_id
    return head + b"data: " + orjson.dumps(value) + b"\n\n"
