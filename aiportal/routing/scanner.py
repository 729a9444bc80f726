"""Reads along in an OpenAI event stream that is passed on as bytes.

Nothing is decoded that need not be: the markers looked for cannot occur inside a JSON string, where
every quotation mark is escaped.
"""

import re
from typing import Any

import orjson

from aiportal.dialects.openai_chat import TokenUsage
from aiportal.dialects.sse import data_of, encode, without_fields
from aiportal.errors import UpstreamError
from aiportal.routing.upstreams.failures import failure_from_error_object

__all__ = ["CHARS_PER_TOKEN", "StreamScanner"]

CHARS_PER_TOKEN = 4  # a usual figure for English text and current tokenizers
_FINISH = re.compile(rb'"finish_reason"\s*:\s*"([^"\\]*)"')
_USAGE = re.compile(rb'"usage"\s*:\s*\{')
_TEXT = re.compile(
    rb'"(?:content|reasoning_content|reasoning|arguments|refusal)"\s*:\s*"((?:[^"\\]|\\.)+)"'
)


class StreamScanner:
    """Fed with each whole event, says what of it to pass on, and what the stream has told so far.

    wants_usage: the caller asked for the usage chunk; else one that holds nothing but usage is kept
    back. secret: the deployment's key, struck from any error.
    """

    def __init__(self, *, wants_usage: bool, secret: str | None = None) -> None:
        self._wants_usage = wants_usage
        self._secret = secret
        self._text_events = 0
        self._text_bytes = 0
        self.finish_reason: str | None = None
        self.usage: TokenUsage | None = None
        self.done_event: bytes | None = None
        self._finish_data = b""

    @property
    def has_text(self) -> bool:
        """True once a first piece of the answer has come."""
        return self._text_events > 0

    def feed(self, event: bytes) -> bytes:
        """What to pass on of an event, b"" for nothing. `[DONE]` is kept in `done_event`.

        Raises UpstreamError for an error event.
        """
        data = data_of(event)
        if data is None:
            return without_fields(event)
        if data == b"[DONE]":
            self.done_event = without_fields(event)
            return b""
        for text in _TEXT.findall(data):
            self._text_events += 1
            self._text_bytes += len(text)
        if finish := _FINISH.search(data):
            self.finish_reason = finish[1].decode("utf-8", "replace")
            self._finish_data = data
        if b'"choices"' not in data or _USAGE.search(data):
            return without_fields(event) if self._read(data) else b""
        return without_fields(event)

    def estimate(self, prompt_chars: int) -> TokenUsage:
        """Tokens by rule of thumb, for a stream without usage: at least one for each piece of text."""
        completion = max(self._text_events, -(-self._text_bytes // CHARS_PER_TOKEN))
        return TokenUsage(
            prompt_tokens=-(-prompt_chars // CHARS_PER_TOKEN), completion_tokens=completion
        )

    def usage_event(self, usage: TokenUsage) -> bytes:
        """The usage chunk that a caller asked for and the upstream did not send."""
        try:
            chunk: Any = orjson.loads(self._finish_data)
        except orjson.JSONDecodeError:
            chunk = {"object": "chat.completion.chunk"}
        return encode({**chunk, "choices": [], "usage": usage.as_wire()})

    def _read(self, data: bytes) -> bool:
        """Decode a chunk that is not plain text; False if the caller should not see it."""
        try:
            chunk: Any = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise UpstreamError(
                "The provider of this model sent an event that is not JSON.",
                code="upstream_protocol_error",
            ) from error
        if not isinstance(chunk, dict):
            return True
        if chunk.get("error"):
            raise failure_from_error_object(chunk["error"], secret=self._secret)
        usage = TokenUsage.from_wire(chunk.get("usage"))
        if usage is None:
            return True
        self.usage = usage
        return self._wants_usage or bool(chunk.get("choices"))
