"""Bounds that hold for every call, and the kernel's limits for one process."""

import os
import resource
from collections.abc import Iterable

from . import kernel

__all__ = ["apply", "hold", "hold_in_huge_pages", "memory_in_use", "threads", "threads_of"]

STREAM_EDGE_BYTES = 128 * 1024
MAX_STREAM_BYTES = 64 * 1024**2
MAX_RESULT_BYTES = 8 * 1024**2
MAX_ARTIFACTS = 20
MAX_ARTIFACT_BYTES = 5 * 1024**2
MAX_ASKS = 100
MAX_ASK_BYTES = 1024**2
MAX_ANSWER_BYTES = 16 * 1024**2
MAX_DESCRIPTORS = 256
MAX_THREADS = 256
MAX_TIMERS = 256
THREAD_STACK_BYTES = 2 * 1024**2
MAX_PROCESSES = 512  # threads of all calls of a zygote included
_CPU_MARGIN_S = 1
_CALLS_OF_A_SESSION = 100


def memory_in_use(processes: int) -> tuple[int, int]:
    """Bytes of address space and of data of this process now. processes: descriptor of /proc."""
    descriptor = os.open("self/statm", os.O_RDONLY | os.O_CLOEXEC, dir_fd=processes)
    with os.fdopen(descriptor) as file:
        pages = [int(part) for part in file.read().split()]
    return pages[0] * resource.getpagesize(), pages[5] * resource.getpagesize()


def hold_in_huge_pages(processes: int) -> None:
    """What this process has written in memory of its own, so that its forks cost less."""
    descriptor = os.open("self/maps", os.O_RDONLY | os.O_CLOEXEC, dir_fd=processes)
    with os.fdopen(descriptor) as file:
        lines = file.read().splitlines()
    for line in lines:
        span, rights, _, _, inode, *name = line.split(maxsplit=5)
        if "w" in rights and inode == "0" and name != ["[stack]"]:
            start, _, end = span.partition("-")
            kernel.collapse_memory(int(start, 16), int(end, 16))


def threads(processes: int) -> int:
    """How many there are in this process now."""
    descriptor = os.open("self/task", os.O_RDONLY | os.O_CLOEXEC, dir_fd=processes)
    try:
        return len(os.listdir(descriptor))
    finally:
        os.close(descriptor)


def threads_of(process: int) -> int:
    """The same of a process of ours, 0 where it has ended."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[17])
    except (OSError, IndexError, ValueError):
        return 0


def apply(
    *,
    wall_s: float,
    memory_bytes: int,
    disk_bytes: int,
    in_use: tuple[int, int],
    is_lasting: bool,
    is_namespaces: bool,
) -> None:
    """Bound this process; with no right to fork that bounds the call.

    in_use: what `memory_in_use` says of the process that it was forked of.
    is_lasting: more than one call is made in it, each of `wall_s`.
    """
    kernel.set_dumpable(is_dumpable=not is_namespaces)  # for `disk`; Landlock keeps others out
    calls = _CALLS_OF_A_SESSION if is_lasting else 1
    seconds = int(wall_s * 4 * calls) + _CPU_MARGIN_S  # a few threads may work at once
    bounds = (
        (resource.RLIMIT_AS, in_use[0] + memory_bytes),
        (resource.RLIMIT_DATA, in_use[1] + memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, disk_bytes),
        (resource.RLIMIT_NOFILE, MAX_DESCRIPTORS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_SIGPENDING, MAX_TIMERS),
        # Counted within our own user namespace; elsewhere all processes of the user would count.
        *([(resource.RLIMIT_NPROC, MAX_PROCESSES)] if is_namespaces else []),
    )
    hold(bounds)


def hold(bounds: Iterable[tuple[int, int]]) -> None:
    """Bound this process by these of the kernel's limits, or by its own where they are lower."""
    for what, bound in bounds:
        hard = resource.getrlimit(what)[1]
        value = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (value, value))
