"""Reads along in a stream of Anthropic's events that is passed on as bytes."""

import re
from collections.abc import Callable
from typing import Any

from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.sse import data_of, without_fields
from aiportal.dialects.token_usage import TokenUsage
from aiportal.registry import NOTHING_CONFIDENTIAL, Confidential
from aiportal.routing.event_scanner import EventScanner
from aiportal.routing.upstreams.failures import failure_from_provider

__all__ = ["MessagesScanner"]

_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_TEXT = re.compile(rb'"(?:text|thinking|partial_json)"\s*:\s*"((?:[^"\\]++|\\.)++)"')
# A piece of a block, as nearly all events are; nothing in it has to be read.
_DELTA = re.compile(rb'event: content_block_delta\ndata: \{\s*"type"\s*:\s*"content_block_delta"')
_COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens_details",
    "iterations",
)
_NAME = re.compile(rb"(?:^|[\r\n])event: ?([a-z_]+)(?=[\r\n])")


class MessagesScanner(EventScanner):
    """See `EventScanner`; the last event is `message_stop`.

    usage: known once the message has ended; what has been told before is part of the estimate.
    """

    def __init__(self, *, confidential: Confidential = NOTHING_CONFIDENTIAL) -> None:
        super().__init__(_TEXT, confidential=confidential)
        self._told: dict[str, Any] = {}

    def end(self, prompt_chars: Callable[[], int]) -> bytes:  # noqa: ARG002 - nothing is made up
        """`message_stop`."""
        return self.done_event or _STOP

    def estimate(self, prompt_chars: int) -> TokenUsage:
        """As the base has it, but for what the message's start has told."""
        guess = super().estimate(prompt_chars)
        told = TokenUsage.from_anthropic(self._told)
        if told is None:
            return guess
        completion_tokens = max(told.completion_tokens, guess.completion_tokens)
        return told._replace(completion_tokens=completion_tokens)

    def _feed_event(self, event: bytes) -> bytes:
        if _is_plain_delta(event):
            self._count_text(event, can_be_plain=True)
            return event
        data = data_of(event)
        if data is not None and self._is_last(event, data):
            self.done_event = without_fields(event)
            return b""
        return without_fields(event)

    def _is_last(self, event: bytes, data: bytes) -> bool:
        """Take in what an event tells; whether none comes after it."""
        told = chunk_of(data)
        match told.get("type") or _name(event):
            case "message_start":
                message = told.get("message")
                self._take_usage(message.get("usage") if isinstance(message, dict) else None)
            case "content_block_start" | "content_block_delta":
                self._count_text(event, can_be_plain=False)
            case "message_delta":
                self._take_end(told)
            case "error":
                raise failure_from_provider(
                    told.get("error") or told, confidential=self._confidential
                )
            case "message_stop":
                return True
        return False

    def _take_end(self, told: dict[str, Any]) -> None:
        delta = told.get("delta")
        if isinstance(delta, dict) and isinstance(reason := delta.get("stop_reason"), str):
            self.finish_reason = reason
        if self._take_usage(told.get("usage")):
            self.usage = TokenUsage.from_anthropic(self._told)

    def _take_usage(self, usage: object) -> bool:
        """The later counts hold for the whole; what they leave out has been told at the start."""
        if not isinstance(usage, dict):
            return False
        self._told |= {name: usage[name] for name in _COUNTS if usage.get(name) is not None}
        return True


def _is_plain_delta(event: bytes) -> bool:
    """True for a block's delta in the usual form, with no other line in it."""
    return (
        _DELTA.match(event) is not None
        and event.endswith(b"}\n\n")
        and event.count(b"\n") == 3
        and b"\r" not in event
    )


def _name(event: bytes) -> str:
    found = _NAME.search(event)
    return found[1].decode() if found is not None else ""
