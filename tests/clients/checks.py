"""What every script of a client does: plain, streamed, tools, errors; and how it tells what it saw.

Imports nothing that a client's environment may lack.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

__all__ = [
    "ANSWER",
    "BASE",
    "CALLER",
    "FAST",
    "KEY",
    "NATIVE",
    "NONE",
    "REFUSING",
    "SCHEMA",
    "TOKENS",
    "TOOL",
    "URL",
    "equal",
    "raised",
    "run",
]

URL = os.environ["PORTAL_URL"]
BASE = f"{URL}/v1"
KEY = os.environ["PORTAL_KEY"]
FAST = "acme/fast"  # answers with ANSWER, and TOKENS in and out
CALLER = "acme/caller"  # calls the first tool that it is given, with {"city": "Paris"}
REFUSING = "acme/refusing"  # 400, code `bad_heat`
NATIVE = "acme/native"  # of Anthropic's dialect: thinks, searches, answers with ANSWER
NONE = "acme/none"  # is not there
ANSWER = "Hello from the upstream."
TOKENS = (9, 4)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "weather", "description": "Of a city.", "parameters": SCHEMA},
}


def equal(found: object, expected: object) -> None:
    """Raises ValueError that tells both."""
    if found != expected:
        raise ValueError(f"{found!r} is not {expected!r}")


def raised(call: Callable[[], object], kind: type[BaseException]) -> Any:
    """The error that the call raises. Raises ValueError if it is of another kind, or none."""
    try:
        call()
    except kind as error:
        return error
    raise ValueError(f"no {kind.__name__} was raised")


def run(*checks: Callable[[], None]) -> None:
    """Run them all and write what came of each, one JSON line a check."""
    for check in checks:
        detail = ""
        try:
            check()
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            traceback.print_exc(file=sys.stderr)
        line = {"name": check.__name__, "passed": not detail, "detail": detail}
        sys.stdout.write(json.dumps(line) + "\n")
