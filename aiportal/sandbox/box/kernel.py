"""What the standard library does not offer of Linux: namespaces, mounts, capabilities, by libc.

Every function raises OSError with the kernel's reason.
"""

import ctypes
import os
import platform

__all__ = [
    "attach_read_only",
    "bind",
    "clone_apart",
    "detach",
    "drop_bounding_set",
    "drop_capabilities",
    "forbid_new_privileges",
    "is_known_machine",
    "make_mounts_private",
    "mount_memory",
    "pivot_root",
    "prctl",
    "set_dumpable",
    "set_parent_death_signal",
    "set_thread_stacks",
    "syscall",
    "unshare",
]

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS = 0x00020000, 0x02000000, 0x04000000
CLONE_NEWIPC, CLONE_NEWUSER = 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
SIGCHLD, SIGKILL = 17, 9
_CAPABILITY_VERSION_3 = 0x20080522
_ENOSYS = 38
_ATTRIBUTES_BYTES = 128  # a pthread_attr_t has 56 or 64

# clone, pivot_root, capset, mount_setattr
_NUMBERS = {"x86_64": (56, 155, 126, 442), "aarch64": (220, 41, 91, 442)}

_libc = ctypes.CDLL(None, use_errno=True)
_libc_with_lock = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc_with_lock.syscall.restype = ctypes.c_long


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def is_known_machine() -> bool:
    """True on the processors whose system call numbers we have."""
    return platform.system() == "Linux" and platform.machine() in _NUMBERS


def set_thread_stacks(size_bytes: int) -> None:
    """How much address space each thread that is made from here on takes for its stack."""
    if not hasattr(_libc, "pthread_setattr_default_np"):
        return  # a C library with small stacks of its own
    attributes = ctypes.create_string_buffer(_ATTRIBUTES_BYTES)
    _libc.pthread_attr_init(attributes)
    _libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(size_bytes))
    _libc.pthread_setattr_default_np(attributes)


def syscall(number: int, *arguments: object) -> int:
    """Any system call; integers are passed as 64 bits."""
    widened = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *widened))


def prctl(option: int, *arguments: int) -> int:
    """One of the many things that prctl(2) does for this process."""
    padded = [ctypes.c_ulong(one) for one in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_libc.prctl(ctypes.c_int(option), *padded))


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name for new ones."""
    _checked(_libc.unshare(ctypes.c_int(flags)))


def mount_memory(target: str, *, size_bytes: int, flags: int = MS_NOSUID | MS_NODEV) -> None:
    """Mount an empty file system in memory, of a bounded size and number of files."""
    files = max(64, min(4096, size_bytes // 4096))
    options = f"size={size_bytes},nr_inodes={files},mode=0755"
    _mount(b"tmpfs", target, b"tmpfs", flags, options.encode())


def bind(source: str, target: str) -> None:
    """Show a file or a folder of the machine, and what is mounted below, in another place as well."""
    _mount(source.encode(), target, None, MS_BIND | MS_REC, None)


def attach_read_only(target: str, *, may_have_devices: bool = False) -> None:
    """Nobody can write below this mount any more, run a setuid program, or open a device."""
    flags = MS_RDONLY | MS_NOSUID | (0 if may_have_devices else MS_NODEV)
    attributes = _Attributes(attr_set=flags)
    try:
        syscall(
            _numbers()[3],
            AT_FDCWD,
            target.encode(),
            AT_RECURSIVE,
            ctypes.byref(attributes),
            ctypes.sizeof(attributes),
        )
    except OSError as error:
        if error.errno != _ENOSYS:
            raise
        kept = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
        _mount(None, target, None, MS_REMOUNT | MS_BIND | flags | kept, None)


def make_mounts_private() -> None:
    """What is mounted from here on is not seen outside, nor the other way round."""
    _mount(None, "/", None, MS_REC | MS_PRIVATE, None)


def pivot_root(new_root: str, put_old: str) -> None:
    """The new root in place of the old one, which is found below `put_old` from then on."""
    syscall(_numbers()[1], new_root.encode(), put_old.encode())


def detach(target: str) -> None:
    """Take a mount, and all below it, out of sight."""
    _checked(_libc.umount2(target.encode(), ctypes.c_int(MNT_DETACH)))


def clone_apart(flags: int) -> int:
    """Fork a child in new namespaces. Returns its id, 0 in the child.

    Only for a child that forks again before it runs anything foreign: the C library does not know
    of it and keeps the parent's thread id in mind.
    """
    ctypes.pythonapi.PyOS_BeforeFork()
    none = ctypes.c_long(0)
    child = _libc_with_lock.syscall(
        ctypes.c_long(_numbers()[0]), ctypes.c_long(flags | SIGCHLD), none, none, none, none
    )
    if child == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0
    error = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if child < 0:
        raise OSError(error, os.strerror(error))
    return int(child)


def drop_capabilities() -> None:
    """Give up every capability, and the means to get one back."""
    drop_bounding_set()
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    syscall(_numbers()[2], ctypes.byref(header), ctypes.byref(nothing))


def drop_bounding_set() -> None:
    """Nothing can be got back; who has not the right to say so has nothing to lose either."""
    for number in range(64):
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError:
            return  # past the last one, or without CAP_SETPCAP


def forbid_new_privileges() -> None:
    """No program that this process might start could gain rights; needed for a filter, too."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def set_dumpable(*, is_dumpable: bool) -> None:
    """Whether others of the same user may look into this process."""
    prctl(PR_SET_DUMPABLE, int(is_dumpable))


def set_parent_death_signal() -> None:
    """Be killed when the thread that made this process ends. Forgotten when the user id changes."""
    prctl(PR_SET_PDEATHSIG, SIGKILL)


def _mount(
    source: bytes | None, target: str, kind: bytes | None, flags: int, options: bytes | None
) -> None:
    _checked(_libc.mount(source, target.encode(), kind, ctypes.c_ulong(flags), options))


def _numbers() -> tuple[int, int, int, int]:
    return _NUMBERS[platform.machine()]


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
