"""Read `tools/` from disk: each folder whole, into memory. What is wrong becomes a problem with a remedy."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from aiportal.registry import ConfigProblem
from aiportal.registry.files import read_file
from aiportal.registry.folders import folder_in_use, lay_out_folder
from aiportal.settings import Settings
from aiportal.tools.requirements import wrong_lines
from aiportal.tools.schema import ToolFile, ToolsFile
from aiportal.tools.source_check import SourceCheck, fault_of

__all__ = ["ToolFolder", "ToolsConfig", "lay_out_tools", "read_tool", "read_tools", "tools_folder"]

NAME = "tools"
CONFIG, CONTROLLER, REQUIREMENTS = "config.json", "controller.py", "requirements.txt"
MAX_TOOLS = 500
MAX_FILES = 200  # of one tool
MAX_BYTES = 4 * 1024**2  # of one tool, all files together
MAX_BYTES_IN_ALL = 256 * 1024**2
MAX_REQUIREMENTS_BYTES = 16 * 1024
MAX_WRONG_LINES = 5  # that are told of one


@dataclass(frozen=True, slots=True)
class ToolFolder:
    """A valid one. files: all but what only the portal reads, by name."""

    entry: ToolFile
    files: Mapping[str, bytes] = field(repr=False)
    requirements: str | None = None


@dataclass(frozen=True, slots=True)
class ToolsConfig:
    """The valid part of the folder, with the problems of the rest.

    tools: by name of their folder. bad: names of folders that hold no valid tool.
    is_missing: there is no such folder, which is not the same as an empty one.
    """

    folder: Path
    config: ToolsFile
    tools: Mapping[str, ToolFolder]
    problems: tuple[ConfigProblem, ...]
    bad: tuple[str, ...] = ()
    is_missing: bool = False


def tools_folder(settings: Settings) -> Path:
    """Where the tools live. Changes nothing; see `lay_out_tools`."""
    return folder_in_use(NAME, settings.tools_dir, settings.data_dir)


def lay_out_tools(settings: Settings) -> None:
    """Put the packaged tools into the data folder, to be changed there, if they are what is used."""
    lay_out_folder(NAME, settings.tools_dir, settings.data_dir)


def read_tools(folder: Path, before: ToolsConfig | None = None) -> ToolsConfig:
    """Read and check every tool. Never raises for what a file holds.

    before: as it was read last. Its config.json serves on where the one of now is bad, and its
    folders keep their ids against others that come to claim the same.
    """
    problems: list[ConfigProblem] = []
    config: ToolsFile | None = ToolsFile()
    if (folder / CONFIG).exists():  # what it says has defaults
        config = read_file(folder / CONFIG, folder, ToolsFile, problems)
    if config is None:
        problems[:] = map(_without_secret, problems)
        config = before.config if before is not None else ToolsFile()
    names = _names(folder, problems)
    found = _read_all(folder, names[:MAX_TOOLS], problems)
    tools = _without_doubles(found, before, problems)
    return ToolsConfig(
        folder=folder,
        config=config,
        tools=tools,
        problems=tuple(problems),
        bad=tuple(name for name in found if name not in tools),
        is_missing=not folder.is_dir(),
    )


def _without_secret(problem: ConfigProblem) -> ConfigProblem:
    """Without the value, where it is of a server, whose headers and environment may hold a key."""
    if not problem.field.startswith("mcpServers"):
        return problem
    return replace(problem, value="")


def read_tool(
    folder: Path, name: str, problems: list[ConfigProblem], *, check: SourceCheck = fault_of
) -> ToolFolder | None:
    """The tool in the folder of that name; None where it is not valid, with why added to `problems`."""
    before = len(problems)
    entry = read_file(folder / name / CONFIG, folder, ToolFile, problems)
    files = _read_files(folder, name, problems)
    requirements = files.pop(REQUIREMENTS, None)
    files.pop(CONFIG, None)
    problems += _wrong_with_program(name, files, check)
    text = _text(requirements)
    if requirements is not None:
        problems += _wrong_with_requirements(f"{name}/{REQUIREMENTS}", text)
    if entry is None or len(problems) > before:
        return None
    return ToolFolder(entry, files, text)


def _read_all(
    folder: Path, names: Sequence[str], problems: list[ConfigProblem]
) -> dict[str, ToolFolder | None]:
    """Each by the name of its folder, as far as there is memory for them."""
    found: dict[str, ToolFolder | None] = {}
    room = MAX_BYTES_IN_ALL
    for name in names:
        tool = read_tool(folder, name, problems)
        room -= sum(map(len, tool.files.values())) if tool is not None else 0
        if room < 0:
            words = f"all tools together have more than {MAX_BYTES_IN_ALL} bytes; make them smaller"
            problems.append(ConfigProblem(name, "", "", words))
            return found | {name: None}
        found[name] = tool
    return found


def _names(folder: Path, problems: list[ConfigProblem]) -> list[str]:
    """Of the folders in it that are not hidden."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if not entry.name.startswith((".", "_")) and entry.is_dir()
            )
    except OSError as error:
        problems.append(ConfigProblem(".", "", "", f"cannot be read ({error.strerror})"))
        return []
    if len(names) > MAX_TOOLS:
        words = f"more than {MAX_TOOLS} tools; those after {names[MAX_TOOLS - 1]} are left out"
        problems.append(ConfigProblem(".", "", "", words))
    return names


