"""The stream: Chat Completions' chunks as Anthropic's events."""

from collections.abc import Collection
from typing import Any

from aiportal.dialects.anthropic.answer import Ending, Thought, stated_text, thoughts, usage_of
from aiportal.dialects.anthropic.blocks import Block, BlockQueue, event
from aiportal.dialects.anthropic.calls import CallTable, arguments_of, calls_of
from aiportal.dialects.anthropic.thinking import is_mark, mark
from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.sse import data_of, split_events
from aiportal.errors import UpstreamError

__all__ = ["MessageStream"]

Wire = dict[str, Any]


class MessageStream:
    """Fed with blocks of whole events, says what to send.

    The message ends, with the reason and the usage, only once `[DONE]` has come. failure: set by
    what is no chunk, after which nothing more is to be fed.
    """

    def __init__(self, *, message_id: str, model: str, stop_sequences: Collection[str]) -> None:
        self._message_id = message_id
        self._model = model
        self._ending = Ending(stop_sequences)
        self._usage: object = None
        self._is_started = False
        self._blocks = BlockQueue()
        self._calls = CallTable()
        self.failure: UpstreamError | None = None

    def feed(self, block: bytes) -> bytes:
        """The events for a block, b"" for none."""
        out = []
        for one in split_events(block):
            try:
                out.append(self._event(one))
            except UpstreamError as error:
                self.failure = error
                break
        return b"".join(out)

    def _event(self, one: bytes) -> bytes:
        data = data_of(one)
        if data is None:
            return b""
        if data == b"[DONE]":
            return self._start() + self._end()
        chunk = chunk_of(data)
        if isinstance(chunk.get("usage"), dict):
            self._usage = chunk["usage"]
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return b""
        start = b"" if self._is_started else self._start()
        return start + self._choice(choices[0])

    def _start(self) -> bytes:
        if self._is_started:
            return b""
        self._is_started = True
        message: Wire = {
            "id": self._message_id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage_of(self._usage),
        }
        return event("message_start", message=message)

    def _end(self) -> bytes:
        return (
            self._blocks.end()
            + event("message_delta", delta=self._ending.as_wire(), usage=usage_of(self._usage))
            + event("message_stop")
        )

    def _choice(self, choice: Wire) -> bytes:
        self._ending.note(choice)
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return b""
        if len(delta) == 1 and isinstance(text := delta.get("content"), str) and text:
            return self._say(text)  # nearly every chunk of a stream
        out = [self._think(thought) for thought in thoughts(delta)]
        if text := stated_text(delta):
            out.append(self._say(text))
        if delta.get("refusal"):
            self._ending.is_refusal = True
        out += map(self._call, calls_of(delta))
        return b"".join(out)

    def _say(self, text: str) -> bytes:
        block = self._blocks.last
        if block is not None and block.kind == "text":
            return self._blocks.write(block, text)
        block = Block("text", {"type": "text", "text": ""}, "text_delta", "text")
        return self._blocks.add(block) + self._blocks.write(block, text)

    def _think(self, thought: Thought) -> bytes:
        if thought.data is not None:
            head: Wire = {"type": "redacted_thinking", "data": thought.data}
            return self._blocks.add(Block("redacted_thinking", head))
        block, out = self._blocks.last, b""
        if block is None or block.kind != "thinking" or _is_signed(block):
            head = {"type": "thinking", "thinking": "", "signature": ""}
            block = Block("thinking", head, "thinking_delta", "thinking")
            block.signature = mark(thought.field, self._model)
            out = self._blocks.add(block)
        if thought.text:
            out += self._blocks.write(block, thought.text)
        if thought.signature:
            block.signature = thought.signature
        return out

    def _call(self, call: Wire) -> bytes:
        self._ending.has_calls = True
        block, is_new = self._calls.take(call)
        out = self._blocks.add(block) if is_new else b""
        if arguments := arguments_of(call):
            out += self._blocks.write(block, arguments)
        return out


def _is_signed(block: Block) -> bool:
    return bool(block.signature) and not is_mark(block.signature)
