"""A program that means harm, and what may come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = [
    "ANYTHING",
    "CODE",
    "DEFAULT_MS",
    "PREAMBLE",
    "Case",
    "ends",
    "filtered",
    "harmless",
    "refused",
]

ANYTHING: Final = object()
DEFAULT_MS: Final = 10_000
CODE: Final = "code-execution"
PREAMBLE: Final = """
import ctypes, json, mmap, os, signal, socket, stat, struct, sys, threading, time
P = json.loads({places!r})
libc = ctypes.CDLL(None, use_errno=True)
leaks = []

def attempt(name, action):
    try:
        got = action()
    except OSError:
        return
    leaks.append([name, repr(got)[:200]])

def syscall(*arguments):
    libc.syscall.restype = ctypes.c_long
    got = libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if got < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return got

def unfiltered(number):
    try:
        return syscall(number, 0, 0, 0, 0, 0) is not None
    except OSError as error:
        return error.errno not in (1, 38)  # EPERM, ENOSYS: what the filter says

def limit(what, soft, hard):
    wanted = struct.pack("QQ", soft, hard)
    if libc.setrlimit(what, wanted) < 0:
        raise OSError(ctypes.get_errno(), "refused")

def read(path):
    with open(path, "rb") as file:
        return file.read(4096)

def frame(header, *blobs):
    text = json.dumps({{**header, "blobs": [len(b) for b in blobs]}}).encode()
    return struct.pack("!II", len(text), sum(map(len, blobs))) + text + b"".join(blobs)

def line():
    return socket.socket(fileno=os.dup(3))

def everything(data):
    sent = line()
    sent.setblocking(True)
    sent.sendall(data)
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One call.

    failures: types of failure that it may end in; empty where it has to succeed. done: whether it
    may succeed. result: what it has to return then. then: what the next caller runs, who finds 42.
    """

    name: str
    code: str
    failures: tuple[str, ...] = ()
    done: bool = True
    result: Any = ANYTHING
    tool: str = CODE
    timeout_ms: int = DEFAULT_MS
    files: Mapping[str, bytes] = field(default_factory=dict)
    then: str = "6 * 7"


def refused(name: str, *lines: str, **options: Any) -> Case:
    """Each line is an expression that has to raise OSError."""
    tried = "\n".join(f"attempt({line!r}, lambda: {line})" for line in lines)
    return Case(name, f"{tried}\nleaks", result=[], **options)


def filtered(name: str, numbers: Sequence[int]) -> Case:
    """Each system call is refused by the filter, not by the kernel for its arguments of zeros."""
    return Case(name, f"[number for number in {list(numbers)} if unfiltered(number)]", result=[])


def ends(name: str, code: str, *failures: str, **options: Any) -> Case:
    """It does not come to a result."""
    return Case(name, code, failures=failures, done=False, **options)


def harmless(name: str, code: str, *failures: str, **options: Any) -> Case:
    """It may do what it likes, or fail so."""
    return Case(name, code, failures=failures, **options)
