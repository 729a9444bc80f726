"""What administrators do to MCP servers: see how they fare, add, change, remove and try one."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from aiportal.errors import ConfigError, Conflict, InvalidRequest, NotFound
from aiportal.principal import Principal
from aiportal.registry.writing import write_model
from aiportal.sandbox import sound_texts
from aiportal.tools.folders import CONFIG
from aiportal.tools.registry import ToolRegistry
from aiportal.tools.schema import ToolsFile
from aiportal.tools.servers.entry import McpServerEntry, ServerName
from aiportal.tools.servers.masking import check_variables, with_kept_values
from aiportal.tools.servers.state import ServerStatus, ServerTrial

__all__ = ["ServerAdministration"]

SERVERS = "mcpServers"
UNNAMED = "new"  # what one that is tried is called in the log
MAX_TOLD = 5  # faults in an error
MAX_CHARS = 200
_NAME: TypeAdapter[str] = TypeAdapter(ServerName)
Content = dict[str, Any]


class ServerAdministration:
    """Of `mcpServers` in the tools' config.json. writing: whoever writes into their folder holds it.

    Every method raises PermissionDenied for others than administrators, ConfigError for a file that
    cannot be read or written, or has faults elsewhere.
    """

    def __init__(self, registry: ToolRegistry, writing: asyncio.Lock) -> None:
        self._registry = registry
        self._writing = writing

    def list(self, principal: Principal) -> Sequence[ServerStatus]:
        """See `Tools.servers`."""
        self._registry.problems_for(principal)
        self._registry.servers.begin()
        return [
            self._registry.servers.status(name, entry)
            for name, entry in self._registry.config.config.mcp_servers.items()
        ]

    async def put(
        self, principal: Principal, name: str, draft: Mapping[str, Any], *, is_new: bool
    ) -> ServerStatus:
        """See `Tools.put_server`."""
        self._registry.problems_for(principal)
        _check_name(name)
        async with self._writing:
            await asyncio.to_thread(self._put, name, draft, is_new=is_new)
            await self._registry.refresh()
        self._registry.servers.begin()
        entry = self._registry.config.config.mcp_servers.get(name)
        if entry is None:
            raise Conflict(f"Somebody else has removed the MCP server {name!r} meanwhile.")
        return self._registry.servers.status(name, entry)

    async def remove(self, principal: Principal, name: str) -> None:
        """See `Tools.remove_server`."""
        self._registry.problems_for(principal)
        async with self._writing:
            await asyncio.to_thread(self._remove, name)
            await self._registry.refresh()

    async def attempt(
        self, principal: Principal, draft: Mapping[str, Any], *, name: str | None
    ) -> ServerTrial:
        """See `Tools.try_server`."""
        self._registry.problems_for(principal)
        if name is not None:
            _check_name(name)
        _, entry = await asyncio.to_thread(self._read, name, draft)
        return await self._registry.servers.attempt(name or UNNAMED, entry)

    @property
    def _path(self) -> Path:
        return self._registry.config.folder / CONFIG

    def _read(self, name: str | None, draft: Mapping[str, Any]) -> tuple[Content, McpServerEntry]:
        """The draft with the values that it keeps, and what it says."""
        servers = _servers_of(_content_of(self._path))
        before = servers.get(name or "")
        content = with_kept_values(sound_texts(draft), before)
        entry = _checked(content)
        check_variables(content, before)
        return content, entry

    def _put(self, name: str, draft: Mapping[str, Any], *, is_new: bool) -> None:
        content = _content_of(self._path)
        servers = _servers_of(content)
        if is_new and name in servers:
            words = f"There is an MCP server {name!r} already. Choose another name."
            raise Conflict(words, param="name")
        entry, _ = self._read(name, draft)
        self._write({**content, SERVERS: {**servers, name: entry}})

    def _remove(self, name: str) -> None:
        content = _content_of(self._path)
        servers = _servers_of(content)
        if name not in servers:
            raise NotFound(f"There is no MCP server {name[:MAX_CHARS]!r}.")
        del servers[name]
        self._write({**content, SERVERS: servers})

    def _write(self, content: Content) -> None:
        """If the whole file is right then: a file with faults is not in service."""
        try:
            ToolsFile.model_validate(content)
        except ValidationError as error:
            faults = "; ".join(f"`{field}`: {words}" for field, words in _faults_of(error))
            raise ConfigError(
                f"tools/config.json has faults: {faults}. See to them first."
            ) from error
        write_model(self._path, content, is_new=False)


def _content_of(path: Path) -> Content:
    """Of a file that is not there: nothing."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        words = "tools/config.json cannot be read. See the tools' problems."
        raise ConfigError(words) from error
    if not isinstance(content, dict):
        raise ConfigError("tools/config.json is no JSON object. See the tools' problems.")
    return content


def _servers_of(content: Content) -> Content:
    servers = content.get(SERVERS, {})
    if not isinstance(servers, dict):
        raise ConfigError(
            f"`{SERVERS}` in tools/config.json is no object. See the tools' problems."
        )
    return dict(servers)


def _check_name(name: str) -> None:
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        words = "letters and digits, with single `-` or `_` between them, 30 at most."
        raise InvalidRequest(f"A server's name has {words}", param="name") from error


def _checked(draft: Mapping[str, Any]) -> McpServerEntry:
    """Raises InvalidRequest with each field that is wrong, and none of the values."""
    try:
        return McpServerEntry.model_validate(draft)
    except ValidationError as error:
        faults = _faults_of(error)
        words = "; ".join(f"`{field}`: {what}" if field else what for field, what in faults)
        raise InvalidRequest(
            f"This is no MCP server yet: {words}.",
            param=faults[0][0] or None,
            code="invalid_server",
        ) from error


def _faults_of(error: ValidationError) -> Sequence[tuple[str, str]]:
    """The first of them: the field, and what is allowed there."""
    return [
        (
            ".".join(str(step) for step in found["loc"])[:MAX_CHARS],
            found["msg"].removeprefix("Value error, "),
        )
        for found in error.errors(include_url=False, include_input=False)[:MAX_TOLD]
    ]
