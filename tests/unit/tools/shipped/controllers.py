"""The shipped tools' controllers, loaded from their folders and called without a sandbox."""

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["TOOLS", "Run", "ids", "load"]

TOOLS = Path(__file__).parents[4] / "tools"
BOX = Path(__file__).parent / "box"
Run = Callable[[dict[str, Any]], Any]


def ids() -> list[str]:
    """Of all shipped tools."""
    return sorted(file.parent.name for file in TOOLS.glob("*/config.json"))


@cache
def load(tool_id: str) -> Any:
    """The controller as a module. Its neighbours are found as they are in the sandbox: by path."""
    for folder in (BOX, TOOLS / tool_id):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    name = f"shipped_{tool_id.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, TOOLS / tool_id / "controller.py")
    if spec is None or spec.loader is None:
        raise LookupError(tool_id)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
