"""Tools that do what a test wants: honest ones, and ones that go wrong in each way."""

import json
from pathlib import Path
from typing import Any

__all__ = ["CITY", "write_tools"]

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city"],
    "additionalProperties": False,
}
_ECHO = "def run(parameters):\n    return parameters\n"
_FILES = """
import sys
from pathlib import Path

def run(parameters):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    Path("out.txt").write_text(Path("in.txt").read_text().upper())
    return sorted(path.name for path in Path(".").iterdir())
"""
_COUNTER = """
count = 0

def run(parameters):
    global count
    count += 1
    return count
"""
_SCRIPT = "import json, sys\nprint(json.dumps({'got': json.load(sys.stdin)}))\n"
_HANGS = "def run(parameters):\n    while True:\n        pass\n"
_RAISES = "def run(parameters):\n    return parameters['none']\n"
_REFUSES = "def run(parameters):\n    return {'success': False, 'error': 'there is no data'}\n"
_GUIDES = """
import json, sys

print(json.dumps({"success": False, "error": "Unsupported data type: x"}))
sys.exit(1)
"""
_ASKS = "from aiportal_tool import ask\n\ndef run(parameters):\n    return ask(**parameters)\n"

_PLOT = """
import base64, time
from pathlib import Path

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPhfDwAChAGA60e6kgAAAABJRU5ErkJggg=="

def run(parameters):
    Path("plot.png").write_bytes(base64.b64decode(PIXEL))
    Path("table.csv").write_text("a,b\\n1,2\\n")
    Path("raw.bin").write_bytes(bytes(range(256)))
    print("drawn")
    return [1, 2]
"""

_TOOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "echo": (_ECHO, {"parameters": CITY, "examples": [{"parameters": {"city": "Rome"}}]}),
    "changed": (_ECHO, {}),
    "asks-first": (_ECHO, {"requiresApproval": True}),
    "switched-off": (_ECHO, {"enabled": False}),
    "for-admins": (_ECHO, {"allowedRoles": ["admin"]}),
    "needs-key": (
        _ECHO,
        {
            "security": {
                "allowNetworkAccess": True,
                "hosts": ["example.org"],
                "secrets": {"NO_SUCH_APP_ID": {"query": "appid"}},
            }
        },
    ),
    "limited": (_ECHO, {"rateLimit": {"rpm": 1}}),
    "files": (_FILES, {}),
    "counter": (_COUNTER, {}),
    "script": (_SCRIPT, {"parameters": {"a": {"type": "number"}}}),
    "rubbish": ("print('rubbish')\n", {}),
    "silent": ("pass\n", {}),
    "exits": ("import sys\nprint('bye', file=sys.stderr)\nsys.exit(3)\n", {}),
    "hangs": (_HANGS, {"maxExecutionTime": 30_000}),
    "plot": (_PLOT, {}),
    "raises": (_RAISES, {}),
    "refuses": (_REFUSES, {}),
    "guides-failure": (_GUIDES, {}),
    "asks-portal": (_ASKS, {"parameters": {"type": "object"}}),
}


def write_tools(folder: Path) -> Path:
    """All of them below `folder`, which is returned."""
    for tool_id, (controller, fields) in _TOOLS.items():
        path = folder / tool_id
        path.mkdir(parents=True)
        content = {"id": tool_id, "description": f"The tool {tool_id}.", **fields}
        content.setdefault("parameters", {"type": "object"})
        (path / "config.json").write_text(json.dumps(content))
        (path / "controller.py").write_text(controller)
    return folder
