"""Which block of a stream a piece of a tool call belongs to."""

from typing import Any

import orjson

from aiportal.dialects.anthropic.blocks import Block
from aiportal.ids import new_id

__all__ = ["CallTable", "arguments_of", "calls_of", "function_of"]

Wire = dict[str, Any]


class CallTable:
    """The calls of one answer, by the number or the id that a provider gives them."""

    def __init__(self) -> None:
        self._blocks: dict[int, Block] = {}
        self._ids: dict[int, str] = {}
        self._last = 0

    def take(self, call: Wire) -> tuple[Block, bool]:
        """The block that a piece belongs to, and whether it begins with it."""
        call_id = _text(call.get("id"))
        index = self._last = self._index_of(call, call_id)
        block = self._blocks.get(index)
        known_id = self._ids.get(index)
        # Some providers give all calls of an answer the same number, and each an id.
        is_new = block is None or bool(call_id and known_id and call_id != known_id)
        if block is None or is_new:
            head = {"type": "tool_use", "id": call_id or new_id("toolu"), "name": "", "input": {}}
            block = self._blocks[index] = Block(
                "tool_use", head, "input_json_delta", "partial_json"
            )
            self._ids.pop(index, None)
        if call_id:
            self._ids[index] = call_id
        if not block.head["name"]:
            block.head["name"] = _text(function_of(call).get("name"))
        return block, is_new

    def _index_of(self, call: Wire, call_id: str) -> int:
        """Without a number, a piece with an unknown id begins a call, one without id goes on."""
        index = call.get("index")
        if isinstance(index, int):
            return index
        if not call_id:
            return self._last
        known = (number for number, one in self._ids.items() if one == call_id)
        return next(known, len(self._blocks))


def calls_of(said: Wire) -> list[Wire]:
    """The calls in a message or a delta."""
    calls = said.get("tool_calls")
    return [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def function_of(call: Wire) -> Wire:
    """The `function` of a call, {} where there is none."""
    function = call.get("function")
    return function if isinstance(function, dict) else {}


def arguments_of(call: Wire) -> str:
    """The arguments of a call as JSON. Some providers send an object where a text is due."""
    arguments = function_of(call).get("arguments")
    if isinstance(arguments, dict):
        return orjson.dumps(arguments).decode()
    return _text(arguments)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
