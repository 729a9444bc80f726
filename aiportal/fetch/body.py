"""The body of an answer, decompressed piece by piece and never beyond a bound."""

import asyncio
import zlib
from typing import Protocol

import aiohttp

from aiportal.errors import UpstreamError

__all__ = ["ACCEPT_ENCODING", "read_body"]

ACCEPT_ENCODING = "gzip, deflate"
_STEP_BYTES = 256 * 1024
_SLACK_BYTES = 64 * 1024  # what compression may add to a body that cannot be compressed
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's `wbits`
_MAX_MEMBERS = 100


class _Decoder(Protocol):
    @property
    def is_whole(self) -> bool:
        """Whether all that was begun has ended."""

    def feed(self, piece: bytes, room: int) -> tuple[bytes, bytes]:
        """At most `room` bytes of what `piece` holds, and what is left of the piece."""


class _Plain:
    is_whole = True

    def feed(self, piece: bytes, room: int) -> tuple[bytes, bytes]:
        return piece[:room], piece[room:]


class _Inflating:
    """gzip, also of several members, or deflate, with zlib's frame or without."""

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._inflater = zlib.decompressobj(wbits)
        self._members = 1
        self._has_begun = False

    @property
    def is_whole(self) -> bool:
        return self._inflater.eof

    def feed(self, piece: bytes, room: int) -> tuple[bytes, bytes]:
        """Raises zlib.error."""
        if self._inflater.eof:  # a further member, or rubbish behind the last one
            if self._wbits != _GZIP or self._members == _MAX_MEMBERS or piece[:1] != b"\x1f":
                return b"", b""
            self._members += 1
            self._inflater = zlib.decompressobj(self._wbits)
        try:
            found = self._inflater.decompress(piece, room)
        except zlib.error:
            if self._has_begun or self._wbits != _ZLIB:
                raise
            self._wbits = _RAW
            self._inflater = zlib.decompressobj(_RAW)
            found = self._inflater.decompress(piece, room)
        self._has_begun = True
        return found, self._inflater.unused_data or self._inflater.unconsumed_tail


def _decoder(encoding: str) -> _Decoder:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Inflating(_GZIP)
        case "deflate":
            return _Inflating(_ZLIB)
    raise UpstreamError(
        "The page's server compressed its answer in a way that was not asked for, so it was not read. "
        "Use another page."
    )


async def read_body(response: aiohttp.ClientResponse, max_bytes: int) -> tuple[bytes, bool]:
    """At most `max_bytes` of the decompressed body, and whether there was more of it.

    Raises UpstreamError for what cannot be decompressed; aiohttp.ClientError, TimeoutError.
    """
    decoder = _decoder(response.headers.get("Content-Encoding", ""))
    body = bytearray()
    received = 0
    async for piece in response.content.iter_any():
        received += len(piece)
        rest = piece
        while rest:
            try:
                found, rest = decoder.feed(rest, min(_STEP_BYTES, max_bytes + 1 - len(body)))
            except zlib.error as error:
                raise UpstreamError(
                    "The page's answer is not compressed as it says. Use another page."
                ) from error
            body += found
            if len(body) > max_bytes:
                return bytes(body[:max_bytes]), True
            await asyncio.sleep(0)
        if received > max_bytes + _SLACK_BYTES:
            return bytes(body), True
    return bytes(body), not decoder.is_whole and received > 0
