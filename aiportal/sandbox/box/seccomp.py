"""The filter of system calls: what is not on the list does not exist for a program.

No fork, no exec, no socket but a connected pair, no descriptor sent over one, no signal to others, no
mount, no tracing. Put in
place after the imports, by the process itself, for good.
"""

import ctypes
import errno
import functools
import os
import platform
import struct
from collections.abc import Iterable, Sequence

from . import kernel, syscalls

__all__ = [
    "allow",
    "allow_if",
    "answer_errno",
    "answers",
    "argument",
    "check",
    "head",
    "install",
    "load",
    "masked",
    "refuse_if",
    "steps",
    "which_machine",
]

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_IF_EQUAL, _IF_AT_LEAST = 0x15, 0x35
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000
_FIRST_UNKNOWN = 452  # newer calls than we know are answered like those of a future kernel
_SECCOMP_NUMBERS = (317, 277)
_SET_FILTER = 1

_THREAD = 0x00010000 | 0x00000800 | 0x00000100  # CLONE_THREAD, _SIGHAND, _VM
_APART = 0x7E02E000  # all namespaces, CLONE_PTRACE, _VFORK, _PARENT
_TERMINAL_QUESTIONS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # no TIOCSTI
_OWN_NAMES = (15, 16, 21, 23, 39, 0x53564D41)  # PR_SET_NAME, questions, names of memory
_DESCRIPTOR_QUESTIONS = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    1030,
    1032,
    1034,
    36,
    37,
    38,
)  # no owner, no signal
_LOCAL_FAMILY, _STREAM, _PACKETS = 1, 1, 5

_Program = list[bytes]


def install(*, is_own_disk: bool) -> None:
    """Bind this process, and every thread that it starts, to the list. Raises OSError.

    is_own_disk: all that can be reached lies in a folder in memory. Else calls that change modes,
        owners or times succeed without effect, and room cannot be reserved.
    """
    load(steps(is_own_disk=is_own_disk))


def load(program: Sequence[bytes]) -> None:
    """Put a filter in place, step by step as the kernel takes it. Raises OSError."""
    code = ctypes.create_string_buffer(b"".join(program))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    which = _MACHINES[platform.machine()][0]
    kernel.syscall(_SECCOMP_NUMBERS[which], _SET_FILTER, 0, ctypes.create_string_buffer(head))


def which_machine(machine: str) -> int:
    """The column of the tables of numbers."""
    return _MACHINES[machine][0]


def head(machine: str) -> list[bytes]:
    """How a filter begins: numbers of another machine's kind kill. It leaves the call's number."""
    which, kind = _MACHINES[machine]
    program = [
        _step(_LOAD, _MACHINE_AT),
        _step(_IF_EQUAL, kind, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
    ]
    if which == 0:
        program += [_step(_IF_AT_LEAST, _X32, 0, 1), _step(_RETURN, _KILL)]
    return program


def answers(names: syscalls.Numbers, which: int, error: int) -> list[bytes]:
    """These fail with the error."""
    return _answered(names, which, _ERRNO | error)


def check(number: int, body: Sequence[bytes]) -> list[bytes]:
    """A call whose arguments are looked at; `body` decides."""
    return [_step(_IF_EQUAL, number, 0, len(body)), *body]


def argument(position: int, *, high: bool = False) -> bytes:
    """Load one, its lower half or its higher one."""
    return _step(_LOAD, _ARGUMENTS_AT + 8 * position + (4 if high else 0))


def masked(bits: int) -> bytes:
    """Of what was loaded only these bits."""
    return _step(_AND, bits)


def allow_if(values: Iterable[int]) -> list[bytes]:
    """Allow the call if what was loaded is one of the values, else go on."""
    program: list[bytes] = []
    for value in values:
        program += [_step(_IF_EQUAL, value, 0, 1), allow()]
    return program


def refuse_if(values: Iterable[int], error: int) -> list[bytes]:
    """Refuse the call if what was loaded is one of the values, else go on."""
    program: list[bytes] = []
    for value in values:
        program += [_step(_IF_EQUAL, value, 0, 1), answer_errno(error)]
    return program


def answer_errno(error: int) -> bytes:
    """The call fails with the error."""
    return _step(_RETURN, _ERRNO | error)


def allow() -> bytes:
    """The call is made."""
    return _step(_RETURN, _ALLOW)


def steps(*, is_own_disk: bool) -> list[bytes]:
    """The filter for this process: what it may do to itself is told by its number."""
    which = which_machine(platform.machine())
    program = list(_lists(is_own_disk=is_own_disk))
    for name, body in _checks().items():
        number = syscalls.CHECKED[name][which]
        if number is not None:
            program += [_step(_IF_EQUAL, number, 0, len(body)), *body]
    program += [
        _step(_IF_AT_LEAST, _FIRST_UNKNOWN, 0, 1),
        _step(_RETURN, _ERRNO | errno.ENOSYS),
        _step(_RETURN, _ERRNO | errno.EPERM),
    ]
    return program


@functools.cache
def _lists(*, is_own_disk: bool) -> tuple[bytes, ...]:
    """The steps that are the same in every process: a zygote makes them once for all of its calls."""
    which = which_machine(platform.machine())
    metadata = _ALLOW if is_own_disk else _ERRNO
    program = head(platform.machine())
    program += _answered(syscalls.HARMLESS, which, _ALLOW)
    program += _answered(syscalls.METADATA, which, metadata)
    reserving = _ALLOW if is_own_disk else _ERRNO | errno.ENOTSUP
    program += _answered(syscalls.RESERVING, which, reserving)
    program += _answered(syscalls.EXTENDED, which, _ERRNO | errno.ENOTSUP)
    return tuple(program)


def _checks() -> dict[str, _Program]:
    own = os.getpid()
    refuse = _step(_RETURN, _ERRNO | errno.EPERM)
    only_own = [argument(0), *allow_if((own,)), refuse]
    return {
        "clone": [
            argument(0),
            _step(_AND, _THREAD | _APART),
            *allow_if((_THREAD,)),
            refuse,
        ],
        "clone3": [_step(_RETURN, _ERRNO | errno.ENOSYS)],  # the C library falls back to clone
        "kill": only_own,
        "tkill": only_own,
        "tgkill": only_own,
        "ioctl": [
            argument(1),
            *allow_if(_TERMINAL_QUESTIONS),
            _step(_RETURN, _ERRNO | errno.ENOTTY),
        ],
        "prctl": [argument(0), *allow_if(_OWN_NAMES), refuse],
        "fcntl": [argument(1), *allow_if(_DESCRIPTOR_QUESTIONS), refuse],
        "prlimit64": [*_only(0, (0, own)), *_only(2, (0,)), *_only(2, (0,), high=True), allow()],
        "socketpair": [
            *_only(0, (_LOCAL_FAMILY,)),
            argument(1),
            _step(_AND, 0xF),
            *allow_if((_STREAM, _PACKETS)),
            refuse,
        ],
    }


def _answered(names: syscalls.Numbers, which: int, answer: int) -> _Program:
    program: _Program = []
    for numbers in names.values():
        number = numbers[which]
        if number is not None:
            program += [_step(_IF_EQUAL, number, 0, 1), _step(_RETURN, answer)]
    return program


def _only(position: int, values: tuple[int, ...], *, high: bool = False) -> _Program:
    """Refuse the call unless an argument has one of the values; go on if it has."""
    tests = [_step(_IF_EQUAL, value, len(values) - index, 0) for index, value in enumerate(values)]
    return [argument(position, high=high), *tests, _step(_RETURN, _ERRNO | errno.EPERM)]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
