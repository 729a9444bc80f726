"""The files of `tools/`, as pydantic models: `config.json` for all, and one in each tool's folder."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from aiportal.registry.schema import AccessEntry
from aiportal.tools.hosts import HostPattern
from aiportal.tools.parameter_schema import checked_schema
from aiportal.tools.rate_entry import ToolRateEntry
from aiportal.tools.servers.entry import McpServerEntry, ServerName

__all__ = [
    "TOOL_ID",
    "ExampleEntry",
    "ProfileEntry",
    "SecretEntry",
    "SecurityEntry",
    "ToolFile",
    "ToolRateEntry",
    "ToolsFile",
]

TOOL_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
ToolId = Annotated[str, StringConstraints(pattern=f"^{TOOL_ID}$", max_length=64)]
RESERVED_IDS = frozenset({"approvals"})  # the second word of a route
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Description = Annotated[str, StringConstraints(max_length=4_000)]
ProfileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
ModuleName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,99}$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")]
ModelPattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/@*-]{1,100}$")]
Requirement = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Milliseconds = Annotated[int, Field(ge=1, le=600_000)]
Seconds = Annotated[float, Field(gt=0, le=600)]
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([KMG])i?B", re.IGNORECASE)
_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}
MIN_MEMORY, MAX_MEMORY = 16 * 1024**2, 16 * 1024**3
MAX_DISK = 4 * 1024**3


def _bytes(value: object) -> object:
    """Of `256MB`, `1.5 GB`; a number is bytes already."""
    if not isinstance(value, str):
        return value
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        raise ValueError("a size such as 256MB or 1.5GB, or a number of bytes")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def _free_id(tool_id: str) -> str:
    if tool_id in RESERVED_IDS:
        raise ValueError("a word of the portal's own; choose another id")
    return tool_id


Memory = Annotated[int, BeforeValidator(_bytes), Field(ge=MIN_MEMORY, le=MAX_MEMORY)]
Disk = Annotated[int, BeforeValidator(_bytes), Field(ge=0, le=MAX_DISK)]
ParameterSchema = Annotated[dict[str, Any], AfterValidator(checked_schema)]


class _File(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class SecretEntry(_File):
    """Where the portal puts the value of an environment variable when it fetches for the tool.

    prefix: before the value, such as `Bearer `. hosts: that may see it, else all of the tool's.
    required: the tool cannot be used without it.
    """

    query: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")] | None = None
    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")] | None = None
    prefix: Annotated[str, StringConstraints(pattern=r"^[ -~]{0,40}$")] = ""
    hosts: tuple[HostPattern, ...] = ()
    required: bool = True

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if (self.query is None) == (self.header is None):
            raise ValueError(
                "has either `query` or `header`, the name that the value is sent under"
            )
        return self


class SecurityEntry(_File):
    """What the sandbox enforces.

    sandbox: nothing runs without one. allow_file_system: taken for the guide's sake; a call always
    has a folder of its own that vanishes with it, and never anything else. hosts: what may be
    fetched through the portal; `*` is any public host, and what `allow_network_access` alone means.
    time_limit: seconds.
    """

    sandbox: Literal[True] = True
    allow_network_access: bool = False
    hosts: Annotated[tuple[HostPattern, ...], Field(max_length=200)] = ()
    secrets: Annotated[dict[VariableName, SecretEntry], Field(max_length=20)] = {}
    allow_file_system: bool = False
    memory_limit: Memory = 512 * 1024**2
    disk_limit: Disk = 64 * 1024**2
    time_limit: Seconds | None = None

    @model_validator(mode="after")
    def _check_network(self) -> Self:
        if (self.hosts or self.secrets) and not self.allow_network_access:
            raise ValueError("`hosts` and `secrets` need `allowNetworkAccess`: true")
        if any(not entry.hosts for entry in self.secrets.values()) and "*" in self.reach:
            raise ValueError("a secret for any host: name the `hosts` that may see it")
        return self

    @property
    def reach(self) -> tuple[str, ...]:
        """The hosts that may be fetched from."""
        if not self.allow_network_access:
            return ()
        return self.hosts or ("*",)


class ExampleEntry(_File):
    """Arguments to try."""

    name: Name = "Example"
    description: Description = ""
    parameters: dict[str, Any] = {}


class ProfileEntry(_File):
    """What a warm worker has imported before a call is made in it."""

    preload: Annotated[tuple[ModuleName, ...], Field(max_length=50)] = ()


class ToolFile(_File):
    """`config.json` in the folder of a tool. `parameters`: always a JSON Schema of an object here.

    max_execution_time: milliseconds; together with `security.timeLimit` the shorter one holds.
    dependencies: distributions that have to be there. category, author, tags, icon: for people.
    """

    id: Annotated[ToolId, AfterValidator(_free_id)]
    name: Name | None = None
    description: Description = ""
    version: Annotated[str, StringConstraints(max_length=40)] = "1.0.0"
    enabled: bool = True
    parameters: ParameterSchema = {"type": "object", "properties": {}}
    examples: Annotated[tuple[ExampleEntry, ...], Field(max_length=50)] = ()
    allowed_models: Annotated[tuple[ModelPattern, ...], Field(max_length=1_000)] = ("*",)
    allowed_roles: tuple[Literal["admin", "user"], ...] = ()
    allowed_groups: Annotated[tuple[Name, ...], Field(max_length=1_000)] = ()
    access: AccessEntry | None = None
    requires_approval: bool = False
    max_execution_time: Milliseconds | None = None
    rate_limit: ToolRateEntry = ToolRateEntry()
    security: SecurityEntry = SecurityEntry()
    dependencies: Annotated[tuple[Requirement, ...], Field(max_length=100)] = ()
    profile: ProfileName | None = None
    category: Annotated[str, StringConstraints(max_length=100)] | None = None
    author: Annotated[str, StringConstraints(max_length=200)] | None = None
    tags: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    icon: Annotated[str, StringConstraints(max_length=100)] | None = None


class ToolsFile(_File):
    """`tools/config.json`. enabled: false takes all tools away. requires_approval: of every call.

    max_execution_time: milliseconds that no tool may exceed. mcp_servers: other programs whose tools
    are offered as well, as `<name>__<tool>`.
    """

    hot_reload: bool = True
    enabled: bool = True
    requires_approval: bool = False
    max_execution_time: Milliseconds = 600_000
    profiles: Annotated[dict[ProfileName, ProfileEntry], Field(max_length=20)] = {}
    mcp_servers: Annotated[dict[ServerName, McpServerEntry], Field(max_length=50)] = {}
