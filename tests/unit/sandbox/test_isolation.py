"""What a program must not reach: files, environment, network, neighbours, its parent, the kernel."""

import errno
import os
import socket
from pathlib import Path

import pytest

import aiportal
from tests.unit.sandbox.conftest import Run

pytestmark = pytest.mark.asyncio(loop_scope="module")


def attempts(*lines: str) -> str:
    """A controller that returns what each line gave, None where it raised."""
    return f"""
import ctypes, errno, fcntl, glob, os, resource, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def syscall(*arguments):
    if libc.syscall(*map(ctypes.c_long, arguments)) < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return "done"
def attempt(line, p):
    try: return repr(eval(line, globals(), {{"p": p}}))
    except (OSError, ValueError, RuntimeError, KeyError): return None
def run(p): return [attempt(line, p) for line in {list(lines)!r}]
"""


async def refused(run: Run, *lines: str, parameters: object = None) -> None:
    outcome = await run(attempts(*lines), parameters)
    assert outcome.failure is None, outcome
    assert outcome.result == [None] * len(lines)


async def test_no_file_of_the_machine(run: Run, tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.write_text("secret")
    planted.chmod(0o644)
    paths = [str(planted), "/etc/passwd", "/etc/hostname", str(Path(aiportal.__file__))]
    paths += ["/proc/self/environ", "/proc/1/environ", f"/proc/{os.getpid()}/cmdline", "/dev/mem"]
    await refused(run, *(f"open(p[{index}]).read()" for index in range(8)), parameters=paths)


async def test_no_folder_of_the_machine(run: Run, tmp_path: Path) -> None:
    repository = str(Path(aiportal.__file__).parents[1])
    lines = ("os.listdir(p[0])", "os.listdir(p[1]).index('aiportal')")
    others = ("os.listdir('/etc')", "os.listdir('/proc')", "os.listdir('/dev').index('shm')")
    await refused(run, *lines, *others, parameters=[str(tmp_path), repository])


async def test_nothing_of_the_machine_can_be_written(run: Run) -> None:
    await refused(
        run,
        "open('/tmp/planted', 'w')",
        "open(os.path.join(os.path.dirname(os.__file__), 'planted.py'), 'w')",
        "open(sys.path[0] + '/controller.py', 'w')",
        "open('/cache/planted', 'w')",
        "os.unlink(os.__file__)",
        "os.mkdir('/planted')",
    )


async def test_modes_of_the_libraries_cannot_be_changed(run: Run) -> None:
    before = os.stat(os.__file__)  # noqa: PTH116 - the name is what the program is given
    source = attempts(
        "os.chmod(os.__file__, 0o777)", "os.fchmod(os.open(os.__file__, os.O_RDONLY), 0o777)"
    )
    await run(source)
    assert os.stat(os.__file__).st_mode == before.st_mode  # noqa: PTH116 - as above


async def test_no_environment(run: Run) -> None:
    source = "import os\ndef run(parameters): return sorted(os.environ)"
    names = (await run(source)).result
    assert not [name for name in names if "KEY" in name or "AIPORTAL" in name or "PATH" in name]
    assert "HOME" in names


async def test_no_root_and_no_capability(run: Run) -> None:
    source = """
        import ctypes, os
        def run(parameters):
            libc = ctypes.CDLL(None)
            header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
            status = libc.capget(ctypes.byref(header), ctypes.byref(data))
            bounding = [n for n in range(40) if libc.prctl(23, n, 0, 0, 0) == 1]
            return [os.getuid(), os.getgroups(), status, list(data), bounding]
    """
    uid, groups, status, capabilities, bounding = (await run(source)).result
    assert uid != 0
    assert groups in ([], [uid])
    assert (status, capabilities) == (0, [0] * 6)
    if os.geteuid() == 0:
        assert bounding == []


async def test_no_network(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        await refused(
            run,
            "socket.create_connection(('127.0.0.1', p), 1)",
            "socket.socket()",
            "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
            "socket.socket(socket.AF_INET6)",
            "socket.socket(socket.AF_UNIX)",
            "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
            "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
            "socket.getaddrinfo('example.com', 80)",
            parameters=server.getsockname()[1],
        )
        with pytest.raises(TimeoutError):
            server.accept()


async def test_no_signal_to_others(run: Run) -> None:
    await refused(
        run,
        "os.kill(p, 0)",
        "os.kill(p, signal.SIGTERM)",
        "os.kill(os.getppid(), signal.SIGKILL)",
        "os.kill(0, 0)",
        "os.kill(-1, signal.SIGKILL)",
        "os.kill(1, signal.SIGKILL)",
        "os.killpg(os.getpgrp(), 0)",
        "signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 0)",
        "fcntl.fcntl(0, fcntl.F_SETOWN, p) or 1",
        parameters=os.getpid(),
    )


async def test_a_signal_to_itself_is_its_own_affair(run: Run) -> None:
    source = """
        import os, signal
        def run(parameters):
            heard = []
            signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
            os.kill(os.getpid(), signal.SIGUSR1)
            signal.raise_signal(signal.SIGUSR1)
            return len(heard)
    """
    assert (await run(source)).result == 2


async def test_no_call_of_the_kernel_that_leads_out(run: Run) -> None:
    numbers = {
        "ptrace": 101,
        "process_vm_readv": 310,
        "unshare": 272,
        "setns": 308,
        "mount": 165,
        "pivot_root": 155,
        "chroot": 161,
        "bpf": 321,
        "perf_event_open": 298,
        "io_uring_setup": 425,
        "userfaultfd": 323,
        "memfd_create": 319,
        "keyctl": 250,
        "add_key": 248,
        "clone3": 435,
        "vfork": 58,
        "execve": 59,
        "execveat": 322,
        "shmget": 29,
        "mq_open": 240,
        "setuid": 105,
        "personality": 135,
        "open_by_handle_at": 304,
        "kexec_load": 246,
        "init_module": 175,
        "sched_setaffinity": 203,
        "setpriority": 141,
        "ioprio_set": 251,
        "pidfd_getfd": 438,
        "move_pages": 279,
        "acct": 163,
        "syslog": 103,
        "inotify_init": 253,
    }
    source = f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def error_of(number):
            libc.syscall.restype = ctypes.c_long
            done = libc.syscall(*map(ctypes.c_long, (number, 0, 0, 0, 0))) >= 0
            return 0 if done else ctypes.get_errno()
        def run(parameters):
            return {{name: error_of(number) for name, number in {numbers}.items()}}
    """
    errors = (await run(source)).result
    # The filter's own answer: with arguments of zeros the kernel refuses most of them by itself.
    assert errors == dict.fromkeys(numbers, errno.EPERM) | {"clone3": errno.ENOSYS}


async def test_no_trick_on_the_terminal_or_on_its_own_guards(run: Run) -> None:
    await refused(
        run,
        "fcntl.ioctl(0, 0x5412, b'x')",
        "syscall(157, 4, 1, 0, 0, 0)",  # dumpable
        "syscall(157, 1, 0, 0, 0, 0)",  # the parent's death
        "syscall(157, 22, 2, 0, 0, 0)",  # another filter
        "resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40)) or 1",
        "resource.prlimit(p, resource.RLIMIT_CPU)",
        "resource.prlimit(p, resource.RLIMIT_CPU, (1, 1))",
        parameters=os.getpid(),
    )


async def test_no_descriptor_but_its_own(run: Run) -> None:
    source = """
        import os, stat
        def run(parameters):
            kinds = []
            for number in range(256):
                try: kinds.append([number, stat.S_IFMT(os.fstat(number).st_mode)])
                except OSError: pass
            return kinds
    """
    found = (await run(source)).result
    low = [number for number, _ in found if number < 200]
    assert low == [0, 1, 2, 3]
    assert all(kind == 0o040000 or kind == 0o100000 for number, kind in found if number >= 200)


async def test_one_call_does_not_see_another(run: Run) -> None:
    source = """
        import os
        def run(parameters):
            seen = []
            for number in range(1, 200):
                try: os.kill(number, 0); seen.append(number)
                except OSError: pass
            return [seen == [os.getpid()] or not seen, os.listdir(".")]
    """
    assert (await run(source)).result == [True, []]
