"""Memory, time, disk, threads and output without end."""

from dataclasses import replace
from typing import Final

from tests.hostile_tools.case import DEFAULT_MS, Case, ends, harmless

__all__ = ["SPENDING"]

_FULL: Final = ("OSError", "disk_limit", "timeout", "FileNotFoundError", "PermissionError")
_SHORT_MS: Final = 1000
_MEMORY: Final = ("out_of_memory", "timeout")

_SPENDING: Final[tuple[Case, ...]] = (
    ends("one large list", "len([0] * (4 * 10**8))", "out_of_memory", timeout_ms=20_000),
    ends("many small things", "kept = []\nwhile True: kept.append(bytearray(10**6))", *_MEMORY),
    ends("a large map", "mmap.mmap(-1, 2**34)", "OSError", timeout_ms=20_000),
    ends(
        "many maps",
        "kept = []\nwhile True: kept.append(mmap.mmap(-1, 2**24)); kept[-1].write(b'x' * 2**24)",
        "OSError",
        *_MEMORY,
    ),
    ends(
        "memory shared with nobody",
        "kept = []\n"
        "while True:\n"
        "    kept.append(mmap.mmap(-1, 2**24, flags=mmap.MAP_SHARED)); kept[-1].write(b'x' * 2**24)",
        "OSError",
        *_MEMORY,
    ),
    ends(
        "numpy",
        "import numpy\nnumpy.empty(5 * 10**8).nbytes",
        "out_of_memory",
        timeout_ms=20_000,
    ),
    ends("a table", "import pandas\npandas.DataFrame({'a': range(10**9)})", *_MEMORY),
    ends("a long number", "10 ** (10 ** 10)", *_MEMORY, timeout_ms=1500),
    harmless("a number as text", "str(7 ** 100000)", "ValueError"),
    ends(
        "a regular expression",
        "import re\nre.match('(a+)+$', 'a' * 50 + 'b')",
        "timeout",
        timeout_ms=1200,
    ),
    ends("a text that doubles", "t = 'x'\nwhile True: t += t", *_MEMORY),
    ends(
        "recursion",
        "sys.setrecursionlimit(10**9)\ndef f(): return f()\nf()",
        "crashed",
        "RecursionError",
        *_MEMORY,
    ),
    ends(
        "recursion in C",
        "sys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**5): x = [x]\nrepr(x)",
        "crashed",
        "RecursionError",
        *_MEMORY,
    ),
    ends(
        "an archive that grows",
        """
import io, zipfile
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
    with file.open("bomb", "w", force_zip64=True) as inner:
        for _ in range(100): inner.write(bytes(10**7))
len(zipfile.ZipFile(packed).read("bomb"))
""",
        *_MEMORY,
        timeout_ms=4000,
    ),
    ends("a loop", "while True: pass", "timeout", timeout_ms=1000),
    ends(
        "a loop that ignores every signal",
        """
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    try:
        while True: pass
    except BaseException: pass
""",
        "timeout",
        timeout_ms=1000,
    ),
    ends("sleep", "time.sleep(10**6)", "timeout", timeout_ms=1000),
    ends(
        "a lock that nobody opens",
        "threading.Lock().acquire() and threading.Event().wait()",
        "timeout",
        timeout_ms=1000,
    ),
    ends("it stops itself", "os.kill(os.getpid(), signal.SIGSTOP)", "timeout", timeout_ms=1000),
    ends(
        "a handler that never returns",
        "def on(*_):\n    while True: pass\n"
        "signal.signal(signal.SIGALRM, on)\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\n"
        "time.sleep(60)",
        "timeout",
        timeout_ms=1000,
    ),
    ends(
        "threads that spin",
        "def f():\n    while True: pass\n"
        "for _ in range(20): threading.Thread(target=f).start()\nf()",
        "timeout",
        "RuntimeError",
        timeout_ms=1000,
    ),
    harmless(
        "threads that stay",
        "for _ in range(5): threading.Thread(target=time.sleep, args=(60,)).start()\n1",
    ),
    ends(
        "threads without end",
        "threading.stack_size(32768)\n"
        "while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        "RuntimeError",
        "thread_limit",
        "out_of_memory",
        "timeout",
        timeout_ms=3000,
    ),
    ends(
        "threads without end, whatever goes wrong",
        "threading.stack_size(32768)\n"
        "while True:\n"
        "    try: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "    except BaseException: pass",
        "thread_limit",
        "out_of_memory",
        "timeout",
        "crashed",
        timeout_ms=1500,
    ),
    ends(
        "one large file",
        "with open('large', 'wb') as file:\n    while True: file.write(bytes(2**20))",
        *_FULL,
    ),
    ends(
        "many files",
        "number = 0\nwhile True:\n    number += 1\n    open(f'f{number}', 'wb').write(bytes(2**18))",
        *_FULL,
    ),
    ends(
        "many empty files",
        "number = 0\nwhile True:\n    number += 1\n    open(f'f{number}', 'wb').close()",
        *_FULL,
        timeout_ms=3000,
    ),
    ends(
        "files that are deleted but open",
        "kept = []\n"
        "while True:\n"
        "    kept.append(open('x', 'wb')); os.unlink('x')\n"
        "    kept[-1].write(bytes(2**24)); kept[-1].flush()",
        "OSError",
        "disk_limit",
        timeout_ms=20_000,
    ),
    ends(
        "files that are only mapped",
        "kept = []\n"
        "while True:\n"
        "    file = open('x', 'w+b'); os.unlink('x'); file.write(bytes(2**24)); file.flush()\n"
        "    kept.append(mmap.mmap(file.fileno(), 4096)); file.close()",
        "OSError",
        "disk_limit",
        timeout_ms=20_000,
    ),
    ends(
        "room that is only reserved",
        "kept = []\n"
        "while True:\n"
        "    kept.append(os.open('x', os.O_RDWR | os.O_CREAT)); os.unlink('x')\n"
        "    try: os.posix_fallocate(kept[-1], 0, 2**25)\n"
        "    except OSError as error:\n"
        "        if error.errno != 95: raise\n"
        "        time.sleep(60)",
        *_FULL,
        timeout_ms=1500,
    ),
    ends(
        "in folders that nobody may look into",
        "os.umask(0)\n"
        "for number in range(10**6):\n"
        "    os.mkdir(f'd{number}', 0o300)\n"
        "    open(f'd{number}/f', 'wb').write(bytes(2**20))",
        *_FULL,
        timeout_ms=5000,
    ),
    ends(
        "at the end of a long way",
        "number = 0\n"
        "while True:\n"
        "    for _ in range(30): os.mkdir('d' * 250); os.chdir('d' * 250)\n"
        "    number += 1\n"
        "    open(f'f{number}', 'wb').write(bytes(2**20))",
        *_FULL,
        timeout_ms=5000,
    ),
    harmless(
        "a large file without content",
        "with open('sparse', 'wb') as file: file.truncate(10**12)",
        "OSError",
    ),
    harmless(
        "folders five thousand deep",
        "for _ in range(5000): os.mkdir('d'); os.chdir('d')\n1",
        *_FULL,
        timeout_ms=3000,
    ),
    harmless(
        "what cannot be deleted",
        "for number in range(50):\n"
        "    os.mkdir(f'd{number}'); open(f'd{number}/f', 'w').close(); os.chmod(f'd{number}', 0)\n"
        "os.chmod('.', 0)\n1",
        "PermissionError",
    ),
    ends("output", "while True: print('x' * 10**5)", "output_limit", "timeout"),
    ends("errors", "while True: sys.stderr.write('x' * 10**5)", "output_limit", "timeout"),
    ends(
        "output past Python",
        "data = b'x' * 2**20\nwhile True: os.write(1, data); os.write(2, data)",
        "output_limit",
        "timeout",
    ),
    harmless(
        "output that nobody reads, and an end",
        "import fcntl\nos.set_blocking(1, False)\n"
        "try:\n    while True: os.write(1, b'x' * 4096)\nexcept BlockingIOError: pass\n1",
        "output_limit",
    ),
    harmless(
        "output that is no text",
        "os.write(1, bytes(range(256)) * 100); os.write(2, b'\\x1b]0;\\x07')",
    ),
    ends(
        "pipes and pairs without end",
        "kept = []\n"
        "while True:\n"
        "    kept.append(socket.socketpair()); kept[-1][0].setblocking(False)\n"
        "    try:\n        while True: kept[-1][0].send(bytes(2**16))\n"
        "    except BlockingIOError: pass",
        "OSError",
        "out_of_memory",
    ),
    ends(
        "timers without end",
        """
kept = []
for _ in range(10**4):
    made = ctypes.c_int()
    if libc.syscall(222, 1, None, ctypes.byref(made)): raise OSError("no more")
""",
        "OSError",
        timeout_ms=2000,
    ),
    harmless(
        "the disk is told to hurry",
        "file = open('x', 'wb')\n"
        "for _ in range(200): file.write(b'x' * 4096); file.flush(); os.fsync(file.fileno())\n1",
        "timeout",
        "PermissionError",
        timeout_ms=2000,
    ),
)

SPENDING: Final = tuple(
    replace(case, timeout_ms=_SHORT_MS, failures=(*case.failures, "timeout"))
    if case.timeout_ms == DEFAULT_MS
    else case
    for case in _SPENDING
)
