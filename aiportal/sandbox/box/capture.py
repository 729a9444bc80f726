"""What a program writes to a stream: its beginning and its end are kept, all is counted."""

import os

from .limits import MAX_STREAM_BYTES, STREAM_EDGE_BYTES

__all__ = ["Capture"]

_READ_BYTES = 64 * 1024  # a larger buffer would be mapped and unmapped at each reading


class Capture:
    """The reading end of a pipe. head_bytes: how much of the beginning is kept."""

    def __init__(self, descriptor: int, *, head_bytes: int = STREAM_EDGE_BYTES) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self.is_over = False
        self.head_bytes = head_bytes
        self._head, self._tail = bytearray(), bytearray()
        self._total = 0

    @property
    def is_too_much(self) -> bool:
        return self._total > MAX_STREAM_BYTES

    def read(self) -> bool:
        """Take what is there now. False where there was nothing."""
        try:
            data = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:
            return False
        self.is_over = not data
        self._total += len(data)
        room = self.head_bytes - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        del self._tail[:-STREAM_EDGE_BYTES]
        return bool(data)

    def drain(self) -> None:
        """Take all that a program that is dead or stopped has left."""
        while not self.is_too_much and self.read():
            pass

    def take(self) -> tuple[bytes, bool]:
        """What was kept, and whether something was left out; begins anew."""
        left_out = self._total - len(self._head) - len(self._tail)
        note = f"\n… {left_out} bytes left out …\n".encode() if left_out else b""
        kept = bytes(self._head) + note + bytes(self._tail)
        self._head.clear()
        self._tail.clear()
        self._total = 0
        return kept, left_out > 0
