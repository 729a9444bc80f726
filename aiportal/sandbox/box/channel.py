"""Frames over a socket that is never waited for: what is read and what is still to be sent."""

import socket
from collections.abc import Iterator, Sequence
from typing import Any

from . import frames

__all__ = ["Channel"]

_READ_BYTES = 64 * 1024  # a larger buffer would be mapped and unmapped at each reading


class Channel:
    """One end. `is_over` once the other end is closed or has sent what is no frame."""

    def __init__(self, end: socket.socket, *, limit: int) -> None:
        end.setblocking(False)
        self._end = end
        self._limit = limit
        self._received = bytearray()
        self._pending = bytearray()
        self.is_over = False

    def fileno(self) -> int:
        return self._end.fileno()

    @property
    def has_pending(self) -> bool:
        return bool(self._pending)

    def send(self, header: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
        """Send as much as goes now, keep the rest for `flush`."""
        self._pending += frames.pack(header, blobs)
        self.flush()

    def flush(self) -> None:
        try:
            while self._pending:
                del self._pending[: self._end.send(self._pending)]
        except BlockingIOError:
            pass
        except OSError:
            self._pending.clear()
            self.is_over = True

    def flush_all(self) -> None:
        """Wait until all is sent: only towards the portal, which reads or goes away."""
        self._end.setblocking(True)
        self.flush()

    def receive(self) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
        """The frames that are complete by now."""
        self._read()
        while not self.is_over and len(self._received) >= frames.PREFIX_BYTES:
            try:
                header, blobs = frames.body_length(
                    bytes(self._received[: frames.PREFIX_BYTES]), self._limit
                )
                start = frames.PREFIX_BYTES + header
                if len(self._received) < start + blobs:
                    return
                body = bytes(self._received[frames.PREFIX_BYTES : start + blobs])
                del self._received[: start + blobs]
                yield frames.unpack(body[:header], body[header:])
            except frames.BrokenFrame:
                self.is_over = True

    def _read(self) -> None:
        try:
            data = self._end.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._received += data
        self.is_over = self.is_over or not data
