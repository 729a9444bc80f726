"""The output of a response, built from the deltas of Chat Completions; a whole answer is one delta."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from aiportal.dialects.responses.output_call import CallItem, OpenCalls
from aiportal.dialects.responses.output_text import (
    OUTPUT_TEXT,
    REASONING_TEXT,
    REFUSAL,
    Event,
    PartKind,
    TextItem,
)
from aiportal.errors import UpstreamError

__all__ = ["MAX_OUTPUT_CHARS", "Output"]

MAX_OUTPUT_CHARS = 16_000_000  # of all texts: what an upstream can make the portal keep for a call


class Output:
    """Items in the order in which they began. Every method gives the events that tell of a change.

    item_id: makes the id of an item from its prefix and its place.
    """

    def __init__(self, item_id: Callable[[str, int], str]) -> None:
        self._item_id = item_id
        self._items: list[TextItem | CallItem] = []
        self._text: TextItem | None = None
        self._calls = OpenCalls()
        self._chars = 0

    def resources(self) -> list[dict[str, Any]]:
        """The items as they are now."""
        return [item.resource() for item in self._items]

    def feed(self, delta: Mapping[str, Any], logprobs: object = None) -> Iterator[Event]:
        """Take in a choice's `delta` and `logprobs`. Raises UpstreamError when it gets too long."""
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        content, inner_thought = _texts(delta.get("content"))
        if isinstance(thought, str) or inner_thought:
            text = thought if isinstance(thought, str) else inner_thought
            yield from self._write("reasoning", REASONING_TEXT, text)
        if content:
            yield from self._write("message", OUTPUT_TEXT, content, _logprobs(logprobs))
        for annotation in _citations(delta.get("annotations")):
            yield from self._begin_text("message")
            if self._text is not None:
                yield from self._text.annotate(annotation)
        if isinstance(refusal := delta.get("refusal"), str) and refusal:
            yield from self._write("message", REFUSAL, refusal)
        for piece in _list(delta.get("tool_calls")):
            yield from self._call(piece)

    def close(self, status: Literal["completed", "incomplete"]) -> Iterator[Event]:
        """Nothing more comes. status: of what was still being written."""
        yield from self._close_text(status)
        yield from self._open_calls(self._calls.calls)
        for call in self._calls.calls:
            yield from call.close(status)

    def _write(
        self,
        item: Literal["message", "reasoning"],
        kind: PartKind,
        text: str,
        logprobs: Sequence[Any] = (),
    ) -> Iterator[Event]:
        self._count(text)
        yield from self._begin_text(item)
        if self._text is not None:
            yield from self._text.write(kind, text, logprobs)

    def _begin_text(self, kind: Literal["message", "reasoning"]) -> Iterator[Event]:
        if self._text is not None and self._text.kind == kind:
            return
        yield from self._close_text("completed")
        prefix = "msg" if kind == "message" else "rs"
        place = len(self._items)
        self._text = TextItem(kind, self._item_id(prefix, place), place)
        self._items.append(self._text)
        yield self._text.open()

    def _close_text(self, status: str) -> Iterator[Event]:
        if self._text is not None:
            yield from self._text.close(status)
            self._text = None

    def _call(self, piece: Mapping[str, Any]) -> Iterator[Event]:
        call, arguments = self._calls.take(piece)
        if not arguments:
            return
        self._count(arguments)
        if not call.is_open:
            yield from self._close_text("completed")
            earlier = self._calls.calls.index(call) + 1
            yield from self._open_calls(self._calls.calls[:earlier])
        call.hold(arguments)
        yield call.write(arguments)

    def _open_calls(self, calls: Sequence[CallItem]) -> Iterator[Event]:
        for call in calls:
            if not call.is_open:
                place = len(self._items)
                self._items.append(call)
                yield call.open(self._item_id("fc", place), place)

    def _count(self, text: str) -> None:
        self._chars += len(text)
        if self._chars > MAX_OUTPUT_CHARS:
            raise UpstreamError(
                f"The provider's answer is longer than {MAX_OUTPUT_CHARS} characters.",
                code="upstream_protocol_error",
            )


def _list(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _texts(content: object) -> tuple[str, str]:
    """What is said and what is thought in a `content`: a text, or parts as Mistral sends them."""
    if isinstance(content, str):
        return content, ""
    said, thought = [], []
    for part in _list(content):
        if isinstance(text := part.get("text"), str):
            said.append(text)
        elif part.get("type") == "thinking":
            inner = part.get("thinking")
            texts = [inner] if isinstance(inner, str) else [one.get("text") for one in _list(inner)]
            thought += [text for text in texts if isinstance(text, str)]
    return "".join(said), "".join(thought)


def _logprobs(logprobs: object) -> list[Any]:
    """Chat's `logprobs.content`; a token without `bytes` gets an empty list of them."""
    found = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    return [
        {**_with_bytes(token), "top_logprobs": [_with_bytes(t) for t in _tops(token)]}
        for token in _list(found)
    ]


def _tops(token: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _list(token.get("top_logprobs"))


def _with_bytes(token: Mapping[str, Any]) -> dict[str, Any]:
    return {**token, "bytes": token.get("bytes") or []}


def _citations(annotations: object) -> Iterator[Mapping[str, Any]]:
    """Chat nests what a citation says under its type, Responses does not."""
    for annotation in _list(annotations):
        kind = annotation.get("type")
        inner = annotation.get(kind) if isinstance(kind, str) else None
        yield {"type": kind, **inner} if isinstance(inner, Mapping) else annotation
