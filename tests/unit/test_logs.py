"""The log: its shape, its request ids, and what must never be in it."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Literal

import pytest

from aiportal import logs

OWN_KEY = "ak_" + "0123456789abcdef" * 4
Log = Callable[[Literal["text", "json"]], io.StringIO]


@pytest.fixture
def log_to_memory() -> Iterator[Log]:
    """Configure the log into a buffer; pytest's own handlers come back afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers.clear()  # `force` would close pytest's

    def configured(line_format: Literal["text", "json"]) -> io.StringIO:
        stream = io.StringIO()
        logs.configure(level="info", line_format=line_format, stream=stream)
        return stream

    yield configured
    root.handlers, root.level = before


@pytest.mark.parametrize(
    "secret",
    [
        OWN_KEY,
        "sk-proj-abcdefghijklmnopqrstuvwxyz",
        "sk-ant-api03-abcdefghijklmnop",
        "AIzaSyA1234567890abcdefghijklmnopqrs",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
    ],
)
@pytest.mark.parametrize(
    "sentence",
    [
        "{}",
        "Authorization: Bearer {}",
        "x-api-key: {}",
        "GET /v1?api_key={}&x=1",
        '{{"api_key": "{}"}}',
        "{{'api_key': '{}', 'a': 1}}",
        "OPENAI_API_KEY={}",
    ],
)
def test_a_key_never_reaches_the_log(secret: str, sentence: str) -> None:
    text = logs.redact(sentence.format(secret))
    assert secret[8:] not in text
    assert "[redacted]" in text


@pytest.mark.parametrize(
    "text",
    [
        "Bearer 0123456789abcdef",
        "password=hunter22!",
        '"refresh_token": "Zx81-abcdef"',
        "GET /login/link?token=Zx81abcdef",
        "cookie: aiportal_session=Zx81abcdef",
        "AIPORTAL_JWT_SECRET=Zx81abcdefgh",
    ],
)
def test_a_value_named_as_a_secret_never_reaches_the_log(text: str) -> None:
    assert "[redacted]" in logs.redact(text)
    assert "Zx81" not in logs.redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "prompt_tokens: 12",
        "task-force of 3",
        "the bearer of news",
        "key_id=key_018f",
        "api_key=None",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert logs.redact(text) == text


def test_a_line_of_json_has_its_request_id_and_fields(log_to_memory: Log) -> None:
    stream = log_to_memory("json")
    with logs.bound_request_id("req_1"):
        logging.getLogger("aiportal.api").info("answered", extra={"status": 200, "model": "a b"})
    line = json.loads(stream.getvalue())
    assert line["request_id"] == "req_1"
    assert (line["message"], line["status"], line["model"]) == ("answered", 200, "a b")
    assert line["time"].endswith("+00:00")


def test_a_line_of_text_has_its_request_id_and_fields(log_to_memory: Log) -> None:
    stream = log_to_memory("text")
    with logs.bound_request_id("req_1"):
        logging.getLogger("aiportal.api").info("answered", extra={"model": "a b"})
    assert stream.getvalue().endswith('aiportal.api answered request_id=req_1 model="a b"\n')


@pytest.mark.parametrize("line_format", ["text", "json"])
def test_keys_in_arguments_extras_and_tracebacks_are_hidden(
    log_to_memory: Log, line_format: Literal["text", "json"]
) -> None:
    stream = log_to_memory(line_format)
    try:
        raise ValueError(f"bad key {OWN_KEY}")
    except ValueError:
        logging.getLogger("aiportal").exception("with %s", OWN_KEY, extra={"header": OWN_KEY})
    assert stream.getvalue().count("ak_0123[redacted]") >= 3
    assert OWN_KEY not in stream.getvalue()


def test_other_libraries_are_heard_from_warnings_on(log_to_memory: Log) -> None:
    stream = log_to_memory("text")
    logging.getLogger("some.library").info("chatter")
    logging.getLogger("aiportal.chat").debug("detail")
    assert stream.getvalue() == ""


def test_a_caller_cannot_forge_a_line(log_to_memory: Log) -> None:
    stream = log_to_memory("text")
    logging.getLogger("aiportal").info("asked for\n%s", "x", extra={"path": "/a\n2026 INFO forged"})
    assert stream.getvalue().count("\n") == 1
    assert "\\n2026 INFO forged" in stream.getvalue()
