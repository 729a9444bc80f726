"""The network, other processes, descriptors that were left open, the kernel."""

import platform
from typing import Final

from tests.hostile_tools.case import Case, ends, filtered, refused

__all__ = ["KERNEL", "REACHING"]

REACHING: Final[tuple[Case, ...]] = (
    refused(
        "TCP to the machine",
        "socket.create_connection(('127.0.0.1', P['tcp']), 1)",
        "socket.create_connection(('127.0.0.1', P['port']), 1)",
        "socket.create_connection(('::1', P['tcp']), 1)",
        "socket.create_connection(('0.0.0.0', P['tcp']), 1)",
        "socket.create_server(('127.0.0.1', 0))",
    ),
    refused(
        "UDP and names",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', P['udp']))",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "socket.getaddrinfo('example.com', 80)",
        "socket.gethostbyname('localhost.localdomain.invalid')",
    ),
    refused(
        "every kind of socket",
        *(
            f"socket.socket({family}, {kind})"
            for family in (1, 2, 10, 16, 17, 38, 40, 44)
            for kind in (1, 2, 3, 5)
        ),
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "socket.socketpair(socket.AF_INET, socket.SOCK_STREAM)",
    ),
    refused(
        "Unix sockets, by path and abstract",
        "socket.socket(socket.AF_UNIX).connect(P['unix'])",
        "socket.socket(socket.AF_UNIX).connect(chr(0) + P['abstract'])",
        "socket.socketpair()[0].connect(P['unix'])",
        "socket.socketpair()[0].connect(chr(0) + P['abstract'])",
        "socket.socketpair()[0].bind(chr(0) + 'mine')",
        "socket.socketpair()[0].bind('mine')",
        "socket.socketpair()[0].listen()",
        "socket.socketpair()[0].sendto(b'x', P['unix'])",
        "line().connect(chr(0) + P['abstract'])",
    ),
    refused(
        "signals",
        *(
            f"os.kill({who}, {number})"
            for who in ("P['portal']", "os.getppid()", "1", "-1", "0", "-os.getppid()")
            for number in (0, 9, 19)
        ),
        "os.killpg(os.getpgrp(), 9)",
        "[signal.pidfd_send_signal(os.pidfd_open(n), 9) for n in range(1, 9)]",
    ),
    Case(
        "signals to every process",
        """
own = os.getpid()
for number in range(1, 33000):
    if number != own:
        try: os.kill(number, 9); leaks.append(number)
        except OSError: pass
leaks
""",
        result=[],
    ),
    refused(
        "signals by other means",
        "__import__('fcntl').fcntl(3, 8, P['portal'])",  # F_SETOWN
        "__import__('fcntl').fcntl(3, 15, struct.pack('ii', 1, P['portal']))",  # F_SETOWN_EX
        "__import__('fcntl').fcntl(3, 10, 9)",  # F_SETSIG
        "__import__('fcntl').fcntl(os.open('.', 0), 1026, 1)",  # F_NOTIFY
        "__import__('fcntl').fcntl(1, 1031, 2**20)",  # F_SETPIPE_SZ
        "__import__('fcntl').ioctl(3, 0x8901, struct.pack('i', P['portal']))",  # FIOSETOWN
    ),
    refused(
        "terminals",
        *(f"__import__('fcntl').ioctl({number}, 0x5412, b'x')" for number in range(4)),
        "__import__('fcntl').ioctl(0, 0x541C, b'x' * 16)",  # TIOCLINUX
        "os.open('/dev/tty', os.O_RDWR)",
        "os.open('/dev/ptmx', os.O_RDWR)",
        "os.openpty()",
        "os.setsid()",
        "os.setpgid(0, 0)",
    ),
    refused(
        "new processes",
        "os.fork() or os._exit(0)",
        "os.forkpty()",
        "os.execv(sys.executable or '/usr/bin/python3', ['x'])",
        "os.execv('/bin/sh', ['sh', '-c', 'id'])",
        "os.posix_spawn('/bin/sh', ['sh', '-c', 'id'], {})",
        "__import__('subprocess').run(['id'])",
        "__import__('subprocess').run('id', shell=True)",
        "__import__('multiprocessing').get_context('fork').Process(target=print).start()",
        "__import__('multiprocessing').Pool(2)",
    ),
    Case("os.system", "os.system('id > here'), os.path.exists('here')", result=[32512, False]),
    ends(
        "the fork bomb",
        "while True:\n    os.fork()",
        "PermissionError",
    ),
    Case(
        "every descriptor is written to",
        """
kinds = []
for number in range(3, 1024):
    try: kinds.append([number, stat.S_IFMT(os.fstat(number).st_mode)])
    except OSError: pass
leaks = [one for one in kinds if one[0] != 3 and one[1] not in (0o040000, 0o100000)]
for number in range(4, 1024):
    attempt(f"write {number}", lambda: os.write(number, b"x" * 64))
    attempt(f"send {number}", lambda: socket.socket(fileno=number).send(b"x"))
leaks
""",
        result=[],
    ),
    ends(
        "rubbish to every descriptor, its own line too",
        "for number in range(3, 1024):\n"
        "    try: os.write(number, b'\\xff' * 64)\n"
        "    except OSError: pass\n"
        "time.sleep(60)",
        "crashed",
        "timeout",
        timeout_ms=2000,
    ),
    refused(
        "descriptors of others",
        "syscall(438, os.open('.', 0), 0, 0)",  # pidfd_getfd
        "syscall(434, P['portal'], 0)",  # pidfd_open
        "syscall(312, os.getpid(), P['portal'], 0, 0, 0)",  # kcmp
        "socket.send_fds(socket.socketpair()[0], [b'x'], [0])",
    ),
    refused(
        "shared memory and queues",
        "syscall(29, 0x1234, 4096, 0o1666)",  # shmget
        "syscall(68, 0x1234, 0o1666)",  # msgget
        "syscall(64, 0x1234, 1, 0o1666)",  # semget
        "syscall(240, b'/queue', 0x42, 0o600, 0)",  # mq_open
        "__import__('multiprocessing.shared_memory').shared_memory.SharedMemory('x', True, 64)",
        "open('/dev/shm/mine', 'w')",
        "open('/dev/mqueue/mine', 'w')",
        "os.memfd_create('x')",
        "syscall(447, 0)",  # memfd_secret
    ),
)

