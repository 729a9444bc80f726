"""Function calls of an answer, put together from deltas that an upstream may cut anywhere."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from aiportal.dialects.responses.output_text import Event
from aiportal.ids import new_id

__all__ = ["CallItem", "OpenCalls"]


class CallItem:
    """One `function_call`. It is shown once its name is whole, so with its first argument."""

    def __init__(self, call_id: str) -> None:
        self.call_id = call_id
        self._name = ""
        self._pieces: list[str] = []
        self._id = ""
        self._index = -1
        self._status = "in_progress"

    @property
    def is_open(self) -> bool:
        return self._index >= 0

    def name(self, piece: str) -> None:
        """A part of its name, or the whole of it again, as some upstreams send it with each delta."""
        if not self.is_open and piece != self._name:
            self._name += piece

    def resource(self) -> dict[str, Any]:
        """The item as it is now."""
        return {
            "id": self._id,
            "type": "function_call",
            "status": self._status,
            "call_id": self.call_id,
            "name": self._name,
            "arguments": "".join(self._pieces),
        }

    def open(self, item_id: str, index: int) -> Event:
        """It gets its place in the output."""
        self._id, self._index = item_id, index
        self.call_id = self.call_id or new_id("call")
        item = {**self.resource(), "arguments": ""}
        return {"type": "response.output_item.added", "output_index": index, "item": item}

    def hold(self, arguments: str) -> None:
        """A piece of its arguments."""
        self._pieces.append(arguments)

    def write(self, arguments: str) -> Event:
        """The event for a piece of its arguments."""
        return self._event("response.function_call_arguments.delta") | {"delta": arguments}

    def close(self, status: str) -> Iterator[Event]:
        """Nothing more comes. A call without any arguments has none: `{}`."""
        if not self._pieces and status == "completed":
            self.hold("{}")
            yield self.write("{}")
        self._status = status
        item = self.resource()
        yield self._event("response.function_call_arguments.done") | {
            "name": item["name"],
            "arguments": item["arguments"],
        }
        yield {"type": "response.output_item.done", "output_index": self._index, "item": item}

    def _event(self, kind: str) -> Event:
        return {"type": kind, "item_id": self._id, "output_index": self._index}


class OpenCalls:
    """Which call a delta belongs to: by its index, by its id, or the last one."""

    def __init__(self) -> None:
        self.calls: list[CallItem] = []
        self._by_index: dict[int, CallItem] = {}

    def take(self, piece: Mapping[str, Any]) -> tuple[CallItem, str]:
        """Note one delta of `tool_calls`; the call that it is of, and its piece of the arguments."""
        call = self._call_of(piece)
        function = piece.get("function")
        if not isinstance(function, Mapping):
            return call, ""
        if isinstance(name := function.get("name"), str):
            call.name(name)
        arguments = function.get("arguments")
        if isinstance(arguments, Mapping):
            arguments = orjson.dumps(arguments).decode()
        return call, arguments if isinstance(arguments, str) else ""

    def _call_of(self, piece: Mapping[str, Any]) -> CallItem:
        index, given = piece.get("index"), piece.get("id")
        call_id = given if isinstance(given, str) else ""
        if isinstance(index, int):
            known = self._by_index.get(index)
        elif call_id:
            known = next((call for call in self.calls if call.call_id == call_id), None)
        else:
            known = self.calls[-1] if self.calls else None
        if known is None or (call_id and known.call_id and known.call_id != call_id):
            known = CallItem(call_id)
            self.calls.append(known)
        elif not known.is_open:
            known.call_id = known.call_id or call_id
        if isinstance(index, int):
            self._by_index[index] = known
        return known
