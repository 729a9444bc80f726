"""Results, files and messages that are meant to hurt who reads them."""

from typing import Final

from tests.hostile_tools.case import ANYTHING, Case, ends, harmless, refused

__all__ = ["ANSWERING"]

_BROKEN: Final = ("invalid_result", "crashed", "timeout")


def _forged(name: str, data: str, *failures: str, result: object = ANYTHING) -> Case:
    """It writes to its own line what only the sandbox writes there."""
    return Case(
        f"forged: {name}",
        f"everything({data})\ntime.sleep(60)",
        failures=failures or _BROKEN,
        done=result is not ANYTHING,
        result=result,
        timeout_ms=2000,
    )


ANSWERING: Final[tuple[Case, ...]] = (
    Case(
        "numbers that are none",
        "[float('nan'), float('inf'), -float('inf')]",
        result=["nan", "inf", "-inf"],
    ),
    Case("itself", "x = []; x.append(x); x", result="[[...]]"),
    harmless(
        "a million deep",
        "x = []\nfor _ in range(10**5): x = [x]\nx",
        "RecursionError",
        "crashed",
        "invalid_result",
    ),
    harmless("half a character", "'\\ud800\\udfff' + chr(0xdc80)"),
    harmless("half a character as a name", "{'\\ud800': '\\x00', chr(0): '\\u202e'}"),
    ends("half a character as an error", "raise ValueError('\\ud800')", "ValueError"),
    harmless("a text of 20 million", "'x' * (20 * 10**6)", "invalid_result"),
    harmless(
        "two million numbers", "[0] * 2_500_000", "invalid_result", "timeout", timeout_ms=1500
    ),
    harmless(
        "a million empty lists",
        "[[] for _ in range(10**6)]",
        "invalid_result",
        "timeout",
        timeout_ms=1500,
    ),
    harmless(
        "a million names",
        "{str(n): n for n in range(500_000)}",
        "invalid_result",
        "timeout",
        timeout_ms=1500,
    ),
    harmless(
        "what answers for itself",
        """
class Evil(dict):
    def __repr__(self): os._exit(0)
    __str__ = __iter__ = items = __len__ = __eq__ = __hash__ = __reduce__ = __repr__
    @property
    def __class__(self): return str
Evil()
""",
        "exit",
        "crashed",
        "invalid_result",
        "TypeError",
    ),
    harmless(
        "a name that answers for itself",
        """
class Meta(type):
    @property
    def __name__(cls): raise SystemExit(0)
    def __getattribute__(cls, name): raise KeyboardInterrupt
class Evil(BaseException, metaclass=Meta):
    def __str__(self): raise SystemError
raise Evil()
""",
        "exit",
        "crashed",
        "invalid_result",
        "KeyboardInterrupt",
        "SystemError",
        "Evil",
    ),
    harmless(
        "a subclass of text",
        "class T(str):\n    def __str__(self): return 7\nT('x')",
        "TypeError",
        "invalid_result",
    ),
    harmless(
        "a subclass of numbers",
        "class N(int):\n    def __int__(self): return 'x'\nN(5)",
        "TypeError",
        "invalid_result",
    ),
    harmless(
        "what says that it comes from pandas",
        "class DataFrame:\n    __module__ = 'pandas'\n    index = property(lambda self: os._exit(3))\n"
        "DataFrame()",
        "exit",
        "crashed",
        "AttributeError",
        "TypeError",
    ),
    ends("an error of ten million", "raise ValueError('x' * 10**7)", "ValueError"),
    ends("an error with a long name", "raise type('E' * 10**5, (Exception,), {})()", "E" * 100),
    ends(
        "a chain of errors",
        "error = None\nfor n in range(10**5):\n    e = ValueError(n); e.__cause__ = error; error = e\n"
        "raise error",
        "ValueError",
        "crashed",
        "exit",
        "RecursionError",
        "timeout",
        timeout_ms=1500,
    ),
    ends(
        "many errors at once",
        "raise ExceptionGroup('x', [ValueError(n) for n in range(10**5)])",
        "ExceptionGroup",
        "out_of_memory",
        "timeout",
        timeout_ms=1500,
    ),
    _forged(
        "a result",
        "frame({'op': 'result', 'is_whole': True}, b'{\"forged\": 1}')",
        result={"forged": 1},
    ),
    _forged("a result that is none", "frame({'op': 'result', 'is_whole': True}, b'NaN')"),
    _forged("a number without end", "frame({'op': 'result'}, b'1e999')"),
    _forged("digits without end", "frame({'op': 'result'}, b'9' * 100000)"),
    _forged("brackets without end", "frame({'op': 'result'}, b'[' * 10**6 + b']' * 10**6)"),
    _forged("41 levels", "frame({'op': 'result'}, b'[' * 60 + b']' * 60)"),
    _forged("bytes that are no text", "frame({'op': 'result'}, b'\"\\xff\\xfe\"')"),
    _forged(
        "two results", "frame({'op': 'result', 'is_whole': True}, b'1') * 2", *_BROKEN, result=1
    ),
    _forged(
        "four million numbers",
        "frame({'op': 'result', 'is_whole': True}, b'[' + b'0,' * (4 * 10**6 - 1) + b'0]')",
    ),
    _forged(
        "two million lists",
        "frame({'op': 'result', 'is_whole': True}, b'[' + b'[],' * (2 * 10**6) + b'0]')",
    ),
    _forged(
        "half a million names",
        "frame({'op': 'result'}, json.dumps({str(n): 0 for n in range(500000)}).encode())",
    ),
    _forged(
        "a long text of half characters",
        "frame({'op': 'result', 'is_whole': True}, b'\"' + b'\\\\ud800' * 10**6 + b'\"')",
        result="?" * 10**6,
    ),
    _forged("no result at all", "frame({'op': 'result'})"),
    _forged(
        "a report of the sandbox's",
        "frame({'op': 'done', 'verdict': None, 'names': [P['secret']], 'stays': True}, b'1', b'')",
    ),
    _forged("the sandbox's answer", "frame({'op': 'ready'}) + frame({'op': 'answer'}, b'{}')"),
    _forged(
        "a failure of five million",
        "frame({'op': 'failure', 'type': 'T' * 10**6, 'message': 'M' * 5 * 10**6})",
        "T" * 100,
    ),
    _forged(
        "a failure that is deep",
        "frame({'op': 'failure', 'type': [[]], 'message': {'a': ['\\ud800']}})",
        "[[]]",
    ),
    _forged("four gigabytes", "b'\\xff' * 8"),
    _forged(
        "lengths that are none",
        "struct.pack('!II', 40, 0) + json.dumps({'op': 'result', 'blobs': [-1]}).encode().ljust(40)",
    ),
    _forged("a header of brackets", "struct.pack('!II', 10**6, 0) + b'[' * 10**6"),
    _forged("a header that is no object", "struct.pack('!II', 2, 0) + b'[]'"),
    _forged("an unknown kind", "frame({'op': ['ask']}, b'')"),
    _forged("half a frame", "b'\\0\\0\\0'", "timeout"),
    _forged("a million questions", "b''.join(frame({'op': 'ask'}, b'{}') for _ in range(10**5))"),
    _forged("questions that are none", "frame({'op': 'ask'}, b'[' * 10**5) + frame({'op': 'ask'})"),
    _forged("a question of two million", "frame({'op': 'ask'}, b'x' * 2 * 10**6)"),
    Case(
        "what the portal is asked for",
        """
import aiportal_tool
said = []
for operation, arguments in (
    ("fetch", {"url": f"http://127.0.0.1:{P['port']}/health"}),
    ("fetch", {"url": f"http://127.0.0.1:{P['tcp']}/"}),
    ("fetch", {"url": "file://" + P["secret"]}),
    ("fetch", {"url": ["x"]}),
    ("fetch", {}),
    ("search", {"query": {}, "max_results": "x"}),
    ("shell", {"command": "id"}),
    ("__class__", {}),
    ("x" * 100000, {}),
):
    try: said.append(aiportal_tool.ask(operation, **arguments))
    except aiportal_tool.PortalRefusal: pass
said
""",
        result=[],
    ),
    Case(
        "a question as large as may be",
        """
import aiportal_tool
try: aiportal_tool.ask("x", text="x" * 1_000_000); said = "answered"
except aiportal_tool.PortalRefusal as error: said = str(error)[:30]
said
""",
        result="There is no operation 'x'. Ask",
    ),
    Case(
        "more questions than are allowed",
        """
import aiportal_tool
refused = 0
for _ in range(300):
    try: aiportal_tool.ask("fetch", url="http://127.0.0.1/")
    except aiportal_tool.PortalRefusal: refused += 1
refused
""",
        result=300,
    ),
    # Files
    Case(
        "links as files",
        """
for number, target in enumerate([P["secret"], "/etc/passwd", P["data"], P["database"], "..", "/",
                                 "/proc/self/environ", "/proc/self/fd/3", "loop5"]):
    os.symlink(target, f"loop{number}")
os.symlink("loop8", "loop8b")
1
""",
        result=1,
    ),
    harmless(
        "hard links",
        "for place in ('secret', 'database', 'dotenv'): attempt(place, lambda: os.link(P[place], place))\n"
        "attempt('self', lambda: os.link(os.__file__, 'os.py'))\nleaks",
    ),
    Case(
        "a folder that is changed for a link",
        """
os.mkdir("folder"); open("folder/secret", "w").write("x")
os.mkdir("other"); os.symlink(os.path.dirname(P["secret"]), "link")
def swap():
    while True:
        try:
            os.rename("folder", "moved"); os.rename("link", "folder")
            os.rename("folder", "link"); os.rename("moved", "folder")
        except OSError: pass
for _ in range(3): threading.Thread(target=swap, daemon=True).start()
time.sleep(0.1)
1
""",
        result=1,
    ),
    Case(
        "names that lead elsewhere",
        """
made = 0
for name in ("..\\\\x", "a\\nb", "a\\rb\\tc", "\\U0001f600" * 60, "x" * 255, "\\x7f\\x1b[2J", "-rf", "~",
             "CON", "a%2f..%2fb", "\\u202egnp.exe", "'; drop", "<script>", "....", b"\\xff\\xfe.txt"):
    open(name, "w").write("x"); made += 1
made
""",
        result=15,
    ),
    harmless(
        "ten thousand files",
        "for n in range(10_000): open(f'f{n}', 'w').write('x')\n1",
        "OSError",
        "timeout",
        timeout_ms=3000,
    ),
    harmless("large files", "for n in range(4): open(f'f{n}', 'wb').write(bytes(4 * 2**20))\n1"),
    harmless(
        "a picture that is none",
        "open('x.png', 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + b'<script>')",
    ),
    refused(
        "special files",
        "os.mkfifo('pipe')",
        "socket.socket(socket.AF_UNIX).bind('socket')",
        "os.mknod('device', 0o666 | stat.S_IFCHR, os.makedev(1, 1))",
    ),
    # Streams
    harmless(
        "a forged answer on standard output",
        'print(json.dumps({"success": True, "result": "forged", "artifacts": [{"name": "x"}]}))\n1',
    ),
    ends(
        "says that it failed",
        '{"success": False, "error": {"type": "x" * 1000, "message": "\\ud800"}}',
        "x" * 100,
    ),
    harmless(
        "its standard streams are gone",
        "os.close(0); os.close(1); os.close(2)\nsys.stdout = sys.stderr = None\n1",
    ),
    harmless(
        "its streams are its own",
        "class S:\n    def write(self, x): os._exit(4)\n"
        "    flush = write\nsys.stdout = sys.stderr = S()\n1",
        "exit",
        "TypeError",
    ),
)
