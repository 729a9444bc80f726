"""How the process of a program is confined, step by step, before the first line of it runs.

It is forked before anybody calls and waits, without capabilities, for what a call brings: nothing
of an earlier one is in it.
"""

import os
import random
import socket
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from . import aiportal_tool, frames, kernel, landlock, limits, seccomp
from .housing import House, Housing
from .program import run_script, serve
from .reach import FIRST_DESCRIPTOR
from .roots import DEVICES

__all__ = ["Order", "be_program"]

_DUTY = 3


@dataclass(frozen=True)
class Order:
    """What a program is to be, as its first call says it. The folders are those of its house."""

    program: str
    work: str
    temporary: str
    is_script: bool
    stays: bool
    wall_s: float
    memory_bytes: int
    disk_bytes: int

    @classmethod
    def of(cls, header: dict[str, Any], house: House, *, is_script: bool) -> "Order":
        """header: of the call."""
        return cls(
            program=house.program,
            work=house.work,
            temporary=house.temporary,
            is_script=is_script,
            stays=header["stays"],
            wall_s=header["wall_s"],
            memory_bytes=header["memory_bytes"],
            disk_bytes=header["disk_bytes"],
        )

    def as_header(self) -> dict[str, Any]:
        """To be sent to the process that waits for it, with the controller's source."""
        return asdict(self)


def be_program(housing: Housing, streams: Sequence[int], duty: socket.socket) -> None:
    """Wait for an order, then be the program of it.

    streams: what becomes standard input, output and error; a script gets its parameters later.
    """
    kernel.set_parent_death_signal()
    kernel.set_dumpable(is_dumpable=False)
    end = _keep_only(streams, duty)
    kernel.drop_capabilities()
    kernel.forbid_new_privileges()
    _seed()
    try:
        header, (source,) = frames.read_frame(end)
    except frames.BrokenFrame:
        return  # nobody has called
    order = Order(**{name: value for name, value in header.items() if name != "op"})
    _enter(order)
    _confine(order, housing)
    if order.is_script:
        run_script(end, source, order.program)
    else:
        serve(end, source, order.program, stays=order.stays)


def _keep_only(streams: Sequence[int], duty: socket.socket) -> socket.socket:
    kept = [os.dup(one) for one in (*streams, duty.fileno())]
    moved = [os.dup2(one, number) for number, one in enumerate(kept)]
    duty.detach()
    os.closerange(_DUTY + 1, FIRST_DESCRIPTOR)
    return socket.socket(fileno=moved[_DUTY])


def _enter(order: Order) -> None:
    if order.is_script:
        parameters = os.open(f"{order.program}/.parameters.json", os.O_RDONLY)
        os.dup2(parameters, 0)
        os.close(parameters)
    os.chdir(order.work)
    tempfile.tempdir = order.temporary
    sys.path.insert(0, order.program)
    sys.modules["aiportal_tool"] = aiportal_tool
    sys.argv = [f"{order.program}/controller.py"]


def _confine(order: Order, housing: Housing) -> None:
    limits.apply(
        wall_s=order.wall_s,
        memory_bytes=order.memory_bytes,
        disk_bytes=order.disk_bytes,
        in_use=housing.in_use,
        is_lasting=order.stays,
        is_namespaces=housing.is_namespaces,
    )
    if not housing.is_namespaces or landlock.version() >= landlock.MINIMUM:
        read = ("/",) if housing.is_namespaces else (*housing.visible, order.program)
        landlock.restrict(read=read, write=(order.work, order.temporary), devices=DEVICES)
    seccomp.install(is_own_disk=housing.is_namespaces)
    if not housing.is_namespaces:
        os.utime = _touch_nothing


def _touch_nothing(path: Any, *_: Any, **options: Any) -> None:
    """Here times cannot be changed, and that is no error; that there is no such file is one."""
    os.stat(path, dir_fd=options.get("dir_fd"))


def _seed() -> None:
    """Forked processes begin with the same random numbers; Python sees to its own."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
