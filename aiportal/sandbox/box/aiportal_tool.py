"""`import aiportal_tool` in a tool's program: the one way out of the sandbox.

`ask(operation, **arguments)` has the portal do what the tool may ask for, such as `fetch`.
"""

import json
import socket
import threading
from typing import Any

from . import frames
from .limits import MAX_ANSWER_BYTES, MAX_ASK_BYTES

__all__ = ["PortalRefusal", "ask", "connect"]


class PortalRefusal(Exception):
    """The portal does not do it; the message says why."""


class _Line:
    def __init__(self) -> None:
        self.end: socket.socket | None = None
        self.lock = threading.Lock()


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


def connect(end: socket.socket) -> None:
    """Called once by the sandbox, before the program starts."""
    _line.end = end
