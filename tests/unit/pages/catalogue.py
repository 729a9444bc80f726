"""Every text that the web app looks up, found in its sources."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["texts_in_use"]

PAGES = Path(__file__).parents[3] / "pages"
MARK = re.compile("⟦([^⟦⟧]*)⟧")
IN_SCRIPT = re.compile(r"""\bt\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
ASKERS = {"say": 1, "texts": 0, "worded": 0}  # where among the arguments the first text stands


def texts_in_use() -> dict[str, str]:
    """English text to the file that asks for it: marked, by `say`, `texts`, `worded`, or a script's `t`."""
    found: dict[str, str] = {}
    for path in sorted(PAGES.rglob("*")):
        if path.suffix == ".py":
            texts = _of_python(ast.parse(path.read_text(encoding="utf-8")))
        elif path.suffix == ".js":
            texts = _of_script(path.read_text(encoding="utf-8"))
        elif path.suffix == ".html":
            texts = iter(MARK.findall(path.read_text(encoding="utf-8")))
        else:
            continue
        found |= dict.fromkeys(texts, path.name)
    for shown in ("", "…"):  # where texts.py says what a mark is
        found.pop(shown, None)
    return found


def _of_script(script: str) -> Iterator[str]:
    for double, single in IN_SCRIPT.findall(script):
        yield double or single


def _of_python(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from MARK.findall(node.value)
        elif isinstance(node, ast.Call):
            yield from _asked(node)


def _asked(call: ast.Call) -> Iterator[str]:
    """Literal texts of a call of an asker; of one with a variable, the variable's own are found."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in ASKERS:
        arguments = call.args[ASKERS[name] :]
        for argument in arguments[:1] if name == "say" else arguments:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value
