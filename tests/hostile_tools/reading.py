"""What others keep: environments, files, memory, the database, our sources."""

from typing import Final

from tests.hostile_tools.case import Case, harmless, refused

__all__ = ["READING"]

READING: Final[tuple[Case, ...]] = (
    harmless("the environment", "dict(os.environ)"),
    harmless(
        "the environment in memory",
        "environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, 'environ')\n"
        "found, at = [], 0\n"
        "while environ[at]:\n"
        "    found.append(environ[at].decode()); at += 1\n"
        "found",
    ),
    refused(
        "environments of others",
        *(f"read('/proc/{who}/environ')" for who in ("self", "1", "thread-self")),
        "read(f'/proc/{os.getppid()}/environ')",
        "read(f\"/proc/{P['portal']}/environ\")",
    ),
    refused(
        "memory, maps and command lines",
        *(f"read(f\"/proc/{{P['portal']}}/{what}\")" for what in ("maps", "mem", "cmdline")),
        *(f"read(f'/proc/{{os.getppid()}}/{what}')" for what in ("maps", "mem", "cmdline")),
        "os.listdir(f\"/proc/{P['portal']}/fd\")",
        "os.listdir(f'/proc/{os.getppid()}/fd')",
        "os.listdir(f'/proc/{os.getppid()}/task')",
        "os.readlink(f\"/proc/{P['portal']}/exe\")",
        "os.readlink(f\"/proc/{P['portal']}/cwd\")",
        "os.readlink(f'/proc/{os.getppid()}/cwd')",
        "read('/proc/self/mem')",
        "open('/proc/self/mem', 'r+b')",
    ),
    refused(
        "through the root of others",
        *(
            f"read(f\"/proc/{{{who}}}/root{{P['secret']}}\")"
            for who in ("P['portal']", "os.getppid()", "1")
        ),
    ),
    refused(
        "planted files",
        *(f"read(P[{place!r}])" for place in ("secret", "in_data", "in_home", "in_tmp", "dotenv")),
        "read('/etc/passwd')",
        "read('/etc/shadow')",
        "read('/etc/hostname')",
        "read('/etc/resolv.conf')",
        "read('/proc/version')",
        "read('/proc/self/mountinfo')",
        "read('/sys/kernel/vmcoreinfo')",
        "read('/dev/mem')",
        "read('/dev/kmsg')",
    ),
    refused(
        "planted files by other ways to open",
        "os.open(P['secret'], os.O_RDONLY | os.O_NOFOLLOW)",
        "read('/box/../' + P['secret'])",
        "read('/proc/self/root' + P['secret'])",
        "read('/proc/self/cwd/../../../../..' + P['secret'])",
        "mmap.mmap(os.open(P['secret'], os.O_RDONLY), 0)",
        "os.open(P['secret'], os.O_WRONLY)",
        "os.open(P['secret'], os.O_RDWR | os.O_CREAT)",
        "os.truncate(P['secret'], 0)",
        "os.rename(P['secret'], 'here')",
        "os.link(P['secret'], 'here')",
        "os.unlink(P['secret'])",
    ),
    refused(
        "through a link of its own",
        "[os.symlink(P['secret'], 'link'), read('link')][1]",
        "[os.symlink('/', 'top'), read('top' + P['secret'])][1]",
        "[os.symlink('/proc/self/environ', 'env'), read('env')][1]",
        "os.listdir(os.symlink('/', 'top2') or 'top2/etc')",
    ),
    refused(
        "by a descriptor of a folder above",
        "[read(f'/proc/self/fd/{n}/../../../../..' + P['secret']) for n in range(200, 256)]",
        "os.open('..' + P['secret'], os.O_RDONLY, dir_fd=os.open('.', os.O_RDONLY))",
        "[os.chdir('/'), read(P['secret'][1:])][1]",
    ),
    Case(
        "walking up from every descriptor",
        """
for number in range(256):
    for steps in range(1, 12):
        def walk(number=number, steps=steps):
            top = os.open("/".join([".."] * steps), os.O_RDONLY, dir_fd=number)
            return os.listdir(top)
        attempt(f"{number} {steps}", walk)
leaks = [one for one in leaks if "passwd" in one[1] or "hostile" in one[1]]
leaks
""",
        result=[],
    ),
    Case(
        "the database and the keys",
        """
import sqlite3
attempt("read", lambda: read(P["database"]))
attempt("list", lambda: os.listdir(P["data"]))
for uri in (P["database"], f"file:{P['database']}?mode=ro&immutable=1"):
    try:
        found = sqlite3.connect(uri, uri=True).execute("select * from sqlite_master").fetchall()
        leaks.append(found)
    except sqlite3.OperationalError:
        pass
leaks
""",
        result=[],
    ),
    refused(
        "our own sources and settings",
        "read(P['repository'] + '/aiportal/__init__.py')",
        "read(P['repository'] + '/app.py')",
        "os.listdir(P['repository'] + '/aiportal')",
        "os.listdir(P['tools'])",
        "os.listdir(P['repository'] + '/.git')",
        "open(P['tools'] + '/attacker/controller.py', 'w')",
    ),
    Case(
        "our own modules",
        """
for name in ("aiportal.settings", "aiportal.portal", "pages", "tests"):
    try:
        __import__(name)
        leaks.append(name)
    except ImportError:
        pass
leaks
""",
        result=[],
    ),
    Case(
        "what is left in its own memory",
        """
import gc
found = [repr(o)[:200] for o in gc.get_objects() if isinstance(o, dict) and "secrets" in o]
texts = [o for o in gc.get_objects() if isinstance(o, (str, bytes))]
modules = sorted(n for n in sys.modules if n.startswith(("aiportal", "pages")))
[found, [t for t in texts if "".join(("cana", "ry-")) in repr(t)], modules]
""",
        result=[[], [], ["aiportal_tool"]],
    ),
    refused(
        "folders of the machine",
        *(
            f"os.listdir({path!r})"
            for path in ("/etc", "/proc", "/sys", "/home", "/var", "/dev/shm", "/run")
        ),
        "os.listdir(os.path.dirname(P['secret']))",
        "os.listdir(P['temporary'])",
    ),
    harmless("the name of the machine", "list(os.uname())[:1]"),
    refused("cloud metadata", "socket.create_connection(('169.254.169.254', 80), 1)"),
)
