"""A program that an administrator named and that stays: kept on a leash, locked in by Landlock.

Two processes: this one, which is ours, and the program with whatever it starts. Ours adopts all that
the program leaves behind; when the portal's end of the leash closes, for whatever reason, it kills
them all and takes their folder away.
"""

import json
import os
import resource
import select
import shutil
import signal
import sys
import time
from contextlib import suppress
from typing import Any

from . import companion_filter, kernel, landlock, limits, namespaces
from .roots import DEVICES, existing

__all__ = ["main"]

_PR_SET_CHILD_SUBREAPER = 36
_MAX_ORDER = 1024 * 1024
_KILL_S = 5.0
_PAUSE_S = 0.02
_LOOK_EVERY_MS = 200
# What programs of any kind are made of. Of /etc only what names hosts, users and certificates.
_READABLE = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store")
_OF_ETC = tuple(
    f"/etc/{name}"
    for name in (
        *("alternatives", "ca-certificates", "ca-certificates.conf", "ssl", "pki", "fonts"),
        *("group", "host.conf", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime"),
        *("mime.types", "nsswitch.conf", "passwd", "protocols", "resolv.conf", "services"),
    )
)
_LIMITS = (
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NOFILE, 1024),
    (resource.RLIMIT_FSIZE, 256 * 1024**2),
    (resource.RLIMIT_DATA, 2 * 1024**3),
    (resource.RLIMIT_MEMLOCK, 0),
    (resource.RLIMIT_MSGQUEUE, 0),
)


def main(leash: int) -> None:
    """Run what the order says until it ends, or until the leash is let go."""
    order = _order(leash)
    try:
        _prepare(order)
        child = os.fork()
        if child == 0:
            _become(order, leash)
    except Exception as error:  # whatever it is, the portal has to be told why there is no program
        _tell(leash, f"{type(error).__name__}: {error}")
        _leave(order)
        os._exit(1)
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    _watch(leash, child)
    _kill_all()
    _leave(order)
    os._exit(0)


def _order(leash: int) -> dict[str, Any]:
    """One line of JSON."""
    text = b""
    while not text.endswith(b"\n") and len(text) < _MAX_ORDER:
        piece = os.read(leash, 64 * 1024)
        if not piece:
            os._exit(1)
        text += piece
    order: dict[str, Any] = json.loads(text)
    return order


def _prepare(order: dict[str, Any]) -> None:
    if landlock.version() < landlock.MINIMUM:
        raise OSError(f"the kernel has no Landlock of version {landlock.MINIMUM} or above")
    os.umask(0o077)
    if os.geteuid() == 0:
        namespaces.become(order["uid"])
    kernel.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    kernel.set_dumpable(is_dumpable=False)
    os.mkdir(order["folder"], 0o700)


def _become(order: dict[str, Any], leash: int) -> None:
    """In the child: locked in, then another program; never returns."""
    try:
        os.setsid()
        os.chdir(order["folder"])
        limits.hold(_LIMITS)
        kernel.drop_capabilities()
        kernel.forbid_new_privileges()
        own = existing([*_READABLE, *_OF_ETC, *order["folders"], f"/proc/{os.getpid()}"])
        landlock.restrict(
            read=own,
            write=[order["folder"]],
            devices=DEVICES,
            execute=own,
            may_connect=order["network"],
        )
        companion_filter.install(may_connect=order["network"])
        os.set_inheritable(leash, False)
        os.execvpe(order["command"], [order["command"], *order["args"]], order["env"])  # noqa: S606
    except BaseException as error:
        _tell(leash, f"{type(error).__name__}: {error}")
    os._exit(127)


def _tell(leash: int, words: str) -> None:
    with suppress(OSError):
        os.write(leash, json.dumps({"fault": words[:500]}).encode() + b"\n")


def _watch(leash: int, child: int) -> None:
    """Until the program has ended or the portal has let go."""
    poll = select.poll()
    poll.register(leash, select.POLLIN | select.POLLHUP)
    while True:
        for _, event in poll.poll(_LOOK_EVERY_MS):
            if event & (select.POLLHUP | select.POLLERR) or not os.read(leash, 1024):
                return
        if _has_ended(child):
            return


def _has_ended(child: int) -> bool:
    """Takes in whoever has ended meanwhile."""
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if ended == child:
            return True
        if ended == 0:
            return False


def _kill_all() -> None:
    """All that is below this process: what is left of a dead one comes to us, round after round."""
    deadline = time.monotonic() + _KILL_S
    while time.monotonic() < deadline:
        for process in _children():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(_PAUSE_S)


def _children() -> list[int]:
    """Of this process, and theirs."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with (
                suppress(OSError, ValueError, IndexError),
                open(f"/proc/{name}/stat", "rb") as file,
            ):
                parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
    found = {os.getpid()}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {os.getpid()})


def _leave(order: dict[str, Any]) -> None:
    shutil.rmtree(order["folder"], ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
