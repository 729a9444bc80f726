"""The house rules of CONTRIBUTING.md, held over the whole source. There is no list of exceptions."""

import ast
import inspect
import re
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import get_type_hints

from aiportal.portal import Portal

ROOT = Path(__file__).parents[1]
MAX_MODULE_LINES = 500
MAX_MEDIAN_LINES = 150
MAX_FUNCTION_LINES = 60
MAX_COMMAND_LINES = 20
MAX_NESTING = 4
MAX_BROAD_SHARE = 0.10

DOORS = ("api", "cli", "notebook")
WEB_FRAMEWORKS = {"fastapi", "gradio", "starlette", "uvicorn"}
# Gradio reads its settings from the environment and nowhere else, when it is imported.
MAY_WRITE_ENVIRONMENT = {"aiportal/settings.py", "pages/__init__.py"}
# Parts that other parts use on behalf of a caller whom those have checked; no door calls them.
BELOW_THE_CALLER = {"database", "fetcher", "local", "router", "sandbox"}
# Methods of the other parts that are given a credential, or that there is no caller for yet.
MAKE_A_PRINCIPAL = {
    "credentials.authenticate",
    "credentials.sign_in",
    "keys.look_up",
    "ledger.record",  # the entry names who is charged
    "links.redeem",
    "registry.load",
    "sessions.create",  # after sign_in
    "sessions.end",
    "sessions.look_up",
    "tokens.issue",  # after sign_in
    "tokens.look_up",
    "tokens.refresh",
    "tokens.revoke",
    "tokens.revoke_access",
    "users.ensure_admin",
    "users.operator",
}
BLOCKS = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.Match,
)
SLEEPS = {"time.sleep", "asyncio.sleep"}
BROAD = {"Exception", "BaseException"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def sources() -> tuple[Path, ...]:
    """Every module that ships."""
    folders = ("aiportal", "pages", "tools")
    found = [*(path for one in folders for path in ROOT.glob(f"{one}/**/*.py")), ROOT / "app.py"]
    return tuple(sorted(path for path in found if path.exists()))


@cache
def sources_of_tests() -> tuple[Path, ...]:
    return tuple(sorted(ROOT.glob("tests/**/*.py")))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, FUNCTIONS))


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def violations(check: Callable[[Path], Iterator[str]], paths: tuple[Path, ...]) -> list[str]:
    """`file: what` for everything that a check finds."""
    return [f"{name(path)}: {found}" for path in paths for found in check(path)]


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a module imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


# Sizes


def test_no_module_is_longer_than_the_limit() -> None:
    def too_long(path: Path) -> Iterator[str]:
        if (lines := len(path.read_text().splitlines())) > MAX_MODULE_LINES:
            yield f"{lines} lines"

    assert violations(too_long, sources() + sources_of_tests()) == []


def test_half_of_the_modules_are_short() -> None:
    lines = [len(path.read_text().splitlines()) for path in sources() if path.stat().st_size]
    assert statistics.median(lines) <= MAX_MEDIAN_LINES


def test_no_function_is_longer_than_the_limit() -> None:
    def too_long(path: Path) -> Iterator[str]:
        for function in functions(path):
            if (lines := lines_of(function)) > MAX_FUNCTION_LINES:
                yield f"{function.name} has {lines} lines"

    assert violations(too_long, sources() + sources_of_tests()) == []


def test_no_command_is_longer_than_the_limit() -> None:
    def too_long(path: Path) -> Iterator[str]:
        for function in functions(path):
            decorators = " ".join(map(ast.unparse, function.decorator_list))
            if ".command" in decorators and lines_of(function) > MAX_COMMAND_LINES:
                yield f"{function.name} has {lines_of(function)} lines"

    assert violations(too_long, sources()) == []