_MACHINE_CODE = """
code = mmap.mmap(-1, 4096, prot=7)
code.write({code!r})
call = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
call()
"""
_NUMBERS: Final = {
    "tracing": (101, 310, 311, 312, 440),
    "namespaces and mounts": (272, 308, 165, 166, 155, 161, 428, 429, 430, 431, 432, 433, 442),
    "who it is": (105, 106, 113, 114, 117, 119, 116, 122, 123, 126),
    "devices and modules": (133, 259, 175, 313, 176, 246, 320, 169, 163, 153, 167, 168, 172, 173),
    "keys, programs for the kernel, rings": (248, 249, 250, 321, 298, 323, 425, 426, 427),
    "clocks and names": (164, 227, 305, 170, 171, 159),
    "priority and memory of others": (141, 144, 142, 203, 314, 251, 256, 279, 237, 238, 149 + 2),
    "files by handle and watches": (303, 304, 253, 294, 254, 300, 301, 179, 443),
    "its own guards": (135, 160, 157 + 160, 444, 445, 446, 154, 172),
}

KERNEL: Final[tuple[Case, ...]] = (
    ()
    if platform.machine() != "x86_64"
    else (
        *(filtered(f"system calls: {name}", numbers) for name, numbers in _NUMBERS.items()),
        Case(
            "every system call that nobody has on a list",
            """
own = {60, 231, 15, 34, 23, 7, 35, 0, 271, 270, 281, 232, 130, 128, 247, 61, 230, 202, 449, 3, 436,
       11, 12, 25, 32, 33, 292, 441, 62, 200, 234, 9, 10, 28, 13, 14, 131, 158, 218, 273, 334, 37,
       38, 56, 219, 223, 222, 335, 336}
for number in range(463):
    if number not in own:
        attempt(number, lambda: syscall(number, -1, -1, -1, -1, -1, -1))
allowed = {one[0] for one in leaks}
sorted(allowed & {101, 57, 58, 59, 41, 42, 49, 50, 165, 272, 308, 321, 425, 29, 105, 141, 160, 302})
""",
            result=[],
        ),
        ends(
            "32-bit system calls",
            _MACHINE_CODE.format(code=b"\xb8\x14\0\0\0\xcd\x80\xc3"),
            "crashed",
        ),
        ends("x32 system calls", "syscall(0x40000000 + 39)", "crashed"),
        ends(
            "a 32-bit code segment",
            _MACHINE_CODE.format(code=b"\x6a\x23\xe8\0\0\0\0\x83\x04\x24\x07\x48\xcb\xcd\x80\xc3"),
            "crashed",
        ),
        refused(
            "namespaces by clone",
            *(
                f"syscall(56, {flag} | 17, 0, 0, 0, 0)"
                for flag in (0x20000, 0x10000000, 0x20000000, 0x40000000, 0x8000000, 0x4000, 0)
            ),
            "syscall(56, 0x10000000 | 0x10900, 0, 0, 0, 0)",
            "syscall(435, struct.pack('8Q', *[0] * 4, 17, 0, 0, 0), 64)",
            "os.unshare(os.CLONE_NEWUSER)" if hasattr(__import__("os"), "unshare") else "os.fork()",
        ),
        refused(
            "prctl",
            *(f"syscall(157, {n}, 1, 0, 0, 0)" for n in (1, 4, 8, 24, 28, 35, 36, 38, 47, 53, 59)),
            "syscall(157, 22, 2, 0, 0, 0)",
            "syscall(157, 0x59616D61, -1, 0, 0, 0)",  # who may trace us
        ),
        refused(
            "limits are not raised",
            *(f"limit({n}, 2**40, 2**40)" for n in (0, 1, 2, 3, 4, 6, 7, 8, 9, 12)),
            "syscall(302, P['portal'], 7, struct.pack('QQ', 1, 1), 0)",
            "syscall(302, P['portal'], 7, 0, ctypes.create_string_buffer(16))",
            "syscall(302, os.getppid(), 7, 0, ctypes.create_string_buffer(16))",
        ),
        refused(
            "time and priority",
            "time.clock_settime(time.CLOCK_REALTIME, 0)",
            "os.nice(-5)",
            "os.setpriority(os.PRIO_PROCESS, P['portal'], 19)",
            "os.setpriority(os.PRIO_USER, 0, 19)",
            "os.sched_setaffinity(P['portal'], {0})",
            "os.sched_setaffinity(0, {0})",
            "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
        ),
        refused(
            "another user, another root",
            *(
                f"os.{name}(0)"
                for name in ("setuid", "setgid", "seteuid", "setegid", "setfsuid")
                if name != "setfsuid"
            ),
            "os.setgroups([0])",
            "os.setresuid(0, 0, 0)",
            "os.chroot('.')",
            "os.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(8, 0))",
            "os.mknod('null', 0o600 | stat.S_IFCHR, os.makedev(1, 3))",
            "os.mkfifo('fifo')",
        ),
        Case(
            "a setuid file of its own",
            "open('s', 'w').write('#!/bin/sh')\nos.chmod('s', 0o6777)\n"
            "attempt('run', lambda: os.execv('./s', ['s']))\nleaks",
            result=[],
        ),
    )
)
