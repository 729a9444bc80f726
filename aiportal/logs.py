"""The log: lines of text or of JSON, each with its request's id, never with a key in it.

Prompts and answers are not logged anywhere; `redact` is the net under mistakes of ours and of
libraries, and runs over the finished line.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, Any, Literal

__all__ = ["bound_request_id", "configure", "current_request_id", "redact"]

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

_REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
_OWN_LOGGERS = ("aiportal", "pages")
_HIDDEN = "[redacted]"
# Each with the words, in lower case, without one of which it cannot match: most lines have none.
_SECRETS = (
    # keys of ours and of providers, wherever they stand: only what tells which one is kept
    (("ak_",), re.compile(r"(?P<kept>\bak_[0-9a-f]{4})[0-9a-f]{8,}")),
    (("sk-",), re.compile(r"(?P<kept>\bsk-[\w-]{0,4})[\w-]{8,}")),
    (("aiza",), re.compile(r"(?P<kept>\bAIza)[\w-]{20,}")),
    (("eyj",), re.compile(r"(?P<kept>\beyJ)[\w-]{8,}\.[\w-]+\.[\w-]+")),
    (
        ("bearer", "basic"),
        re.compile(r"(?i)(?P<kept>\b(?:bearer|basic)\s+)(?!\[redacted\])[\w.~+/=-]{6,}"),
    ),
    # values named as secrets: api_key=…, "password": "…", x-api-key: …, ?token=…
    (
        ("key", "password", "passwd", "secret", "token", "cookie", "authorization"),
        re.compile(
            r"(?i)(?P<kept>(?:api[_-]?key|password|passwd|secret|token|cookie|authorization)"
            r"[\"']?\s*[=:]\s*[\"']?)(?!bearer |basic |\[redacted\]|ak_|sk-|eyJ|AIza|None\b|null\b)"
            r"[^\s\"',;&}\])]{3,}"
        ),
    ),
)
_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure(*, level: Level, line_format: Format, stream: IO[str] | None = None) -> None:
    """Send this process's log to `stream` (standard error), ours from `level`, others' warnings.

    Replaces what was configured before; a second call is harmless.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonFormatter() if line_format == "json" else _TextFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _OWN_LOGGERS:
        logging.getLogger(name).setLevel(level.upper())


@contextmanager
def bound_request_id(request_id: str) -> Iterator[None]:
    """Lines that are logged inside, also by tasks that start inside, carry this id."""
    token = _REQUEST_ID.set(request_id)
    try:
        yield
    finally:
        _REQUEST_ID.reset(token)


def current_request_id() -> str | None:
    """The id that `bound_request_id` has set around this code, None outside of any request."""
    return _REQUEST_ID.get()


def redact(text: str) -> str:
    """`text` with everything that looks like a credential replaced."""
    lowered = text.lower()
    for words, pattern in _SECRETS:
        if any(word in lowered for word in words):
            text = pattern.sub(rf"\g<kept>{_HIDDEN}", text)
    return text


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """The request's id and what the caller gave as `extra`."""
    given = {name: value for name, value in vars(record).items() if name not in _STANDARD_FIELDS}
    request_id = given.pop("request_id", None) or current_request_id()
    return {"request_id": request_id, **given} if request_id else given


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class _TextFormatter(logging.Formatter):
    """`time LEVEL logger message name=value …`, a traceback on the lines below."""

    def format(self, record: logging.LogRecord) -> str:
        message = _one_line(record.getMessage())
        head = f"{_time(record)} {record.levelname:<7} {record.name} {message}"
        line = " ".join([head, *_pairs(_fields(record))])
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redact(line)


def _pairs(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        text = str(value)
        is_plain = text.isprintable() and text and " " not in text
        yield f"{name}={text if is_plain else json.dumps(text)}"


def _one_line(text: str) -> str:
    """What a caller can get into the log must not look like a line of its own."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()


class _JsonFormatter(logging.Formatter):
    """One object a line: `time`, `level`, `logger`, `message`, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
            **{name: _redacted(value) for name, value in _fields(record).items()},
        }
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def _redacted(value: object) -> object:
    return value if isinstance(value, int | float | None) else redact(str(value))