def test_no_code_is_nested_deeper_than_the_limit() -> None:
    def depth(node: ast.AST, above: int) -> int:
        here = above + isinstance(node, BLOCKS)
        return max([here, *(depth(child, here) for child in _inner(node))])

    def _inner(node: ast.AST) -> Iterator[ast.AST]:
        """The blocks within; an `elif` stands on the level of its `if`."""
        chained = node.orelse[:1] if isinstance(node, ast.If) and len(node.orelse) == 1 else []
        for child in ast.iter_child_nodes(node):
            if child in chained and isinstance(child, ast.If):
                yield from ast.iter_child_nodes(child)
            elif not isinstance(child, FUNCTIONS):
                yield child

    def too_deep(path: Path) -> Iterator[str]:
        for function in functions(path):
            if (deepest := depth(function, 0)) > MAX_NESTING:
                yield f"{function.name} nests {deepest} deep"

    assert violations(too_deep, sources()) == []


# Errors


def test_few_handlers_catch_everything() -> None:
    handlers = [
        node
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
    ]
    broad = [one for one in handlers if catches_everything(one)]
    assert len(broad) <= MAX_BROAD_SHARE * len(handlers), f"{len(broad)} of {len(handlers)}"


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """True unless it names what it catches, or only tidies up and lets it pass on."""
    passes_on = isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None
    is_broad = handler.type is None or ast.unparse(handler.type) in BROAD
    return is_broad and not passes_on


def test_nothing_is_validated_by_assert() -> None:
    def asserts(path: Path) -> Iterator[str]:
        return (
            f"line {node.lineno}" for node in ast.walk(tree(path)) if isinstance(node, ast.Assert)
        )

    assert violations(asserts, sources()) == []


# The import rule, beside import-linter's contracts


def test_the_core_knows_no_web_framework() -> None:
    def framework_imports(path: Path) -> Iterator[str]:
        for line, module in imported(path):
            if module.split(".")[0] in WEB_FRAMEWORKS:
                yield f"line {line} imports {module}"

    core = tuple(path for path in sources() if _is_core(path))
    assert violations(framework_imports, core) == []


def _is_core(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[0] == "aiportal" and parts[1] not in (*DOORS, "__init__.py", "__main__.py")


def test_no_door_raises_an_error_of_its_framework() -> None:
    found = [name(path) for path in sources() if "HTTPException(" in path.read_text()]
    assert found == []


# The environment


def test_the_environment_is_read_in_one_module() -> None:
    def reads(path: Path) -> Iterator[str]:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute | ast.Name):
                text = ast.unparse(node)
                if text in {"os.environ", "os.getenv", "environ", "getenv", "os.putenv"}:
                    yield f"line {node.lineno} uses {text}"

    elsewhere = tuple(path for path in sources() if name(path) not in MAY_WRITE_ENVIRONMENT)
    assert violations(reads, elsewhere) == []


# What a module offers


def test_every_public_module_lists_exactly_its_public_names() -> None:
    def mismatch(path: Path) -> Iterator[str]:
        listed, defined = listed_names(path), defined_names(path)
        if listed is None and defined:
            yield "has no __all__"
        elif listed is not None and path.name != "__init__.py":
            yield from (f"__all__ lacks {one}" for one in sorted(defined - listed))
            unknown = listed - top_level_names(path)
            yield from (f"__all__ names {one}, which is not there" for one in sorted(unknown))

    assert violations(mismatch, sources()) == []


def listed_names(path: Path) -> set[str] | None:
    """What stands in `__all__`, None without one."""
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return None


def defined_names(path: Path) -> set[str]:
    """Public functions and classes that a module defines."""
    body = tree(path).body
    nodes = [node for node in body if isinstance(node, (*FUNCTIONS, ast.ClassDef))]
    return {node.name for node in nodes if not node.name.startswith("_") and not is_handler(node)}


