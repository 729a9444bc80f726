"""The warm interpreter of a profile: confined and with its imports done, it forks a child a call.

The portal tells over one socket what is wanted; with each call comes the socket of its own.
"""

import gc
import importlib
import json
import mimetypes
import os
import shutil
import signal
import socket
import sys
from typing import Any

from . import kernel, landlock, limits, namespaces, roots
from .housing import Housing
from .reach import Reach
from .rehearsal import rehearse
from .supervisor import supervise

__all__ = ["main"]

_CALL_APART = kernel.CLONE_NEWPID | kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC
_MAX_MESSAGE = 64 * 1024
_NICENESS = 5


def main(descriptor: int) -> None:
    """Serve the portal at the other end of the socket until it goes away."""
    control = socket.socket(fileno=descriptor)
    order = json.loads(control.recv(_MAX_MESSAGE))
    try:
        housing = _prepare(order)
    except Exception as error:  # whatever it is, the portal has to be told why there is no zygote
        control.send(json.dumps({"fault": f"{type(error).__name__}: {error}"[:2000]}).encode())
        return
    control.send(b'{"ready": true}')
    while (child := _accept(control)) is not None:
        _start(child, control, housing)
    housing.leave()


def _prepare(order: dict[str, Any]) -> Housing:
    del sys.path[0]  # the sandbox's own folder
    if not kernel.is_known_machine():
        raise OSError("there is no filter of system calls for this processor")
    os.nice(_NICENESS)
    os.umask(0o022)
    kernel.set_thread_stacks(limits.THREAD_STACK_BYTES)
    packages = order["packages"] or roots.packages_of(sys.executable)
    sys.path += packages
    visible = roots.visible(packages)
    is_namespaces = order["tier"] == "namespaces"
    processes = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if is_namespaces:
            namespaces.enter(visible, order["uid"], processes)
        else:
            visible = _stay_outside(visible, order["uid"])
            os.mkdir(order["folder"], 0o700)
        os.chdir("/")
        if is_namespaces:  # else the end of the line is the sign, and there is something to tidy up
            kernel.set_parent_death_signal()
        kernel.set_dumpable(is_dumpable=False)
        cache = namespaces.CACHE if is_namespaces else f"{order['folder']}/cache"
        _warm_up(order["preload"], cache, processes)
        in_use = limits.memory_in_use(processes)
    finally:
        os.close(processes)
    if is_namespaces:
        namespaces.close_cache()
    else:
        shutil.rmtree(cache)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    folder = None if is_namespaces else order["folder"]
    return Housing(folder=folder, visible=tuple(visible), in_use=in_use)


def _stay_outside(visible: list[str], uid: int) -> list[str]:
    """Tier `landlock`: each program locks itself in; here only root is given up."""
    if landlock.version() < landlock.MINIMUM:
        raise OSError(f"the kernel has no Landlock of version {landlock.MINIMUM} or above")
    if os.geteuid() != 0:
        return visible
    reach = Reach(visible)
    namespaces.become(uid)
    return reach.settle()


def _warm_up(modules: list[str], cache: str, processes: int) -> None:
    """Raises RuntimeError for modules that start threads: a process with threads is not forked."""
    os.makedirs(cache, exist_ok=True)
    mimetypes.knownfiles.clear()  # of the machine: a library that sees but cannot read them fails
    for name in modules:
        importlib.import_module(name)
    rehearse()
    if (threads := limits.threads(processes)) > 1:
        raise RuntimeError(f"the imports of {', '.join(modules)} have started {threads} threads")
    gc.collect()
    gc.freeze()


def _accept(control: socket.socket) -> socket.socket | None:
    message, descriptors, _, _ = socket.recv_fds(control, 16, 1)
    if not message or not descriptors:
        return None
    return socket.socket(fileno=descriptors[0])


def _start(channel: socket.socket, control: socket.socket, housing: Housing) -> None:
    try:
        child = kernel.clone_apart(_CALL_APART) if housing.is_namespaces else os.fork()
    except OSError:
        channel.close()  # which the portal sees as the end of the call
        return
    if child:
        channel.close()
        return
    try:
        control.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if housing.is_namespaces:
            kernel.set_parent_death_signal()
        supervise(channel, housing)
    finally:
        os._exit(0)
