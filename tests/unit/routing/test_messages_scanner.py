"""What is read along in a stream of Anthropic's events."""

from typing import Any

import orjson
import pytest

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import UpstreamOverloaded
from aiportal.registry import Confidential
from aiportal.routing.messages_scanner import MessagesScanner


def event(kind: str, **fields: Any) -> bytes:
    data = orjson.dumps({"type": kind, **fields})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)


def delta(**piece: str) -> bytes:
    return event("content_block_delta", index=0, delta=piece)


USAGE = {"input_tokens": 7, "cache_read_input_tokens": 2, "output_tokens": 1}
START = event("message_start", message={"id": "msg_1", "content": [], "usage": USAGE})
BEGUN = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
HELLO = delta(type="text_delta", text="Hello you")
END = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3})
STOP = event("message_stop")


@pytest.mark.parametrize(
    "piece",
    [
        {"type": "text_delta", "text": "Hello you"},
        {"type": "thinking_delta", "thinking": "Hello you"},
        {"type": "input_json_delta", "partial_json": "Hello you"},
    ],
)
def test_text_of_every_kind_passes_untouched_and_is_counted(piece: dict[str, str]) -> None:
    scanner = MessagesScanner()
    block = delta(**piece) * 4
    assert scanner.feed(block[: len(block) // 2]) == block[: len(block) // 2]
    assert scanner.feed(block[len(block) // 2 :]) == block[len(block) // 2 :]
    assert scanner.has_text
    assert scanner.estimate(prompt_chars=9) == TokenUsage(prompt_tokens=3, completion_tokens=9)


def test_what_is_no_text_is_not_counted() -> None:
    scanner = MessagesScanner()
    block = START + event("ping") + BEGUN + delta(type="signature_delta", signature="abcdefgh")
    assert scanner.feed(block) == block
    assert not scanner.has_text


def test_usage_is_known_at_the_end_from_start_and_end() -> None:
    scanner = MessagesScanner()
    scanner.feed(START + HELLO)
    assert scanner.usage is None
    scanner.feed(END)
    assert scanner.usage == TokenUsage(9, 3, cached_tokens=2)
    assert scanner.finish_reason == "end_turn"


def test_until_then_the_estimate_holds_what_the_start_has_told() -> None:
    scanner = MessagesScanner()
    scanner.feed(START + HELLO * 2)
    assert scanner.estimate(prompt_chars=1000) == TokenUsage(9, 5, cached_tokens=2)


def test_a_later_count_holds_and_null_is_none() -> None:
    scanner = MessagesScanner()
    told = {"input_tokens": 20, "cache_read_input_tokens": None, "output_tokens": 3}
    scanner.feed(START + event("message_delta", delta={}, usage=told))
    assert scanner.usage == TokenUsage(22, 3, cached_tokens=2)
    assert scanner.finish_reason is None


@pytest.mark.parametrize(
    "stop",
    [
        STOP,
        STOP.replace(b"\n", b"\r\n"),
        b"event: message_stop\ndata: {}\n\n",
        b'data: {"type": "message_stop"}\n\n',
    ],
)
def test_the_last_event_is_held_back_and_nothing_comes_after_it(stop: bytes) -> None:
    scanner = MessagesScanner()
    assert scanner.feed(END + stop + HELLO) == END
    assert scanner.done_event == stop
    assert scanner.end(lambda: 0) == stop


def test_no_text_makes_an_end() -> None:
    scanner = MessagesScanner()
    said = delta(type="text_delta", text='"stop_reason":"end_turn"},"type":"message_stop"\n\n')
    block = HELLO + said + HELLO
    assert scanner.feed(block) == block
    assert (scanner.finish_reason, scanner.done_event) == (None, None)


@pytest.mark.parametrize("hidden", [END, STOP, event("error", error={"message": "no"})])
def test_an_event_among_texts_is_found(hidden: bytes) -> None:
    scanner = MessagesScanner()
    scanner.feed(HELLO)
    scanner.feed(HELLO + hidden + HELLO)
    assert scanner.finish_reason or scanner.done_event or scanner.failure


def test_an_error_is_told_by_its_type_without_the_key() -> None:
    scanner = MessagesScanner(confidential=Confidential.of("sk-secret", {}, None))
    overloaded = {"type": "overloaded_error", "message": "sk-secret is busy"}
    assert scanner.feed(HELLO + event("error", error=overloaded) + HELLO) == HELLO
    assert isinstance(scanner.failure, UpstreamOverloaded)
    scanner = MessagesScanner(confidential=Confidential.of("sk-secret", {}, None))
    scanner.feed(event("error", error={"type": "new_error", "message": "sk-secret is bad"}))
    assert scanner.failure is not None
    assert scanner.failure.message == "[key] is bad"


def test_an_event_that_is_no_json_is_an_error_of_the_upstream() -> None:
    scanner = MessagesScanner()
    assert scanner.feed(b"event: ping\ndata: <html>\n\n") == b""
    assert "not JSON" in str(scanner.failure)


@pytest.mark.parametrize(
    "odd",
    [
        event("message_start", message=7),
        event("message_start", message={"usage": [1]}),
        event("message_delta", delta=7, usage=7),
        event("message_delta", delta={"stop_reason": 7}, usage={"output_tokens": "many"}),
        b"data: [1]\n\n",
        b'data: {"type": ["message_stop"]}\n\n',
        b"event: message_start\n\n",
    ],
)
def test_what_has_another_shape_passes_and_tells_nothing(odd: bytes) -> None:
    scanner = MessagesScanner()
    assert scanner.feed(odd) == odd
    assert (scanner.finish_reason, scanner.done_event, scanner.failure) == (None, None, None)
