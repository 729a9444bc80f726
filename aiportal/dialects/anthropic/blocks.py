"""Content blocks of a stream, which follow one another though their pieces may come mixed."""

from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

__all__ = ["Block", "BlockQueue", "event"]

Wire = dict[str, Any]


def event(kind: str, **fields: Any) -> bytes:
    """One event of Anthropic's, with its name in both places."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps({"type": kind, **fields}))


@dataclass(slots=True)
class Block:
    """head: the block as it starts. delta, key: the kind of its deltas and their field.

    signature: sent at the end of thinking. waiting: pieces that came before it had its turn.
    """

    kind: Literal["text", "thinking", "redacted_thinking", "tool_use"]
    head: Wire
    delta: str = ""
    key: str = ""
    signature: str = ""
    waiting: list[str] = field(default_factory=list)
    _sent: list[str] = field(default_factory=list)
    _is_checked: bool = False

    @property
    def can_start(self) -> bool:
        """A call needs its name, which may come late."""
        return self.kind != "tool_use" or bool(self.head["name"])

    def note_sent(self, text: str) -> None:
        """Remember what of a call's input has gone out."""
        if self.kind == "tool_use":
            self._sent.append(text)
            self._is_checked = False

    def is_whole(self) -> bool:
        """Whether nothing more can come once another block has begun."""
        if self.kind != "tool_use":
            return True
        if self._is_checked or not self._sent or not self._sent[-1].rstrip().endswith("}"):
            return False
        self._is_checked = True  # until more is sent the answer stays the same
        return _is_object("".join(self._sent))


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


class BlockQueue:
    """Sends one block after the other: the first live, those behind it when it is over.

    So a client that knows only one open block at a time understands calls whose pieces came mixed.
    """

    def __init__(self) -> None:
        self._queue: list[Block] = []
        self._index = -1
        self._prefix = b""
        self._is_started = False

    @property
    def last(self) -> Block | None:
        """The newest block that is not over."""
        return self._queue[-1] if self._queue else None

    def add(self, block: Block) -> bytes:
        """Begin another block; the events that this brings about."""
        self._queue.append(block)
        return self._advance()

    def write(self, block: Block, text: str) -> bytes:
        """A piece of a block; b"" while it has to wait. What comes for one that is over is dropped."""
        if self._is_started and self._queue[0] is block:
            return self._delta(block, text)
        block.waiting.append(text)
        return self._advance()

    def end(self) -> bytes:
        """All that is left."""
        out = []
        while self._queue:
            out += [self._start(), self._stop()]
        return b"".join(out)

    def _advance(self) -> bytes:
        out = []
        while self._queue and (self._is_started or self._queue[0].can_start):
            out.append(self._start())
            if len(self._queue) == 1 or not self._queue[0].is_whole():
                break
            out.append(self._stop())
        return b"".join(out)

    def _start(self) -> bytes:
        if self._is_started:
            return b""
        block = self._queue[0]
        self._is_started = True
        self._index += 1
        self._prefix = _delta_prefix(self._index, block)
        start = event("content_block_start", index=self._index, content_block=block.head)
        waiting = "".join(block.waiting)
        block.waiting.clear()
        return start + self._delta(block, waiting) if waiting else start

    def _delta(self, block: Block, text: str) -> bytes:
        block.note_sent(text)
        return self._prefix + orjson.dumps(text) + b"}}\n\n"

    def _stop(self) -> bytes:
        block = self._queue.pop(0)
        self._is_started = False
        stop = event("content_block_stop", index=self._index)
        if block.kind != "thinking":
            return stop
        delta = {"type": "signature_delta", "signature": block.signature}
        return event("content_block_delta", index=self._index, delta=delta) + stop


def _delta_prefix(index: int, block: Block) -> bytes:
    """All of a delta's event that comes before its text. Made once a block, it saves most of the work."""
    return (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,'
        b'"delta":{"type":"%b","%b":' % (index, block.delta.encode(), block.key.encode())
    )
