"""`import aiportal_tool` in a tool's program: the one way out of the sandbox.

`ask(operation, **arguments)` has the portal do what the tool may ask for, such as `fetch`;
`leave_out(words)` says that not all of what came of the call is there.
"""

import json
import socket
import sys
import threading
from contextlib import suppress
from typing import Any

from . import frames
from .limits import MAX_ANSWER_BYTES, MAX_ASK_BYTES

__all__ = ["PortalRefusal", "ask", "connect", "has_left_out", "leave_out"]


class PortalRefusal(Exception):
    """The portal does not do it; the message says why."""


class _Line:
    def __init__(self) -> None:
        self.end: socket.socket | None = None
        self.lock = threading.Lock()
        self.has_left_out = False


_line = _Line()


def ask(operation: str, **arguments: Any) -> Any:
    """The portal's answer, a JSON value.

    Raises PortalRefusal with the portal's words, TypeError for arguments that are not JSON.
    """
    question = json.dumps({"operation": operation, "arguments": arguments}).encode()
    if len(question) > MAX_ASK_BYTES:
        raise PortalRefusal(f"A request of more than {MAX_ASK_BYTES} bytes is not passed on.")
    with _line.lock:
        if _line.end is None:
            raise PortalRefusal("This tool has nothing to ask of the portal.")
        try:
            frames.write_frame(_line.end, {"op": "ask"}, [question])
            _, (answer,) = frames.read_frame(_line.end, MAX_ANSWER_BYTES)
        except (OSError, frames.BrokenFrame, ValueError) as error:
            raise PortalRefusal("The portal does not answer any more.") from error
    given = json.loads(answer)
    if "refusal" in given:
        raise PortalRefusal(given["refusal"])
    return given["value"]


def leave_out(words: str) -> None:
    """The answer is `truncated`; the words, on standard error, say what is missing and why."""
    _line.has_left_out = True
    with suppress(OSError, ValueError, AttributeError):  # closed or replaced by the program
        sys.stderr.write(f"{words}\n")


def has_left_out() -> bool:
    """Asked once by the sandbox after each call: whether the program has said so since."""
    said, _line.has_left_out = _line.has_left_out, False
    return said


def connect(end: socket.socket) -> None:
    """Called once by the sandbox, before the program starts."""
    _line.end = end
