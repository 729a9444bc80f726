"""The filter of a companion: it may fork and start programs, but not reach for the kernel's levers.

What is not named here is allowed; Landlock bounds the files. Without leave to connect there is no
socket at all but a connected pair; with it, only of the internet's families, so that no service of
this machine is reached by its file.
"""

import errno
import platform
from types import MappingProxyType

from . import seccomp, syscalls

__all__ = ["install"]

_INTERNET = (2, 10, 16)  # AF_INET, AF_INET6, AF_NETLINK for the C library's look at its interfaces
_NAMESPACES = 0x7E020000 | 0x00000080  # CLONE_NEW*
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

_REFUSED: syscalls.Numbers = MappingProxyType(
    {
        "ptrace": (101, 117),
        "process_vm_readv": (310, 270),
        "process_vm_writev": (311, 271),
        "bpf": (321, 280),
        "perf_event_open": (298, 241),
        "userfaultfd": (323, 282),
        "add_key": (248, 217),
        "request_key": (249, 218),
        "keyctl": (250, 219),
        "io_uring_setup": (425, 425),
        "unshare": (272, 97),
        "setns": (308, 268),
        "mount": (165, 40),
        "umount2": (166, 39),
        "pivot_root": (155, 41),
        "open_tree": (428, 428),
        "move_mount": (429, 429),
        "fsopen": (430, 430),
        "fsmount": (432, 432),
        "mount_setattr": (442, 442),
        "open_by_handle_at": (304, 265),
        "kexec_load": (246, 104),
        "init_module": (175, 105),
        "finit_module": (313, 273),
        "pidfd_open": (434, 434),
        "pidfd_getfd": (438, 438),
    }
)
_SOCKET, _CLONE, _CLONE3, _IOCTL = (41, 198), (56, 220), (435, 435), (16, 29)


def install(*, may_connect: bool) -> None:
    """For this process and all that it starts, for good. Raises OSError."""
    which = seccomp.which_machine(platform.machine())
    refuse = seccomp.answer_errno(errno.EPERM)
    families = seccomp.allow_if(_INTERNET) if may_connect else []
    checks = {
        _SOCKET[which]: [seccomp.argument(0), *families, refuse],
        _CLONE[which]: [
            seccomp.argument(0),
            seccomp.masked(_NAMESPACES),
            *seccomp.allow_if((0,)),
            refuse,
        ],
        _CLONE3[which]: [seccomp.answer_errno(errno.ENOSYS)],
        _IOCTL[which]: [
            seccomp.argument(1),
            *seccomp.refuse_if((_TIOCSTI, _TIOCLINUX), errno.EPERM),
            seccomp.allow(),
        ],
    }
    program = seccomp.head(platform.machine())
    program += seccomp.answers(_REFUSED, which, errno.EPERM)
    for number, body in checks.items():
        program += seccomp.check(number, body)
    seccomp.load([*program, seccomp.allow()])
