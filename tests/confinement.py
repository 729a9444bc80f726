"""A process as a container with Docker's defaults has it: no capabilities, no namespaces to be made.

`python -m tests.confinement here|docker COMMAND…` becomes an unprivileged user and runs the command.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from functools import cache

from aiportal.sandbox.box import kernel, seccomp
from tests.processes import ROOT

__all__ = ["NOBODY", "PACKAGES", "as_docker", "everybodys_python"]

NOBODY = 65534
_REFUSED = (272, 308, 165, 155, 161)  # unshare, setns, mount, pivot_root, chroot
_APART = 0x7E020000
PACKAGES = sysconfig.get_path("purelib")


@cache
def everybodys_python() -> str:
    """An interpreter that any user may start, with the portal's libraries; root's own may be private.

    Raises:
        LookupError: There is none; a system package of this interpreter's version is one.
    """
    same = f"python{sys.version_info.major}.{sys.version_info.minor}"
    user = NOBODY if os.geteuid() == 0 else None
    for found in (sys.executable, shutil.which(same, path="/usr/local/bin:/usr/bin")):
        try:
            subprocess.run(
                [found or "", "-c", "import aiohttp, aiportal"],
                check=True,
                capture_output=True,
                env={"PYTHONPATH": f"{ROOT}:{PACKAGES}"},
                cwd="/",
                user=user,
                group=user,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return str(found)
    raise LookupError(f"No {same} that every user may start: install it in /usr/bin.")


def as_docker() -> None:
    """Refuse this process what Docker's default profile refuses; on x86-64."""
    step, refuse = seccomp._step, seccomp._step(6, 0x00050001)
    program = [step(0x20, 0)]
    for number in _REFUSED:
        program += [step(0x15, number, 0, 1), refuse]
    program += [step(0x15, 435, 0, 1), step(6, 0x00050026)]  # clone3: not implemented
    program += [step(0x15, 56, 0, 3), step(0x20, 16), step(0x45, _APART, 0, 1), refuse]
    kernel.forbid_new_privileges()
    seccomp.load([*program, step(6, 0x7FFF0000)])


def _main(place: str, *command: str) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if place == "docker":
        as_docker()
    os.execv(command[0], command)


if __name__ == "__main__":
    _main(*sys.argv[1:])
