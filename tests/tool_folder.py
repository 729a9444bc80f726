"""A folder of tools for tests: one that waits, one that needs approval, and the shipped calculator."""

import json
import shutil
from pathlib import Path
from typing import Any

__all__ = ["SHIPPED", "write_tools"]

SHIPPED = Path(__file__).parents[1] / "tools"
ECHO = "def run(parameters):\n    return parameters\n"
SLEEP = "import time\n\n\ndef run(parameters):\n    time.sleep(parameters['seconds'])\n    return 'awake'\n"
FILES = (
    "from pathlib import Path\n\n\n"
    "def run(parameters):\n    print('made')\n    Path('note.txt').write_text('hello')\n    return 1\n"
)


def write_tools(folder: Path) -> Path:
    """`calculator`, `asks` (echoes once a person has agreed), `sleeper`, `filer`; the folder."""
    shutil.copytree(SHIPPED / "calculator", folder / "calculator")
    _write(folder, "asks", ECHO, requiresApproval=True)
    seconds = {"type": "object", "properties": {"seconds": {"type": "number"}}}
    _write(folder, "sleeper", SLEEP, parameters=seconds)
    _write(folder, "filer", FILES)
    return folder


def _write(folder: Path, name: str, code: str, **fields: Any) -> None:
    (folder / name).mkdir()
    config = {"id": name, "name": name.title(), "description": f"The tool {name}."} | fields
    (folder / name / "config.json").write_text(json.dumps(config))
    (folder / name / "controller.py").write_text(code)
