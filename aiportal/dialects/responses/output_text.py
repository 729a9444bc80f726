"""Items of output that consist of texts, piece by piece: what the model says, and what it thinks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["OUTPUT_TEXT", "REASONING_TEXT", "REFUSAL", "Event", "PartKind", "TextItem"]

Event = dict[str, Any]
"""One of OpenAI's events, but for its `sequence_number`."""


@dataclass(frozen=True, slots=True)
class PartKind:
    """type: the part's; key: where its text stands; event: what its events' names begin with."""

    type: str
    key: str
    event: str


OUTPUT_TEXT = PartKind("output_text", "text", "response.output_text")
REFUSAL = PartKind("refusal", "refusal", "response.refusal")
REASONING_TEXT = PartKind("reasoning_text", "text", "response.reasoning_text")


@dataclass(slots=True)
class _Part:
    kind: PartKind
    index: int
    pieces: list[str] = field(default_factory=list)
    annotations: list[Mapping[str, Any]] = field(default_factory=list)
    logprobs: list[Any] = field(default_factory=list)

    def resource(self) -> dict[str, Any]:
        part: dict[str, Any] = {"type": self.kind.type, self.kind.key: "".join(self.pieces)}
        if self.kind is OUTPUT_TEXT:
            part |= {"annotations": list(self.annotations), "logprobs": list(self.logprobs)}
        return part


class TextItem:
    """A `message` or a `reasoning` item that is being written, at most one part of it at a time."""

    def __init__(self, kind: Literal["message", "reasoning"], item_id: str, index: int) -> None:
        self.kind = kind
        self._id = item_id
        self._index = index
        self._parts: list[_Part] = []
        self._status = "in_progress"

    def resource(self) -> dict[str, Any]:
        """The item as it is now."""
        parts = [part.resource() for part in self._parts]
        item = {"id": self._id, "type": self.kind, "status": self._status}
        if self.kind == "message":
            return {**item, "role": "assistant", "content": parts}
        return {**item, "summary": [], "content": parts}

    def open(self) -> Event:
        """It is there, and empty."""
        return {
            "type": "response.output_item.added",
            "output_index": self._index,
            "item": self.resource(),
        }

    def write(self, kind: PartKind, text: str, logprobs: Sequence[Any]) -> Iterator[Event]:
        """Add a piece of text; a text of another kind than the last begins a part of its own."""
        if not self._parts or self._parts[-1].kind is not kind:
            yield from self._close_part()
            yield self._add_part(kind)
        part = self._parts[-1]
        part.pieces.append(text)
        event = self._event(f"{kind.event}.delta") | {"delta": text}
        if kind is OUTPUT_TEXT:
            part.logprobs += logprobs
            event["logprobs"] = list(logprobs)
        yield event

    def annotate(self, annotation: Mapping[str, Any]) -> Iterator[Event]:
        """Add a citation to the text."""
        if not self._parts or self._parts[-1].kind is not OUTPUT_TEXT:
            yield from self._close_part()
            yield self._add_part(OUTPUT_TEXT)
        part = self._parts[-1]
        part.annotations.append(annotation)
        yield self._event("response.output_text.annotation.added") | {
            "annotation": annotation,
            "annotation_index": len(part.annotations) - 1,
        }

    def close(self, status: str) -> Iterator[Event]:
        """Nothing more comes."""
        yield from self._close_part()
        self._status = status
        yield {
            "type": "response.output_item.done",
            "output_index": self._index,
            "item": self.resource(),
        }

    def _add_part(self, kind: PartKind) -> Event:
        self._parts.append(_Part(kind, len(self._parts)))
        return self._event("response.content_part.added") | {"part": self._parts[-1].resource()}

    def _close_part(self) -> Iterator[Event]:
        if not self._parts:
            return
        part = self._parts[-1]
        whole = part.resource()
        event = self._event(f"{part.kind.event}.done") | {part.kind.key: whole[part.kind.key]}
        if part.kind is OUTPUT_TEXT:
            event["logprobs"] = whole["logprobs"]
        yield event
        yield self._event("response.content_part.done") | {"part": whole}

    def _event(self, kind: str) -> Event:
        return {
            "type": kind,
            "item_id": self._id,
            "output_index": self._index,
            "content_index": len(self._parts) - 1,
        }
