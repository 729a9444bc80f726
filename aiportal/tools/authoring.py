"""Writing tools from afar: a folder is written whole beside the others, then takes its place."""

import asyncio
import ctypes
import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiportal.errors import ConfigError, Conflict, InvalidRequest
from aiportal.principal import Principal
from aiportal.registry import ConfigProblem
from aiportal.tools.administration import Administration
from aiportal.tools.folders import CONFIG, CONTROLLER, REQUIREMENTS
from aiportal.tools.registry import ToolRegistry
from aiportal.tools.tool import ToolStatus

__all__ = ["Authoring", "ToolSource"]

OWNER_FOLDER, OWNER_FILE = 0o700, 0o600
MAX_TOLD = 5  # problems in an error
_EXCHANGE: Final = 2  # RENAME_EXCHANGE of Linux
_HERE: Final = -100  # AT_FDCWD


@dataclass(frozen=True, slots=True)
class ToolSource:
    """What a tool's folder holds. controller: its text. files: all others but the config, by name."""

    config: Mapping[str, Any]
    controller: str
    files: Mapping[str, bytes] = field(repr=False)


class Authoring:
    """For administrators; every method raises PermissionDenied for others."""

    def __init__(self, registry: ToolRegistry, administration: Administration) -> None:
        self._registry = registry
        self._administration = administration

    async def source(self, principal: Principal, tool_id: str) -> ToolSource:
        """See `Tools.source`."""
        tool = self._administration.tool_of_folder(principal, tool_id)
        config = await asyncio.to_thread(_read_config, self._registry.config.folder / tool.folder)
        files = {name: data for name, data in tool.files.items() if name != CONTROLLER}
        if tool.requirements is not None:
            files[REQUIREMENTS] = tool.requirements.encode()
        return ToolSource(config, tool.files[CONTROLLER].decode("utf-8", "replace"), files)

    async def create(self, principal: Principal, draft: ToolSource) -> ToolStatus:
        """See `Tools.create`."""
        await self._check(principal, draft)
        tool_id = str(draft.config["id"])
        async with self._administration.writing:
            folder = self._registry.config.folder / tool_id
            if tool_id in self._registry.tools or await asyncio.to_thread(os.path.lexists, folder):
                words = f"There is a tool {tool_id!r} already. Choose another id."
                raise Conflict(words, param="config.id")
            await asyncio.to_thread(_put, folder, draft, is_new=True)
            await self._registry.refresh()
        return self._registry.status(principal, tool_id)

    async def replace(self, principal: Principal, tool_id: str, draft: ToolSource) -> ToolStatus:
        """See `Tools.replace`."""
        tool = self._administration.tool_of_folder(principal, tool_id)
        if draft.config.get("id") != tool.id:
            words = f"The id stays {tool.id!r}; make a new tool for another one."
            raise InvalidRequest(words, param="config.id")
        await self._check(principal, draft)
        async with self._administration.writing:
            folder = self._registry.config.folder / tool.folder
            await asyncio.to_thread(_put, folder, draft, is_new=False)
            await self._registry.refresh()
        return self._registry.status(principal, tool.id)

    async def _check(self, principal: Principal, draft: ToolSource) -> None:
        problems = await self._administration.validate(
            principal, draft.config, files=_files_of(draft)
        )
        if problems:
            words = "; ".join(_told(problems))
            raise InvalidRequest(f"This is no tool yet: {words}.", code="invalid_tool")


def _told(problems: Sequence[ConfigProblem]) -> list[str]:
    return [
        " ".join(part for part in (one.file.partition("/")[2], one.field, one.allowed) if part)
        for one in problems[:MAX_TOLD]
    ]


def _files_of(draft: ToolSource) -> dict[str, bytes]:
    controller = draft.controller.encode("utf-8", "surrogatepass")
    return {**draft.files, CONTROLLER: controller}


def _read_config(folder: Path) -> Mapping[str, Any]:
    try:
        content = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        words = "The file of this tool cannot be read. See the tools' problems."
        raise ConfigError(words) from error
    return content if isinstance(content, dict) else {}


def _put(folder: Path, draft: ToolSource, *, is_new: bool) -> None:
    """In one step for whoever reads, and on the disk before this returns.

    The names of the files have been checked by then: a draft is laid out and read before it is put
    anywhere. Folders that begin with a dot are no tools.
    """
    fresh = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        try:
            fresh.mkdir(mode=OWNER_FOLDER)
            config = json.dumps(draft.config, indent=2, ensure_ascii=False) + "\n"
            for name, content in {**_files_of(draft), CONFIG: config.encode()}.items():
                _write(fresh / name, content)
            _sync(fresh)
            if is_new:
                fresh.rename(folder)
            else:
                _exchange(fresh, folder)
            _sync(folder.parent)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except FileExistsError as error:
        raise Conflict("There is such a tool already. Choose another id.") from error
    except OSError as error:
        raise ConfigError(
            f"The folder of the tools cannot be written ({error.strerror})."
            " Ask the administrator of this portal."
        ) from error


def _exchange(fresh: Path, folder: Path) -> None:
    """Both change places at once; where the system cannot, one after the other."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is not None:
        paths = (os.fsencode(fresh), os.fsencode(folder))
        if rename(_HERE, paths[0], _HERE, paths[1], _EXCHANGE) == 0:
            return
    old = fresh.with_name(f"{fresh.name}-old")
    folder.rename(old)
    fresh.rename(folder)
    old.rename(fresh)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, OWNER_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
