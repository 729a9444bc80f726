"""What every call does, done some times before the first: the interpreter adapts to it once.

A process that was forked pays for each page that it is the first to write to, and code that runs
for the first time is written to. Nothing of a dry run is kept.
"""

import linecache
import os
import socket
import sys

from . import artifacts, frames, kernel, seccomp
from .capture import Capture
from .channel import Channel
from .program import Controller, has_function

__all__ = ["dry_run"]

_TIMES = 16  # the interpreter adapts a function within eight calls
_SOURCE = b"def run(parameters):\n    return [1, 'a', None]\n"


def dry_run(folder: str, *, is_namespaces: bool) -> None:
    """folder: an empty one."""
    for _ in range(_TIMES):
        _converse()
        _capture()
        has_function(_SOURCE)
        Controller(_SOURCE, "/program").call(b"null")
        artifacts.collect(folder, {})
        seccomp.steps(is_own_disk=is_namespaces)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    del sys.modules["controller"]
    linecache.clearcache()


def _converse() -> None:
    here, there = socket.socketpair()
    with here, there:
        frames.write_frame(there, {"op": "call", "files": []}, [b"null", _SOURCE])
        frames.read_frame(here)
        channel = Channel(here, limit=frames.MAX_FRAME_BYTES)
        frames.write_frame(there, {"op": "result", "is_whole": True}, [b"null"])
        list(channel.receive())
        channel.send({"op": "ready"})


def _capture() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"42\n")
    os.close(writing)
    capture = Capture(reading)
    capture.drain()
    capture.take()
    os.close(reading)
