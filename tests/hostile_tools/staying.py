"""What is meant for the next caller, and what breaks the interpreter."""

from typing import Final

from tests.hostile_tools.case import Case, ends, harmless

__all__ = ["STAYING"]

_MARK: Final = "'left-behind'"
_END: Final = ("exit", "crashed")


def _left(name: str, code: str, found: str, *failures: str) -> Case:
    """found: an expression that is true for the next caller if something stayed."""
    return Case(name, code, failures=failures or ("OSError",), then=f"42 if not ({found}) else 0")


STAYING: Final[tuple[Case, ...]] = (
    _left(
        "built-ins",
        "import builtins\nbuiltins.len = lambda x: 'evil'\nbuiltins.mark = 1\n1",
        "len([1]) != 1 or 'mark' in dir(__builtins__)",
        "TypeError",
        "invalid_result",
        "exit",
    ),
    _left(
        "modules",
        "import json, numpy\njson.dumps = print\nnumpy.mark = 1\nsys.modules['os'] = None\n1",
        "hasattr(__import__('numpy'), 'mark') or not callable(__import__('os').getcwd)",
        "TypeError",
        "invalid_result",
        "AttributeError",
        "exit",
    ),
    _left(
        "types of C",
        "import gc\ngc.get_referents(dict.__dict__)[0]['mark'] = lambda self: 1\n1",
        "hasattr({}, 'mark')",
    ),
    _left(
        "memory of the interpreter",
        "ctypes.memset(id(10), 0xff, 32)\n1",
        "5 + 5 != 10",
        "crashed",
        "invalid_result",
        "out_of_memory",
        "SystemError",
        "OverflowError",
    ),
    _left(
        "the environment",
        f"os.environ['MARK'] = {_MARK}\nlibc.setenv(b'MARK', b'1', 1)\n1",
        "'MARK' in __import__('os').environ",
    ),
    _left(
        "the search path",
        "sys.path.insert(0, '/tmp')\nsys.meta_path.clear()\n1",
        "'/tmp' in __import__('sys').path or not __import__('sys').meta_path",
    ),
    _left(
        "files in the working folder",
        "open('left', 'w').write('x')\n1",
        "__import__('os').listdir('.')",
    ),
    _left(
        "files for temporary things",
        "import tempfile\n"
        "open(os.path.join(tempfile.gettempdir(), 'left'), 'w').write('x')\n"
        "attempt('tmp', lambda: open('/tmp/left', 'w')); attempt('shm', lambda: open('/dev/shm/l', 'w'))\n"
        "leaks",
        "__import__('os').listdir(__import__('tempfile').gettempdir()) "
        "or __import__('os').path.exists('/tmp/left')",
    ),
    _left(
        "files among the libraries",
        """
import numpy
for folder in (os.path.dirname(os.__file__), os.path.dirname(os.path.dirname(numpy.__file__)),
               os.path.dirname(numpy.__file__), sys.prefix, sys.base_prefix, "/cache", "/program", "/box/.."):
    for name in ("left.py", "left.pth", "sitecustomize.py", "__pycache__/left.pyc"):
        attempt(folder, lambda: open(os.path.join(folder, name), "w"))
attempt("os.py", lambda: open(os.__file__, "a"))
attempt("unlink", lambda: os.unlink(os.__file__))
attempt("rename", lambda: os.rename(os.__file__, os.__file__ + "x"))
attempt("controller", lambda: open(sys.modules["controller"].__file__, "a"))
assert not leaks
1
""",
        "__import__('importlib.util').util.find_spec('left')",
        "none",
    ),
    _left(
        "the cache of fonts",
        """
import matplotlib
for folder in (matplotlib.get_cachedir(), matplotlib.get_configdir(), os.environ.get("MPLCONFIGDIR", "/")):
    attempt(folder, lambda: open(os.path.join(folder, "matplotlibrc"), "w").write("lines.linewidth: 99"))
[one for one in leaks if not one[0].startswith(os.path.dirname(os.getcwd()))]
""",
        "__import__('matplotlib').rcParams['lines.linewidth'] == 99",
    ),
    _left(
        "settings of pandas",
        "import pandas\npandas.set_option('display.max_rows', 1)\n1",
        "__import__('pandas').get_option('display.max_rows') == 1",
    ),
    _left(
        "the working folder",
        "os.chdir('/')\nos.umask(0o777)\n1",
        "__import__('os').getcwd() == '/' or __import__('os').umask(0o22) == 0o777",
    ),
    _left(
        "random numbers",
        "import random\nrandom.seed(1)\n1",
        "__import__('random').random() == 0.13436424411240122",
    ),
    _left(
        "something for later",
        """
import atexit, gc, weakref
class Later:
    def __del__(self): os.write(1, b"deleted"); time.sleep(30)
kept = Later(); kept.me = kept
atexit.register(time.sleep, 30)
gc.callbacks.append(lambda *_: time.sleep(30))
threading.Thread(target=time.sleep, args=(30,)).start()
1
""",
        "__import__('gc').callbacks or __import__('threading').active_count() > 1",
        "timeout",
    ),
    _left(
        "watchers of every line",
        "import faulthandler\n"
        "faulthandler.dump_traceback_later(0.05, repeat=True)\n"
        "sys.settrace(lambda *_: None); sys.setprofile(lambda *_: None)\n"
        "threading.settrace(lambda *_: None); sys.addaudithook(lambda *_: None)\n1",
        "__import__('sys').gettrace() or __import__('sys').getprofile()",
        "RuntimeError",
    ),
    _left(
        "hooks",
        "sys.excepthook = sys.displayhook = sys.unraisablehook = print\n"
        "sys.breakpointhook = os._exit\n1",
        "__import__('sys').excepthook is print",
    ),
    _left(
        "signals",
        "signal.signal(signal.SIGTERM, lambda *_: None)\nsignal.alarm(1)\n"
        "signal.signal(signal.SIGALRM, signal.SIG_IGN)\n1",
        "callable(__import__('signal').getsignal(15))",
    ),
    _left(
        "limits",
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))\n1",
        "__import__('resource').getrlimit(7)[0] < 64",
        "ValueError",
    ),
    # The interpreter
    ends("it leaves", "os._exit(0)", *_END),
    ends("it leaves with a code", "sys.exit(7)", *_END, "SystemExit"),
    harmless("it says goodbye", "raise SystemExit", *_END),
    ends("it aborts", "os.abort()", "crashed"),
    ends("a null pointer", "ctypes.string_at(0)", "crashed"),
    ends("it kills itself", "os.kill(os.getpid(), 9)", *_END, "out_of_memory"),
    *(
        ends(
            f"signal {number}",
            f"signal.signal({number}, 0); os.kill(os.getpid(), {number}); time.sleep(9)",
            *_END,
            "timeout",
            timeout_ms=1000,
        )
        for number in (1, 2, 6, 11, 15, 24, 25, 31)
    ),
    ends("it closes everything", "os.closerange(0, 4096)", *_END),
    ends(
        "it closes its line and stays",
        "os.close(3)\nwhile True: time.sleep(1)",
        *_END,
        "timeout",
        timeout_ms=3000,
    ),
    ends(
        "it takes its line's place",
        "a, b = socket.socketpair(); os.dup2(a.fileno(), 3)\ntime.sleep(60)",
        *_END,
        "timeout",
        timeout_ms=1000,
    ),
    harmless(
        "it shuts its line",
        "line().shutdown(socket.SHUT_RDWR)\n1",
        *_END,
        "invalid_result",
        "BrokenPipeError",
    ),
    harmless("no recursion", "sys.setrecursionlimit(60)\n1", "RecursionError", "crashed", "exit"),
    harmless(
        "no collector",
        "import gc\ngc.disable(); gc.set_threshold(0)\ngc.set_debug(gc.DEBUG_LEAK)\n1",
    ),
    harmless(
        "no modules",
        "sys.modules.clear()\n1",
        *_END,
        "KeyError",
        "ImportError",
        "RuntimeError",
        "AttributeError",
        "ModuleNotFoundError",
        "TypeError",
    ),
    harmless(
        "broken frames",
        "exec(compile('x', 'a', 'eval').replace(co_code=b'\\xff' * 100))",
        *_END,
        "SystemError",
        "NameError",
        "ValueError",
        "timeout",
        "out_of_memory",
        timeout_ms=2000,
    ),
    ends(
        "code of a million brackets",
        "eval('(' * 10**6)",
        "SyntaxError",
        "MemoryError",
        "crashed",
        "out_of_memory",
        "RecursionError",
    ),
    harmless(
        "an audit hook that refuses",
        "def no(*_): raise RuntimeError\nsys.addaudithook(no)\n1",
        *_END,
        "RuntimeError",
    ),
    harmless(
        "pickles", "import pickle\nclass E:\n    def __reduce__(self): return os._exit, (0,)\nE()"
    ),
)
