"""A JSON text cut into the items of its outermost list, before any of it is decoded.

So a file is never in memory as a whole tree of objects, and what is wrong within one item costs
that item alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["MAX_ITEM_BYTES", "OPENING_BYTES", "Item", "ItemCutter"]

MAX_ITEM_BYTES: Final = 16 * 1024 * 1024
OPENING_BYTES: Final = 2_000
MAX_DEPTH: Final = 1_000  # what is deeper could not be decoded; and it would take long to walk

MAX_STEPS: Final = 2_000_000
"""Of one text: brackets that are looked at one by one. A million take about a second."""

_TOO_DEEP: Final = "It is nested too deeply; what follows is not read."
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\r\n"
_IN_STRING: Final = rb'(?:[^"\\]++|\\.)*+'
_PLAIN: Final = rb'[^"\[\]{}]++|"' + _IN_STRING + rb'"'
_INNERMOST: Final = rb"[\[{](?:" + _PLAIN + rb")*+[\]}]"
_INNER: Final = rb"[\[{](?:" + _PLAIN + rb"|" + _INNERMOST + rb")*+[\]}]"

# Up to a string's end, or to a backslash whose other half is in the next piece.
_STRING: Final = re.compile(_IN_STRING, re.DOTALL)
_BETWEEN: Final = re.compile(rb'["\[\]{},]')
_WITHIN: Final = re.compile(rb'["\[\]{}]')
# Whole strings, lists and objects, which do not change the depth: passed by in one step.
_WHOLE: Final = re.compile(rb"(?:" + _PLAIN + rb"|" + _INNER + rb")*+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Item:
    """raw: the item's JSON, None where it was not kept. problem: why, in words.

    opening: how an item began that was not kept.
    """

    raw: bytes | None
    problem: str = ""
    opening: bytes = b""


class ItemCutter:
    """Takes a text in pieces. An outermost object is its own only item."""

    def __init__(self) -> None:
        self.is_json = False  # what has come began as a list or an object
        self._is_over = False
        self._carried = b""
        self._kept: list[bytes] = []
        self._opening = b""
        self._size = 0
        self._steps = 0
        self._depth = 0
        self._base = 0  # the depth between two items: 1 within a list
        self._is_in_string = False

    def feed(self, piece: bytes) -> Iterator[Item]:
        """The items that `piece` completes."""
        if self._is_over:
            return
        data = self._carried + piece
        self._carried = b""
        if not self.is_json:
            data = self._opened(data)
        yield from self._cut(data)

    def end(self) -> Iterator[Item]:
        """What is left once the text has ended; a text that is whole leaves nothing."""
        if self.is_json and not self._is_over:
            if self._depth == self._base:
                yield from self._flush()
            opening = self._opening if self._size else b""
            yield Item(None, "The file breaks off here: its end is missing.", opening)

    def _opened(self, data: bytes) -> bytes:
        """What follows the bracket of a list, or the whole of an object."""
        data = data.removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANK)
        self.is_json = data[:1] in (b"[", b"{")
        self._is_over = bool(data) and not self.is_json
        if data[:1] != b"[":
            return data
        self._depth = self._base = 1
        return data[1:]

    def _cut(self, data: bytes) -> Iterator[Item]:
        start = place = 0
        while place < len(data) and not self._is_over:
            if self._is_in_string:
                place = self._through_string(data, place)
                continue
            token = self._next(data, place)
            if token is None:
                break
            place = token.end()
            end = self._end_of_item(token)
            if end is not None:
                self._keep(data[start:end])
                start = place
                yield from self._flush()
            elif self._depth > MAX_DEPTH or self._steps > MAX_STEPS:
                self._is_over = True
                opening = self._opening if self._size else data[start : start + OPENING_BYTES]
                yield Item(None, _TOO_DEEP, opening)
        if not self._is_over:
            self._keep(data[start : len(data) - len(self._carried)])

    def _next(self, data: bytes, place: int) -> re.Match[bytes] | None:
        """The next bracket, quotation mark or, between two items, comma."""
        self._steps += 1
        if self._depth == self._base:
            return _BETWEEN.search(data, place)
        passed = _WHOLE.match(data, place)
        return _WITHIN.search(data, place if passed is None else passed.end())

    def _end_of_item(self, token: re.Match[bytes]) -> int | None:
        """Note what the token changes; where the item ends, if this ends one."""
        mark = token[0]
        if mark == b'"':
            self._is_in_string = True
        elif mark in b"[{":
            self._depth += 1
        elif self._depth == self._base:  # a comma, or the end of the list
            self._is_over = mark != b","
            return token.start()
        else:
            self._depth -= 1
            self._is_over = self._depth == self._base == 0
            return token.end() if self._is_over else None
        return None

    def _through_string(self, data: bytes, place: int) -> int:
        """The place behind the string's end, or behind all of `data` where it goes on."""
        found = _STRING.match(data, place)
        end = place if found is None else found.end()
        if data[end : end + 1] == b"\\":
            self._carried = data[end:]
            return len(data)
        self._is_in_string = end == len(data)
        return end + 1

    def _keep(self, part: bytes) -> None:
        if self._size == 0:
            self._opening = part[:OPENING_BYTES]
        self._size += len(part)
        if self._size <= MAX_ITEM_BYTES:
            self._kept.append(part)
        else:
            self._kept.clear()

    def _flush(self) -> Iterator[Item]:
        raw, size = b"".join(self._kept).strip(_BLANK), self._size
        self._kept.clear()
        self._size = 0
        if size > MAX_ITEM_BYTES:
            problem = f"It has {size:,} bytes; at most {MAX_ITEM_BYTES:,} are taken."
            yield Item(None, problem, self._opening)
        elif raw:
            yield Item(raw)
