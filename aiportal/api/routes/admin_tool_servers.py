"""What administrators do to MCP servers, whose tools are offered beside the portal's own."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.timestamps import to_text
from aiportal.tools import ServerLife, ServerStatus

__all__ = ["ServerBody", "ServerDeleted", "ServerList", "ServerTried", "router"]

router = APIRouter(prefix="/api/admin/tools/servers", tags=["tools"], route_class=PortalRoute)
Draft = Annotated[dict[str, Any], Body()]


class ServerBody(BaseModel):
    """config: its entry in `mcpServers`, with null for each header and variable that is a secret.

    reason: why it is not connected. tools: how many it has offered last, asked at `asked_at`;
    problems: with those. next_try_at: when it is connected to again, null where only another config
    helps.
    """

    object: Literal["tool.server"] = "tool.server"
    name: str
    state: ServerLife
    reason: str | None
    tools: int
    problems: list[str]
    asked_at: str | None
    next_try_at: str | None
    config: dict[str, Any]

    @classmethod
    def of(cls, status: ServerStatus) -> Self:
        return cls(
            name=status.name,
            state=status.life,
            reason=status.reason or None,
            tools=status.tools,
            problems=list(status.problems),
            asked_at=_moment(status.asked_at),
            next_try_at=_moment(status.next_try_at),
            config=dict(status.entry),
        )


class ServerList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ServerBody]
    has_more: Literal[False] = False


class ServerDeleted(BaseModel):
    object: Literal["tool.server.deleted"] = "tool.server.deleted"
    deleted: Literal[True] = True
    name: str


class ServerTried(BaseModel):
    """fault: why it cannot be used, null where it can. tools: its own names of what it would offer."""

    object: Literal["tool.server.tried"] = "tool.server.tried"
    fault: str | None
    tools: list[str]
    problems: list[str]


@router.get("")
async def list_tool_servers(portal: PortalDep, principal: PrincipalDep) -> ServerList:
    """The MCP servers of `tools/config.json`, and how they fare. For administrators."""
    return ServerList(data=[ServerBody.of(one) for one in portal.tools.servers(principal)])


@router.post("/try")
async def try_tool_server(
    body: Draft,
    portal: PortalDep,
    principal: PrincipalDep,
    name: Annotated[str | None, Query(max_length=100)] = None,
) -> ServerTried:
    """Connect to an MCP server before it is saved. `name`: whose secrets stay. For administrators."""
    trial = await portal.tools.try_server(principal, body, name=name)
    return ServerTried(
        fault=trial.fault or None, tools=list(trial.tools), problems=list(trial.problems)
    )


@router.put("/{name}")
async def put_tool_server(
    name: str,
    body: Draft,
    portal: PortalDep,
    principal: PrincipalDep,
    new: Annotated[bool, Query()] = False,
) -> ServerBody:
    """Add or change an MCP server; null keeps a secret. `new`: only add. For administrators."""
    return ServerBody.of(await portal.tools.put_server(principal, name, body, is_new=new))


@router.delete("/{name}")
async def delete_tool_server(
    name: str, portal: PortalDep, principal: PrincipalDep
) -> ServerDeleted:
    """Take an MCP server and its tools away. For administrators."""
    await portal.tools.remove_server(principal, name)
    return ServerDeleted(name=name)


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else to_text(datetime.fromtimestamp(seconds, UTC))
