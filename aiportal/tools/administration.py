"""What administrators do to tools: look whether one is right, switch one on or off."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from aiportal.errors import ConfigError, Conflict, InvalidRequest
from aiportal.principal import Principal
from aiportal.registry import ConfigProblem
from aiportal.registry.writing import write_model
from aiportal.tools.folders import CONFIG, ToolsConfig, read_tool
from aiportal.tools.registry import ToolRegistry
from aiportal.tools.schema import Milliseconds, ToolRateEntry
from aiportal.tools.source_check import fault_in_child
from aiportal.tools.tool import Tool, ToolStatus

__all__ = ["Administration", "ToolChange"]

DRAFT = "tool"  # the folder that a draft is read from


class ToolChange(BaseModel):
    """What of a tool's file can be changed from afar; what is left out stays."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", validate_by_name=True)

    enabled: bool | None = None
    requires_approval: bool | None = None
    max_execution_time: Milliseconds | None = None
    rate_limit: ToolRateEntry | None = None
    allowed_models: Annotated[list[str], Field(max_length=1_000)] | None = None


class Administration:
    """Writes into the folder of tools. writing: whoever else writes there holds it as well."""

    def __init__(self, registry: ToolRegistry) -> None:
        self._registry = registry
        self.writing = asyncio.Lock()

    def tool_of_folder(self, principal: Principal, tool_id: str) -> Tool:
        """One whose files are here to be read and written.

        Raises PermissionDenied for others than administrators, ToolNotFound, Conflict for a tool that
        an MCP server has.
        """
        self._registry.problems_for(principal)
        tool = self._registry.status(principal, tool_id).tool
        if tool.origin is not None:
            words = f"The tool {tool_id!r} is of the MCP server {tool.origin.server!r}."
            raise Conflict(f"{words} Change `mcpServers` in tools/config.json.")
        return tool

    async def validate(
        self,
        principal: Principal,
        config: Mapping[str, Any],
        *,
        files: Mapping[str, bytes] | None,
    ) -> Sequence[ConfigProblem]:
        """See `Tools.validate`."""
        self._registry.problems_for(principal)
        return await asyncio.to_thread(_problems_of_draft, config, files, self._registry.config)

    async def change(self, principal: Principal, tool_id: str, change: ToolChange) -> ToolStatus:
        """See `Tools.change`."""
        tool = self.tool_of_folder(principal, tool_id)
        changes = change.model_dump(mode="json", by_alias=True, exclude_none=True)
        if not changes:
            raise InvalidRequest("There is nothing to change: name a field and its new value.")
        path = self._registry.config.folder / tool.folder / CONFIG
        async with self.writing:
            await asyncio.to_thread(_write, path, changes)
            await self._registry.refresh()
        return self._registry.status(principal, tool_id)


def _write(path: Path, changes: Mapping[str, Any]) -> None:
    """Into the file as it stands, so that nothing else of it changes."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            "The file of this tool cannot be read. See the tools' problems."
        ) from error
    if not isinstance(content, dict):
        raise ConfigError("The file of this tool is no JSON object. See the tools' problems.")
    write_model(path, {**content, **changes}, is_new=False)


def _problems_of_draft(
    config: Mapping[str, Any], files: Mapping[str, bytes] | None, known: ToolsConfig
) -> Sequence[ConfigProblem]:
    """Read from a folder of its own, by what reads every tool."""
    problems: list[ConfigProblem] = []
    with TemporaryDirectory(prefix="aiportal-tool-") as folder:
        root = Path(folder) / DRAFT
        root.mkdir()
        (root / CONFIG).write_text(json.dumps(config))
        given = {"controller.py": b""} if files is None else files
        for name, content in given.items():
            _lay(root, name, content)
        found = read_tool(Path(folder), DRAFT, problems, check=fault_in_child)
    profiles = known.config.profiles
    if found is not None and found.entry.profile not in (None, *profiles):
        words = "the name of one of `profiles` in config.json"
        problems.append(
            ConfigProblem(f"{DRAFT}/{CONFIG}", "profile", repr(found.entry.profile), words)
        )
    return problems


def _lay(root: Path, name: str, content: bytes) -> None:
    """Raises InvalidRequest for a name that is not one within the folder."""
    try:
        path = root / name
        is_inside = path.resolve().is_relative_to(root.resolve()) and name != CONFIG
        if is_inside:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            return
    except (OSError, ValueError) as error:
        raise _not_a_name(name) from error
    raise _not_a_name(name)


def _not_a_name(name: str) -> InvalidRequest:
    words = f"A file's name is {name[:200]!r}: a plain one within the tool's folder."
    return InvalidRequest(words, param="files")
