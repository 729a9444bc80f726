"""Reads along in an OpenAI event stream that is passed on as bytes."""

import re
from collections.abc import Callable
from typing import Any

import orjson

from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.sse import DONE, data_of, encode, without_fields
from aiportal.dialects.token_usage import TokenUsage
from aiportal.registry import NOTHING_CONFIDENTIAL, Confidential
from aiportal.routing.event_scanner import EventScanner
from aiportal.routing.upstreams.failures import failure_from_error_object

__all__ = ["StreamScanner"]

_FINISH = re.compile(rb'"finish_reason"\s*:\s*"([^"\\]*)"')
_USAGE = re.compile(rb'"usage"\s*:\s*\{')
_TEXT = re.compile(
    rb'"(?:content|reasoning_content|reasoning|arguments|refusal)"\s*:\s*"((?:[^"\\]++|\\.)++)"'
)


def _is_one_line(event: bytes) -> bool:
    return event.startswith(b"data: {") and event.endswith(b"}\n\n") and event.count(b"\n") == 2


class StreamScanner(EventScanner):
    """See `EventScanner`; the last event is `[DONE]`.

    wants_usage: the caller asked for the usage chunk; else one that holds nothing but usage is kept
    back.
    """

    def __init__(
        self, *, wants_usage: bool, confidential: Confidential = NOTHING_CONFIDENTIAL
    ) -> None:
        super().__init__(_TEXT, confidential=confidential)
        self._wants_usage = wants_usage
        self._finish_data = b""

    def end(self, prompt_chars: Callable[[], int]) -> bytes:
        """`[DONE]`, and before it the usage that the caller asked for and the upstream did not send."""
        done = self.done_event or DONE
        if not self._wants_usage or self.usage is not None:
            return done
        return self.usage_event(self.estimate(prompt_chars())) + done

    def usage_event(self, usage: TokenUsage) -> bytes:
        """The usage chunk that a caller asked for and the upstream did not send."""
        try:
            chunk: Any = orjson.loads(self._finish_data)
        except orjson.JSONDecodeError:
            chunk = {"object": "chat.completion.chunk"}
        return encode({**chunk, "choices": [], "usage": usage.as_wire()})

    def _feed_event(self, event: bytes) -> bytes:
        data = data_of(event)
        if data is None:
            return without_fields(event)
        if data == b"[DONE]":
            self.done_event = without_fields(event)
            return b""
        if finish := _FINISH.search(data):
            self.finish_reason = finish[1].decode("utf-8", "replace")
            self._finish_data = data
        must_be_read = b'"choices"' not in data or _USAGE.search(data) is not None
        can_be_plain = finish is None and not must_be_read and _is_one_line(event)
        self._count_text(event, can_be_plain=can_be_plain)
        if must_be_read and not self._read(data):
            return b""
        return without_fields(event)

    def _read(self, data: bytes) -> bool:
        """Decode a chunk that is not plain text; False if the caller should not see it."""
        chunk = chunk_of(data)
        if chunk.get("error"):
            raise failure_from_error_object(chunk["error"], confidential=self._confidential)
        usage = TokenUsage.from_wire(chunk.get("usage"))
        if usage is None:
            return True
        self.usage = usage
        return self._wants_usage or bool(chunk.get("choices"))