def _read_files(folder: Path, name: str, problems: list[ConfigProblem]) -> dict[str, bytes]:
    """Every file of a tool, by its name below the tool's folder."""
    files: dict[str, bytes] = {}
    room = MAX_BYTES
    for path in _paths(folder / name):
        file = path.relative_to(folder).as_posix()
        try:
            content = _read_regular(path, room)
        except OSError as error:
            problems.append(ConfigProblem(file, "", "", f"cannot be read ({error.strerror})"))
            continue
        if content is None:
            words = "not a regular file; links and devices are not taken"
            problems.append(ConfigProblem(file, "", "", words))
            continue
        room -= len(content)
        if room < 0 or len(files) == MAX_FILES:
            words = f"a tool may have {MAX_FILES} files and {MAX_BYTES} bytes; this one is too much"
            problems.append(ConfigProblem(file, "", "", words))
            break
        files[path.relative_to(folder / name).as_posix()] = content
    return files


def _paths(folder: Path) -> Iterator[Path]:
    """All that is not hidden and not what Python has compiled; links to folders as well."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(
            one for one in folders if not one.startswith(".") and one != "__pycache__"
        )
        yield from (Path(parent, one) for one in folders if Path(parent, one).is_symlink())
        yield from (Path(parent, one) for one in sorted(files) if not one.startswith("."))


def _read_regular(path: Path, room: int) -> bytes | None:
    """Its content, at most a byte more than there is room for; None for no regular file."""
    if path.is_symlink():
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return file.read(max(room, 0) + 1)


def _wrong_with_program(
    name: str, files: Mapping[str, bytes], check: SourceCheck
) -> Iterator[ConfigProblem]:
    file = f"{name}/{CONTROLLER}"
    source = files.get(CONTROLLER)
    if source is None:
        yield ConfigProblem(file, "", "", "is missing; a tool is a Python program of that name")
        return
    fault = check(source)
    if fault is not None:
        yield ConfigProblem(file, fault[0], "", fault[1])


def _wrong_with_requirements(file: str, text: str | None) -> Iterator[ConfigProblem]:
    """Never with a line's text: an address may hold a password."""
    if text is None:
        words = f"larger than {MAX_REQUIREMENTS_BYTES} bytes, or not UTF-8"
        yield ConfigProblem(file, "", "", words)
    for number, words in islice(wrong_lines(text or ""), MAX_WRONG_LINES):
        yield ConfigProblem(file, f"line {number}", "", words)


def _text(content: bytes | None) -> str | None:
    if content is None or len(content) > MAX_REQUIREMENTS_BYTES:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _without_doubles(
    found: Mapping[str, ToolFolder | None],
    before: ToolsConfig | None,
    problems: list[ConfigProblem],
) -> dict[str, ToolFolder]:
    """Each id once: for the folder that had it already, else for the first by name."""
    held = {} if before is None else {name: one.entry.id for name, one in before.tools.items()}
    good = {name: one for name, one in found.items() if one is not None}
    owners: dict[str, str] = {}
    for name in sorted(good, key=lambda name: (held.get(name) != good[name].entry.id, name)):
        tool_id = good[name].entry.id
        owner = owners.setdefault(tool_id, name)
        if owner != name:
            words = f"already the id of {owner}/{CONFIG}; choose another"
            problems.append(ConfigProblem(f"{name}/{CONFIG}", "id", repr(tool_id), words))
    return {name: one for name, one in good.items() if owners[one.entry.id] == name}
