"""The filter of system calls: what is not on the list does not exist for a program.

No fork, no exec, no socket but a connected pair, no signal to others, no mount, no tracing. Put in
place after the imports, by the process itself, for good.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable, Sequence

from . import kernel, syscalls

__all__ = ["install", "load"]

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


def install(*, may_change_metadata: bool) -> None:
    """Bind this process, and every thread that it starts, to the list. Raises OSError.

    may_change_metadata: else calls that change modes, owners or times succeed without effect.
    """
    load(_filter(may_change_metadata=may_change_metadata))


def load(program: Sequence[bytes]) -> None:
    """Put a filter in place, step by step as the kernel takes it. Raises OSError."""
    code = ctypes.create_string_buffer(b"".join(program))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    which = _MACHINES[platform.machine()][0]
    kernel.syscall(_SECCOMP_NUMBERS[which], _SET_FILTER, 0, ctypes.create_string_buffer(head))


def _filter(*, may_change_metadata: bool) -> _Program:
    which, machine = _MACHINES[platform.machine()]
    metadata = _ALLOW if may_change_metadata else _ERRNO
    program = [
        _step(_LOAD, _MACHINE_AT),
        _step(_IF_EQUAL, machine, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
    ]
    if which == 0:
        program += [_step(_IF_AT_LEAST, _X32, 0, 1), _step(_RETURN, _KILL)]
    program += _answers(syscalls.HARMLESS, which, _ALLOW)
    program += _answers(syscalls.METADATA, which, metadata)
    program += _answers(syscalls.EXTENDED, which, _ERRNO | errno.ENOTSUP)
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


def _checks() -> dict[str, _Program]:
    own = os.getpid()
    refuse = _step(_RETURN, _ERRNO | errno.EPERM)
    only_own = [_argument(0), *_allow_if((own,)), refuse]
    return {
        "clone": [
            _argument(0),
            _step(_AND, _THREAD | _APART),
            *_allow_if((_THREAD,)),
            refuse,
        ],
        "clone3": [_step(_RETURN, _ERRNO | errno.ENOSYS)],  # the C library falls back to clone
        "kill": only_own,
        "tkill": only_own,
        "tgkill": only_own,
        "ioctl": [
            _argument(1),
            *_allow_if(_TERMINAL_QUESTIONS),
            _step(_RETURN, _ERRNO | errno.ENOTTY),
        ],
        "prctl": [_argument(0), *_allow_if(_OWN_NAMES), refuse],
        "fcntl": [_argument(1), *_allow_if(_DESCRIPTOR_QUESTIONS), refuse],
        "prlimit64": [*_only(0, (0, own)), *_only(2, (0,)), *_only(2, (0,), high=True), _allow()],
        "socketpair": [
            *_only(0, (_LOCAL_FAMILY,)),
            _argument(1),
            _step(_AND, 0xF),
            *_allow_if((_STREAM, _PACKETS)),
            refuse,
        ],
    }


def _answers(names: syscalls.Numbers, which: int, answer: int) -> _Program:
    program: _Program = []
    for numbers in names.values():
        number = numbers[which]
        if number is not None:
            program += [_step(_IF_EQUAL, number, 0, 1), _step(_RETURN, answer)]
    return program


def _allow_if(values: Iterable[int]) -> _Program:
    program: _Program = []
    for value in values:
        program += [_step(_IF_EQUAL, value, 0, 1), _allow()]
    return program


def _only(position: int, values: tuple[int, ...], *, high: bool = False) -> _Program:
    """Refuse the call unless an argument has one of the values; go on if it has."""
    tests = [_step(_IF_EQUAL, value, len(values) - index, 0) for index, value in enumerate(values)]
    return [_argument(position, high=high), *tests, _step(_RETURN, _ERRNO | errno.EPERM)]


def _argument(position: int, *, high: bool = False) -> bytes:
    return _step(_LOAD, _ARGUMENTS_AT + 8 * position + (4 if high else 0))


def _allow() -> bytes:
    return _step(_RETURN, _ALLOW)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
