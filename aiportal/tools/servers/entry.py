"""`mcpServers` of `tools/config.json`: the shape that other programs use, and who may use its tools."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from aiportal.registry.schema import AccessEntry
from aiportal.tools.rate_entry import ToolRateEntry

__all__ = ["McpServerEntry", "ServerName", "variable_of"]

ServerName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*$", max_length=30)
]
ModelPattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/@*-]{1,100}$")]
ToolPattern = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Word = Annotated[str, StringConstraints(max_length=4_000, pattern=r"^[^\x00]*$")]
FolderName = Annotated[str, StringConstraints(max_length=1_000, pattern=r"^/[^\x00]+$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]
OWN_VARIABLES = "AIPORTAL_"
_BY_NAME = re.compile(r"((?:[A-Za-z]+ )?)env:([A-Za-z_][A-Za-z0-9_]*)")


class McpServerEntry(BaseModel):
    """One server: `url` (with `headers`), or `command` (with `args` and `env`).

    A value `env:NAME` is the portal's variable of that name; a word may stand before it, as in
    `Bearer env:NAME`. allowed_tools: patterns of the server's own names. timeout: milliseconds of a
    call. folders: that a command may read beside the system's. network: whether a command may open
    connections, to whatever this machine reaches.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    type: Literal["http", "streamable-http", "streamableHttp", "stdio"] | None = None
    url: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    headers: Annotated[dict[HeaderName, Word], Field(max_length=50)] = {}
    command: Annotated[str, StringConstraints(min_length=1, max_length=1_000)] | None = None
    args: Annotated[tuple[Word, ...], Field(max_length=200)] = ()
    env: Annotated[dict[Variable, Word], Field(max_length=100)] = {}
    folders: Annotated[tuple[FolderName, ...], Field(max_length=50)] = ()
    network: bool = False
    enabled: bool = True
    allowed_tools: Annotated[tuple[ToolPattern, ...], Field(max_length=500)] = ("*",)
    allowed_models: Annotated[tuple[ModelPattern, ...], Field(max_length=1_000)] = ("*",)
    requires_approval: bool = False
    access: AccessEntry | None = None
    rate_limit: ToolRateEntry = ToolRateEntry()
    timeout: Annotated[int, Field(ge=100, le=300_000)] = 60_000

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if (self.url is None) == (self.command is None):
            raise ValueError("has either `url` or `command`")
        if self.url is None and self.headers:
            raise ValueError("`headers` belong to a server with a `url`")
        if self.command is None and (self.args or self.env or self.folders or self.network):
            raise ValueError(
                "`args`, `env`, `folders` and `network` belong to a server with a `command`"
            )
        if self.type is not None and (self.type == "stdio") != (self.url is None):
            raise ValueError("`type` does not fit: `stdio` has a `command`, `http` a `url`")
        return self

    @model_validator(mode="after")
    def _check_variables(self) -> Self:
        for value in (*self.headers.values(), *self.env.values()):
            named = variable_of(value)
            if named is not None and named[1].upper().startswith(OWN_VARIABLES):
                raise ValueError(
                    f"`env:{named[1]}` is a setting of the portal itself, which no server may see. "
                    "Put the secret into a variable of another name."
                )
        return self


def variable_of(value: str) -> tuple[str, str] | None:
    """What stands before a variable, and its name; None for a value that is meant as it stands."""
    found = _BY_NAME.fullmatch(value)
    return None if found is None else (found[1], found[2])