def is_handler(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """A route or a command: its decorator has put it into a table, nobody imports it."""
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    return any(one.startswith("router.") or ".command" in one for one in decorators)


def top_level_names(path: Path) -> set[str]:
    """Everything that a module's `from … import` would find."""
    found: set[str] = set()
    for node in tree(path).body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found |= {(alias.asname or alias.name) for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.AnnAssign):
            found.add(ast.unparse(node.target))
    return found | set(lazy_names(path))


def lazy_names(path: Path) -> Iterator[str]:
    """Names of a module that has `__getattr__`: those under `if TYPE_CHECKING:`."""
    for node in tree(path).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            imports = [one for one in node.body if isinstance(one, ast.ImportFrom)]
            yield from (alias.asname or alias.name for one in imports for alias in one.names)


def test_every_public_function_says_what_it_does() -> None:
    def silent(path: Path) -> Iterator[str]:
        for node in tree(path).body:
            if not isinstance(node, FUNCTIONS) or node.name not in (listed_names(path) or ()):
                continue
            if ast.get_docstring(node) is None:
                yield node.name

    assert violations(silent, sources()) == []


# Habits


def test_there_is_no_debris() -> None:
    words = re.compile(r"\b(?:TODO|FIXME|HACK|XXX)\b")

    def debris(path: Path) -> Iterator[str]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if words.search(line) and path != Path(__file__):
                yield f"line {number}: {line.strip()}"
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
                yield f"line {node.lineno} prints"

    assert violations(debris, sources() + sources_of_tests()) == []


def test_a_type_error_is_only_ignored_by_name_and_with_a_reason() -> None:
    ignored = re.compile(r"#\s*type:\s*ignore(?!\[[\w,-]+\]\s+#\s*\S)")

    def unexplained(path: Path) -> Iterator[str]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if ignored.search(line) and path != Path(__file__):
                yield f"line {number}"

    assert violations(unexplained, sources() + sources_of_tests()) == []


def test_tests_mock_nothing() -> None:
    def mocks(path: Path) -> Iterator[str]:
        for line, module in imported(path):
            if module.startswith(("unittest.mock", "mock", "pytest_mock")):
                yield f"line {line} imports {module}"
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "monkeypatch.setattr":
                yield from replaced(node)

    assert violations(mocks, sources_of_tests()) == []


def replaced(call: ast.Call) -> Iterator[str]:
    """What a patch replaces, unless it is a bound, a constant in capitals, that is made smaller."""
    attribute = ast.literal_eval(call.args[1]) if isinstance(call.args[1], ast.Constant) else ""
    if not attribute.isupper():
        yield f"line {call.lineno} replaces an attribute"


def test_tests_wait_for_something() -> None:
    def sleeps(path: Path) -> Iterator[str]:
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in SLEEPS:
                continue
            is_constant = isinstance(node.args[0], ast.Constant) and node.args[0].value
            if is_constant or ast.unparse(node.func) == "time.sleep":
                yield f"line {node.lineno} sleeps for luck"

    own = tuple(path for path in sources_of_tests() if path.name.startswith("test_"))
    assert violations(sleeps, own) == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in sources_of_tests()}
    assert [name(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


# What must not be in the repository


def tracked() -> Iterator[tuple[str, str]]:
    """Name and text of every file that could be committed and is text."""
    git = shutil.which("git") or "git"
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for file in filter(None, listed.split("\0")):
        with suppress(UnicodeDecodeError, FileNotFoundError):
            yield file, (ROOT / file).read_text()


def test_locks_hold_names_versions_and_hashes_but_no_address() -> None:
    locks = [(file, text) for file, text in tracked() if file.endswith(".lock")]
    assert locks
    assert [file for file, text in locks if "://" in text or "index-url" in text] == []


def test_no_path_of_a_machine_is_written_down() -> None:
    here = re.compile(rf"{re.escape(str(ROOT))}/|(?<![\w.])/(?:root|home/\w+|Users/\w+)/")
    allowed = {"tests/test_project.py"}
    found = [(file, match[0]) for file, text in tracked() for match in here.finditer(text)]
    assert [one for one in found if one[0] not in allowed] == []


# The parts of the core


def test_every_method_of_a_part_is_told_who_is_calling() -> None:
    nameless = {
        f"{part}.{name}"
        for part, kind in get_type_hints(Portal).items()
        if part not in BELOW_THE_CALLER
        for name, method in inspect.getmembers(kind, is_asynchronous)
        if not name.startswith("_")
        if list(inspect.signature(method).parameters)[1:2] != ["principal"]
    }
    assert nameless <= MAKE_A_PRINCIPAL, nameless - MAKE_A_PRINCIPAL


def is_asynchronous(member: object) -> bool:
    """A coroutine function, an asynchronous generator, or what gives an asynchronous context."""
    function = inspect.unwrap(member) if callable(member) else member
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
