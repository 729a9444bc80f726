"""The whole answer: Chat Completions' JSON as one of Anthropic's messages."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from aiportal.dialects.anthropic.calls import arguments_of, calls_of, function_of
from aiportal.dialects.anthropic.thinking import FIELDS, mark
from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import UpstreamError
from aiportal.ids import new_id

__all__ = ["Ending", "Thought", "message", "stated_text", "thoughts", "usage_of"]

Wire = dict[str, Any]
_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_OWN_WORDS = frozenset({"max_tokens", "tool_use", "pause_turn", "refusal", "stop_sequence"})
# Where vLLM, SGLang and others say which stop sequence has ended an answer.
_MATCHES = ("stop_reason", "matched_stop", "stop_sequence")


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of thinking. field: where it came in. data: of a redacted one, which has no text."""

    field: str
    text: str
    signature: str = ""
    data: str | None = None


@dataclass(slots=True)
class Ending:
    """Why an answer ends, gathered from the choice, or from the choices of a stream."""

    stop_sequences: Collection[str]
    finish: str | None = None
    has_calls: bool = False
    is_refusal: bool = False
    match: str | None = None

    def note(self, choice: Wire) -> None:
        """Take in a choice, of an answer or of a chunk."""
        finish = choice.get("finish_reason")
        if not isinstance(finish, str):
            return
        self.finish = finish
        for name in _MATCHES:
            if isinstance(word := choice.get(name), str) and word in self.stop_sequences:
                self.match = word

    def as_wire(self) -> Wire:
        """`stop_reason` and `stop_sequence`."""
        return {"stop_reason": self._reason(), "stop_sequence": self.match}

    def _reason(self) -> str | None:
        if self.is_refusal:
            return "refusal"
        if self.match is not None:
            return "stop_sequence"
        if self.finish is None:
            return None
        if self.finish == "stop" and self.has_calls:
            return "tool_use"
        if self.finish in _OWN_WORDS:
            return self.finish
        return _STOP_REASONS.get(self.finish, "end_turn")


def message(body: bytes, *, message_id: str, model: str, stop_sequences: Collection[str]) -> Wire:
    """The message for an unstreamed answer. Raises UpstreamError where there is no choice in it."""
    answer: Any = orjson.loads(body)
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        raise UpstreamError(
            "The provider of this model sent an answer without a message.",
            code="upstream_protocol_error",
        )
    said = choice["message"]
    calls = calls_of(said)
    ending = Ending(
        stop_sequences, has_calls=bool(calls), is_refusal=isinstance(said.get("refusal"), str)
    )
    ending.note(choice)
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [
            *_thinking_blocks(said, model),
            *({"type": "text", "text": text} for text in [stated_text(said)] if text),
            *map(_tool_use, calls),
        ],
        **ending.as_wire(),
        "usage": usage_of(answer.get("usage")),
    }


def stated_text(said: Wire) -> str:
    """What a message or a delta says aloud; a refusal counts."""
    content = said.get("content")
    if isinstance(content, list):  # Mistral's parts, of which some are thinking
        parts = [part for part in content if isinstance(part, dict)]
        content = "".join(part["text"] for part in parts if isinstance(part.get("text"), str))
    refusal = said.get("refusal")
    texts = [text for text in (content, refusal) if isinstance(text, str)]
    return "".join(texts)


def thoughts(said: Wire) -> Iterator[Thought]:
    """The thinking in a message or a delta."""
    blocks = said.get("thinking_blocks")
    if isinstance(blocks, list) and blocks:  # LiteLLM's, which have signatures
        for block in blocks:
            if isinstance(block, dict):
                yield _thought(block)
        return
    for field in FIELDS:
        if isinstance(text := said.get(field), str) and text:
            yield Thought(field, text)
            return
    content = said.get("content")
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and isinstance(inner := part.get("thinking"), list):
            yield Thought("thinking", stated_text({"content": inner}))


def _thought(block: Wire) -> Thought:
    if block.get("type") == "redacted_thinking":
        return Thought("thinking_blocks", "", data=str(block.get("data", "")))
    return Thought(
        "thinking_blocks", str(block.get("thinking") or ""), str(block.get("signature") or "")
    )


def _thinking_blocks(said: Wire, model: str) -> Iterator[Wire]:
    for thought in thoughts(said):
        if thought.data is not None:
            yield {"type": "redacted_thinking", "data": thought.data}
        else:
            signature = thought.signature or mark(thought.field, model)
            yield {"type": "thinking", "thinking": thought.text, "signature": signature}


def _tool_use(call: Wire) -> Wire:
    name, call_id = function_of(call).get("name"), call.get("id")
    return {
        "type": "tool_use",
        "id": call_id if isinstance(call_id, str) and call_id else new_id("toolu"),
        "name": name if isinstance(name, str) else "",
        "input": _input(arguments_of(call)),
    }


SAFE_LEVELS = 200


def _input(arguments: str) -> Wire:
    """The input of a call; what is no JSON object is handed on as the text that it is."""
    try:
        found = orjson.loads(arguments) if arguments.strip() else None
    except orjson.JSONDecodeError:
        found = arguments
    if found is None:
        return {}
    is_input = isinstance(found, dict) and _can_be_written(found, arguments)
    return found if is_input else {"INVALID_JSON": arguments}


def _can_be_written(value: Wire, text: str) -> bool:
    """False for what orjson reads, but does not write: too many levels, this answer's included."""
    if text.count("[") + text.count("{") < SAFE_LEVELS:
        return True
    try:
        orjson.dumps([[[[[[[[value]]]]]]]])
    except orjson.JSONEncodeError:
        return False
    return True


def usage_of(usage: object) -> Wire:
    """Anthropic's `usage`, in which cached tokens do not count as input."""
    tokens = TokenUsage.from_wire(usage) or TokenUsage()
    written = _written_tokens(usage)
    found: Wire = {
        "input_tokens": max(tokens.prompt_tokens - tokens.cached_tokens - written, 0),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": tokens.cached_tokens,
        "output_tokens": tokens.completion_tokens,
    }
    if tokens.reasoning_tokens:
        found["output_tokens_details"] = {"thinking_tokens": tokens.reasoning_tokens}
    return found


def _written_tokens(usage: object) -> int:
    """Tokens that were put into a provider's cache, under the names that providers have for them."""
    if not isinstance(usage, dict):
        return 0
    details = usage.get("prompt_tokens_details")
    details = details if isinstance(details, dict) else {}
    for value in (
        usage.get("cache_creation_input_tokens"),
        details.get("cache_creation_tokens"),
        details.get("cache_write_tokens"),
    ):
        if isinstance(value, int) and 0 < value < 2**53:
            return value
    return 0
