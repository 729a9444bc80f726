"""One answer of a model that may call tools, read as it comes: text for the caller, calls for us."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiportal.chat.tool_calls import CallGatherer, WantedCall
from aiportal.chat.tool_dialogue import Dialogue
from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.sse import data_of, split_events
from aiportal.routing import Completion

__all__ = ["Chunk", "ToolRound"]

_BETWEEN = "\n\n"  # texts of two rounds


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is for the caller of a chunk of Chat Completions, or of a whole answer."""

    value: Mapping[str, Any]


class ToolRound:
    """Read once, by `chunks` (streamed) or `whole`; the rest is known afterwards.

    follows_text: text of an earlier round stands before this one's.
    text: the model's own, also where it is a call. said: what of it the caller was given.
    """

    def __init__(self, dialogue: Dialogue, *, is_first: bool, follows_text: bool) -> None:
        self._dialogue = dialogue
        self._is_first = is_first
        self._follows_text = follows_text
        self._gatherer = CallGatherer()
        self._held = ""
        self._head: dict[str, Any] = {}
        self._finish: str | None = None
        self.text = ""
        self.said = ""
        self.calls: list[WantedCall] = []

    async def chunks(
        self, completion: Completion, *, is_gathered: bool = False
    ) -> AsyncIterator[Chunk]:
        """The chunks that hold something for the caller; the finish is kept back, see `end`.

        is_gathered: they may come several at once. Raises UpstreamError.
        """
        async for block in completion.chunks():
            for event in split_events(block):
                data = data_of(event)
                if data is not None and data != b"[DONE]":
                    passed = self._take(chunk_of(data))
                    if passed is not None:
                        yield Chunk(passed)
            if is_gathered:
                await completion.rest()
        self.calls = self._gatherer.calls() or self._dialogue.calls_in(self.text)
        if self._held and not self.calls:
            shown = self._dialogue.shown(self._held)
            yield Chunk(self._made({"content": self._released(shown)}))

    async def whole(self, completion: Completion) -> Chunk:
        """The whole answer, without its calls. Raises UpstreamError."""
        answer = chunk_of(await completion.read())
        choice, message = _choice_of(answer, "message")
        self._gatherer.feed(message.pop("tool_calls", None))
        content = message.get("content")
        self.text = content if isinstance(content, str) else ""
        self.calls = self._gatherer.calls() or self._dialogue.calls_in(self.text)
        self.said = "" if self.calls and not self._gatherer.calls() else self.text
        if self.text and self._dialogue.holds(self.text) and not self.calls:
            message["content"] = self.said = self._dialogue.shown(self.text)
        return Chunk({**answer, "choices": [{**choice, "message": message}]})

    def end(self) -> Chunk:
        """The chunk that says how the answer finished."""
        return Chunk(self._made({}, finish=self._finish))

    def _take(self, chunk: dict[str, Any]) -> dict[str, Any] | None:
        """What of a chunk is for the caller, None for nothing."""
        choice, delta = _choice_of(chunk, "delta")
        if not choice:
            return None
        self._head = {k: v for k, v in chunk.items() if k not in ("choices", "usage")}
        self._gatherer.feed(delta.pop("tool_calls", None))
        finish = choice.get("finish_reason")
        self._finish = finish if isinstance(finish, str) else self._finish
        if isinstance(text := delta.get("content"), str):
            delta["content"] = self._shown(text)
        has_content = any(value not in (None, "", []) for k, value in delta.items() if k != "role")
        if not has_content and not (self._is_first and "role" in delta):
            return None
        self._is_first = False
        return {**self._head, "choices": [{**choice, "delta": delta, "finish_reason": None}]}

    def _shown(self, text: str) -> str:
        """What of a further piece of text can be shown by now."""
        self.text += text
        if not self.said and self._dialogue.holds(self.text):
            self._held += text
            return ""
        shown, self._held = self._held + text, ""
        return self._released(shown)

    def _released(self, text: str) -> str:
        if text and not self.said and self._follows_text:
            self.said = text
            return _BETWEEN + text
        self.said += text
        return text

    def _made(self, delta: dict[str, Any], *, finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**self._head, "choices": [choice]}


def _choice_of(answer: Mapping[str, Any], name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first choice, and its delta or message; both empty where there is none."""
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        return {}, {}
    inside = first.get(name)
    return first, dict(inside) if isinstance(inside, dict) else {}
