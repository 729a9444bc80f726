"""Reports of the sandbox, read as the data of a stranger."""

import json
from typing import Any

import pytest

from aiportal.sandbox import Failure
from aiportal.sandbox.outcomes import outcome_of

HEADER: dict[str, Any] = {
    "verdict": None,
    "is_truncated": False,
    "is_whole": True,
    "duration_ms": 1,
    "names": [],
}


@pytest.mark.parametrize("value", ["0,", "[],", '"a",', '"\\"",'])
@pytest.mark.parametrize("is_printed", [False, True])
def test_millions_of_values_are_not_read(value: str, *, is_printed: bool) -> None:
    text = f"[{value * 1_000_000}0]".encode()
    blobs = [b"", text, b""] if is_printed else [text, b"", b""]
    outcome = outcome_of({**HEADER, "is_printed": is_printed}, blobs)
    assert outcome.failure is not None
    assert outcome.failure.type == "invalid_result"
    assert "more than 200000 values" in outcome.failure.message


def test_half_of_a_pair_is_no_text() -> None:
    result = {"\ud800": ["é\ud800", "\U0001f600", 1]}
    outcome = outcome_of(HEADER, [json.dumps(result).encode(), b"\xff", b""])
    assert outcome.result == {"?": ["é?", "\U0001f600", 1]}
    in_bytes = outcome_of(HEADER, [b'"\xed\xa0\x80"', b"", b""])
    assert in_bytes.result == "?"
    failed = outcome_of({**HEADER, "verdict": ["\ud800", "a\udfff"]}, [b"", b"", b""])
    assert failed.failure == Failure("?", "a?")


@pytest.mark.parametrize("text", ["," * 10**6, '"[' * 10**6, "\\{" * 10**6, '\\",[' * 10**6])
def test_a_long_text_is_one_value(text: str) -> None:
    outcome = outcome_of(HEADER, [json.dumps(text).encode(), b"", b""])
    assert outcome.failure is None
    assert outcome.result == text
