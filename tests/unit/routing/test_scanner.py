import pytest

from aiportal.dialects.token_usage import TokenUsage
from aiportal.registry import Confidential
from aiportal.routing.scanner import StreamScanner

TEXT = b'data: {"choices":[{"index":0,"delta":{"content":"Hello you"},"finish_reason":null}]}\n\n'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\n'
TOLD = TokenUsage(7, 3)


def test_text_passes_untouched_and_is_counted() -> None:
    scanner = StreamScanner(wants_usage=False)
    assert scanner.feed(TEXT) == TEXT
    assert scanner.has_text
    assert scanner.estimate(prompt_chars=9) == TokenUsage(prompt_tokens=3, completion_tokens=3)


@pytest.mark.parametrize(("wants_usage", "passed"), [(True, USAGE), (False, b"")])
def test_the_usage_chunk_passes_only_to_who_asked(wants_usage: bool, passed: bytes) -> None:
    scanner = StreamScanner(wants_usage=wants_usage)
    assert scanner.feed(USAGE) == passed
    assert scanner.usage == TOLD


def test_usage_beside_a_choice_passes_always() -> None:
    both = b'data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\n'
    scanner = StreamScanner(wants_usage=False)
    assert scanner.feed(both) == both
    assert scanner.usage == TOLD


def test_done_is_held_back() -> None:
    scanner = StreamScanner(wants_usage=False)
    assert scanner.feed(b"data: [DONE]\n\n") == b""
    assert scanner.done_event == b"data: [DONE]\n\n"


def test_the_finish_is_seen_and_not_made_up_from_text() -> None:
    quoted = rb'data: {"choices":[{"delta":{"content":"\"finish_reason\":\"stop\""}}]}' + b"\n\n"
    scanner = StreamScanner(wants_usage=False)
    scanner.feed(quoted)
    assert scanner.finish_reason is None
    scanner.feed(FINISH)
    assert scanner.finish_reason == "stop"


def test_an_error_event_is_told_without_the_key() -> None:
    scanner = StreamScanner(wants_usage=False, confidential=Confidential.of("sk-secret", {}, None))
    failing = b'data: {"error":{"message":"bad key sk-secret","code":"overloaded"}}\n\n'
    assert scanner.feed(TEXT + failing + TEXT) == TEXT
    assert scanner.failure is not None
    assert (scanner.failure.message, scanner.failure.code) == ("bad key [key]", "overloaded")


def test_an_event_that_is_no_json_is_an_error_of_the_upstream() -> None:
    scanner = StreamScanner(wants_usage=False)
    assert scanner.feed(b"data: <html>\n\n") == b""
    assert "not JSON" in str(scanner.failure)


def test_a_plain_chunk_is_known_by_its_frame_and_counted_alike() -> None:
    scanner = StreamScanner(wants_usage=False)
    for _ in range(3):
        assert scanner.feed(TEXT * 4) == TEXT * 4
    assert scanner.estimate(prompt_chars=0).completion_tokens == 12 * len("Hello you") / 4


def test_a_chunk_that_only_looks_plain_is_read_like_any_other() -> None:
    scanner = StreamScanner(wants_usage=False)
    before, after = TEXT.split(b"Hello you")
    sly = before + b'x"},"finish_reason":"stop","extra":{"a":"y' + after
    assert scanner.feed(TEXT + TEXT + sly) == TEXT + TEXT + sly
    assert scanner.finish_reason == "stop"


def test_a_block_with_the_end_in_it_gives_up_all_but_the_end() -> None:
    scanner = StreamScanner(wants_usage=False)
    scanner.feed(TEXT)
    assert scanner.feed(TEXT + FINISH + USAGE + b"data: [DONE]\n\n") == TEXT + FINISH
    assert (scanner.finish_reason, scanner.usage) == ("stop", TOLD)
    assert scanner.done_event is not None


def test_comments_pass() -> None:
    comment = b": processing\n\n"
    assert StreamScanner(wants_usage=False).feed(comment) == comment
