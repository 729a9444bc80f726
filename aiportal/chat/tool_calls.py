"""Calls of tools as models write them: whole or in pieces, with and without ids."""

from dataclasses import dataclass, field
from typing import Any, Final

from aiportal.dialects import tool_json
from aiportal.errors import UpstreamError
from aiportal.ids import new_id

__all__ = ["MAX_ARGUMENTS_CHARS", "MAX_CALLS", "CallGatherer", "WantedCall"]

MAX_CALLS: Final = 32  # of one answer
MAX_ARGUMENTS_CHARS: Final = 400_000  # of all calls of one answer


@dataclass(frozen=True, slots=True)
class WantedCall:
    """A call that a model wants. name: of the function. arguments: JSON as the model wrote it."""

    id: str
    name: str
    arguments: str

    @property
    def parsed(self) -> Any:
        """The arguments as JSON, or as they stand where they are none."""
        text = self.arguments.strip() or "{}"
        try:
            return tool_json.loads(text)
        except ValueError:
            return self.arguments


@dataclass(slots=True)
class _Call:
    """One call as far as it has come."""

    index: int | None
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def takes(self, index: int | None, id_: str, name: str) -> bool:
        """Whether a piece belongs to it: some servers send every call whole under one index."""
        is_other = bool(id_ and self.id and id_ != self.id)
        begins = bool(name and self.name) and (id_ != self.id or not id_)
        return self.index == index and not is_other and not begins


class CallGatherer:
    """Fed with the `tool_calls` of each chunk, or of a whole message."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._chars = 0

    def feed(self, pieces: object) -> None:
        """Take in a list of pieces; what is none is left out.

        Raises UpstreamError for more calls, or longer arguments, than are taken.
        """
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                self._add(piece)

    def calls(self) -> list[WantedCall]:
        """All of them, in the order in which they began. One without an id is given one."""
        seen: set[str] = set()
        found = []
        for call in self._calls:
            if not call.name:
                continue
            id_ = call.id if call.id and call.id not in seen else new_id("call")
            seen.add(id_)
            found.append(WantedCall(id_, call.name, "".join(call.arguments)))
        return found

    def _add(self, piece: dict[str, Any]) -> None:
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        index, id_ = piece.get("index"), _text(piece.get("id"))
        call = self._of(index if isinstance(index, int) else None, id_, _text(function.get("name")))
        arguments = _arguments(function.get("arguments"))
        self._chars += len(arguments)
        if self._chars > MAX_ARGUMENTS_CHARS:
            raise UpstreamError(
                f"The model called tools with more than {MAX_ARGUMENTS_CHARS:,} characters of "
                "arguments. Ask for less at once.",
                code="tool_arguments_too_long",
            )
        call.arguments.append(arguments)

    def _of(self, index: int | None, id_: str, name: str) -> _Call:
        """The call that a piece goes on with, or a new one."""
        known = [call for call in self._calls if call.takes(index, id_, name)]
        if known and (index is not None or not name):
            call = known[-1]
            call.id, call.name = call.id or id_, call.name or name
            return call
        if len(self._calls) >= MAX_CALLS:
            raise UpstreamError(
                f"The model called more than {MAX_CALLS} tools at once. Ask for less at once.",
                code="too_many_tool_calls",
            )
        call = _Call(index, id_, name)
        self._calls.append(call)
        return call


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _arguments(value: object) -> str:
    """Some servers send the arguments as an object."""
    if isinstance(value, dict):
        return tool_json.dumps(value).decode()
    return _text(value)
