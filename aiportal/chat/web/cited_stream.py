"""A stream of Chat Completions with the sources of its answer."""

from typing import Any, Final

from aiportal.chat.web.citations import annotations_of
from aiportal.chat.web.findings import Findings
from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.sse import data_of, encode

__all__ = ["CitedStream"]

MAX_CHARS: Final = 4_000_000  # of an answer that is looked through


class CitedStream:
    """Fed with each event; what is to be passed on for it.

    The first chunk says also, beside its `choices`, what was searched (`web_search`) and found
    (`citations`). Before the finish stands one more chunk, whose delta holds the `annotations`. All
    are chunks as every client reads them; the others pass as they came.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._texts: list[str] = []
        self._chars = 0
        self._has_begun = False
        self._is_cited = False

    def passed(self, event: bytes) -> bytes:
        """Raises UpstreamError for what is no JSON."""
        data = data_of(event)
        if data is None or data == b"[DONE]":
            return event
        chunk = chunk_of(data)
        choice = _choice_of(chunk)
        if choice is None:
            return event
        self._read(choice)
        is_first, self._has_begun = not self._has_begun, True
        if choice.get("finish_reason") is None or self._is_cited:
            return encode(chunk | self._found()) if is_first else event
        self._is_cited = True
        pieces = self._finished(chunk, choice)
        if is_first:
            pieces[0] |= self._found()
        return b"".join(map(encode, pieces))

    def _found(self) -> dict[str, Any]:
        findings = self._findings
        return {"web_search": findings.as_json(), "citations": findings.citations()}

    def _read(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta")
        text = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(text, str) and self._chars <= MAX_CHARS:
            self._texts.append(text)
            self._chars += len(text)

    def _finished(self, chunk: dict[str, Any], choice: dict[str, Any]) -> list[dict[str, Any]]:
        """What the chunk itself says, the annotations, then that it is finished."""
        head = {name: value for name, value in chunk.items() if name not in ("choices", "usage")}
        going_on = {**choice, "finish_reason": None}
        annotations = annotations_of("".join(self._texts), self._findings.sources)
        cited = {**head, "choices": [{**going_on, "delta": {"annotations": annotations}}]}
        if not (choice.get("delta") or {}).get("content"):
            return [cited, chunk]
        last = {**chunk, "choices": [{**choice, "delta": {}}]}
        return [{**head, "choices": [going_on]}, cited, last]


def _choice_of(chunk: dict[str, Any]) -> dict[str, Any] | None:
    choices = chunk.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else None
