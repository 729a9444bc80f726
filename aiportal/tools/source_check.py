"""Whether a controller is Python: compiled here, or in a process of its own where a stranger wrote it."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Final

__all__ = ["MAX_DRAFT_BYTES", "SourceCheck", "fault_in_child", "fault_of"]

CONTROLLER = "controller.py"
MAX_DRAFT_BYTES: Final = 256 * 1024
TIMEOUT_S: Final = 5.0
MAX_WORDS: Final = 500
SourceCheck = Callable[[bytes], tuple[str, str] | None]
_IN_CHILD: Final = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
fault = None
try:
    compile(sys.stdin.buffer.read(), "controller.py", "exec", dont_inherit=True)
except SyntaxError as error:
    fault = f"line {error.lineno}", f"is not Python: {error.msg}"
except (ValueError, RecursionError, MemoryError) as error:
    fault = "", f"is not Python: {error}"
print(json.dumps(fault))
"""


def fault_of(source: bytes) -> tuple[str, str] | None:
    """Where and why it is not Python, in words; None where it is. Runs nothing of it."""
    try:
        compile(source, CONTROLLER, "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"line {error.lineno}", f"is not Python: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return "", f"is not Python: {error}"
    return None


def fault_in_child(source: bytes) -> tuple[str, str] | None:
    """The same of a draft, which may keep a compiler busy, fill its memory or end it.

    Blocks for some seconds at most; nothing else of the portal waits meanwhile.
    """
    if len(source) > MAX_DRAFT_BYTES:
        return "", f"has {len(source)} bytes; at most {MAX_DRAFT_BYTES} are taken"
    command = [sys.executable, "-I", "-S", "-c", _IN_CHILD]
    try:
        done = subprocess.run(  # noqa: S603 - our own program; the draft is its input
            command, input=source, capture_output=True, timeout=TIMEOUT_S, env={}, check=True
        )
        told = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return "", f"takes more than {TIMEOUT_S:.0f} seconds to compile; make it simpler"
    except (subprocess.CalledProcessError, ValueError):
        return "", "cannot be compiled; make it simpler"
    return None if told is None else (str(told[0]), str(told[1])[:MAX_WORDS])
