"""How the process of a program is confined, step by step, before the first line of it runs."""

import os
import random
import socket
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import aiportal_tool, kernel, landlock, limits, seccomp
from .housing import House
from .program import run_script, serve
from .reach import FIRST_DESCRIPTOR
from .roots import DEVICES

__all__ = ["Start"]

_DUTY = 3


@dataclass(frozen=True)
class Start:
    """Everything that the new process needs to know."""

    house: House
    source: bytes
    is_script: bool
    stays: bool
    wall_s: float
    memory_bytes: int
    disk_bytes: int
    in_use: tuple[int, int]
    visible: tuple[str, ...]
    is_namespaces: bool

    def run(self, streams: Sequence[int], duty: socket.socket) -> None:
        """Be the program. streams: what becomes standard input, output and error."""
        end = self._keep_only(streams, duty)
        os.chdir(self.house.work)
        tempfile.tempdir = self.house.temporary
        sys.path.insert(0, self.house.program)
        sys.modules["aiportal_tool"] = aiportal_tool
        sys.argv = [f"{self.house.program}/controller.py"]
        self._confine()
        if not self.is_namespaces:
            os.utime = _touch_nothing
        _seed()
        if self.is_script:
            run_script(end, self.source, self.house.program)
        else:
            serve(end, self.source, self.house.program, stays=self.stays)

    def _keep_only(self, streams: Sequence[int], duty: socket.socket) -> socket.socket:
        kept = [os.dup(one) for one in (*streams, duty.fileno())]
        moved = [os.dup2(one, number) for number, one in enumerate(kept)]
        duty.detach()
        os.closerange(_DUTY + 1, FIRST_DESCRIPTOR)
        return socket.socket(fileno=moved[_DUTY])

    def _confine(self) -> None:
        kernel.set_parent_death_signal()
        limits.apply(
            wall_s=self.wall_s,
            memory_bytes=self.memory_bytes,
            disk_bytes=self.disk_bytes,
            in_use=self.in_use,
            is_lasting=self.stays,
            is_namespaces=self.is_namespaces,
        )
        kernel.drop_capabilities()
        kernel.forbid_new_privileges()
        if not self.is_namespaces or landlock.version() >= landlock.MINIMUM:
            read = ("/",) if self.is_namespaces else (*self.visible, self.house.program)
            write = (self.house.work, self.house.temporary)
            landlock.restrict(read=read, write=write, devices=DEVICES)
        seccomp.install(may_change_metadata=self.is_namespaces)


def _touch_nothing(path: Any, *_: Any, **options: Any) -> None:
    """Here times cannot be changed, and that is no error; that there is no such file is one."""
    os.stat(path, dir_fd=options.get("dir_fd"))


def _seed() -> None:
    """Forked processes begin with the same random numbers; Python sees to its own."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
