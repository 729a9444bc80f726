"""Programs of the machine that run beside the portal, before they run."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from aiportal.sandbox.companion import Companion, CompanionOrder


def _lines() -> int:
    return len(psutil.Process().net_connections(kind="unix"))


@contextmanager
def _room_for(files: int) -> Iterator[None]:
    """Within, this process can open so many files, and no more."""
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = [os.dup(0)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (held[0] + 50, usual[1]))
    try:
        while True:
            try:
                held.append(os.dup(0))
            except OSError:
                break
        for _ in range(files):
            os.close(held.pop())
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)
        for descriptor in held:
            os.close(descriptor)


async def test_one_that_cannot_be_started_leaves_no_line() -> None:
    before = _lines()
    with _room_for(2), pytest.raises(OSError, match="Too many open files"):
        await Companion.start(CompanionOrder("sleep", ["60"], {}, [], network=False))
    assert _lines() == before
