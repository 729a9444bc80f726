"""Messages over a byte stream: a JSON header and raw blobs, each length known before it is read.

No pickle anywhere: what arrives is numbers, texts, lists and bytes.
"""

import json
import socket
import struct
from collections.abc import Sequence
from typing import Any

__all__ = [
    "MAX_FRAME_BYTES",
    "BrokenFrame",
    "body_length",
    "pack",
    "read_frame",
    "unpack",
    "write_frame",
]

_LENGTHS = struct.Struct("!II")
PREFIX_BYTES = _LENGTHS.size
MAX_FRAME_BYTES = 128 * 1024**2


class BrokenFrame(Exception):
    """The other side has gone away, or sent what is no frame."""


def pack(header: dict[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """One frame: lengths, the header as JSON, the blobs one after another."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    return b"".join((_LENGTHS.pack(len(text), sum(map(len, blobs))), text, *blobs))


def body_length(prefix: bytes, limit: int = MAX_FRAME_BYTES) -> tuple[int, int]:
    """Bytes of the header and of the blobs that follow. Raises BrokenFrame above the limit."""
    header, blobs = _LENGTHS.unpack(prefix)
    if header + blobs > limit:
        raise BrokenFrame(f"a frame of {header + blobs} bytes, where {limit} are allowed")
    return header, blobs


def unpack(header: bytes, rest: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The header and the blobs. Raises BrokenFrame where they are none."""
    try:
        values = json.loads(header)
        lengths = values.pop("blobs")
        blobs, start = [], 0
        for length in lengths:
            blobs.append(rest[start : start + length])
            start += length
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise BrokenFrame("a frame without a proper header") from error
    return values, blobs


def write_frame(
    channel: socket.socket, header: dict[str, Any], blobs: Sequence[bytes] = ()
) -> None:
    """Send one frame over a blocking socket. Raises OSError where nobody listens any more."""
    channel.sendall(pack(header, blobs))


def read_frame(
    channel: socket.socket, limit: int = MAX_FRAME_BYTES
) -> tuple[dict[str, Any], list[bytes]]:
    """Wait for one frame on a blocking socket. Raises BrokenFrame, also at the end of the stream."""
    header, blobs = body_length(_exactly(channel, PREFIX_BYTES), limit)
    return unpack(_exactly(channel, header), _exactly(channel, blobs))


def _exactly(channel: socket.socket, length: int) -> bytes:
    buffer = bytearray(length)
    view, got = memoryview(buffer), 0
    while got < length:
        count = channel.recv_into(view[got:])
        if count == 0:
            raise BrokenFrame("the other side has gone away")
        got += count
    return bytes(buffer)
