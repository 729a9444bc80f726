"""Tools: which there are, running them, and agreeing to a run."""

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.tool_answer import ApprovalAsked, ExecutionBody, ToolAnswer, moment
from aiportal.errors import InvalidRequest
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.tools import Approval, ToolOutcome, ToolStatus

__all__ = [
    "ApprovalBody",
    "ApprovalDecided",
    "ApprovalList",
    "Decision",
    "ExampleBody",
    "Execution",
    "FileBody",
    "ToolBody",
    "ToolList",
    "decoded_files",
    "router",
]

router = APIRouter(prefix="/tools", tags=["tools"], route_class=PortalRoute)
MAX_LIST = 500
MAX_TIMEOUT_MS = 3_600_000


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class ExampleBody(_Body):
    name: str
    description: str
    parameters: dict[str, Any]


class ToolBody(_Body):
    """`parameters`: JSON Schema of the arguments. `missing`: what it lacks where it is not `available`.

    maxExecutionTime: milliseconds.
    """

    id: str
    object: Literal["tool"] = "tool"
    name: str
    description: str
    version: str
    enabled: bool
    available: bool
    missing: str | None
    parameters: dict[str, Any]
    examples: list[ExampleBody]
    allowed_models: list[str]
    requires_approval: bool
    max_execution_time: int
    category: str | None
    author: str | None
    tags: list[str]
    icon: str | None

    @classmethod
    def of(cls, status: ToolStatus) -> Self:
        tool = status.tool
        return cls(
            id=tool.id,
            name=tool.name,
            description=tool.description,
            version=tool.version,
            enabled=tool.is_enabled,
            available=status.is_usable,
            missing=status.missing or None,
            parameters=dict(tool.parameters),
            examples=[ExampleBody.model_validate(dict(one)) for one in tool.examples],
            allowed_models=list(tool.allowed_models),
            requires_approval=tool.needs_approval,
            max_execution_time=round(tool.limits.wall_s * 1000),
            category=tool.category,
            author=tool.author,
            tags=list(tool.tags),
            icon=tool.icon,
        )


class ToolList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ToolBody]
    has_more: bool


class FileBody(_Body):
    """A file that is laid beside the program. data: base64."""

    model_config = ConfigDict(extra="forbid")

    name: str
    data: str


class Execution(_Body):
    """timeoutMs: at most the tool's own time counts. session: a name; a further call of the same tool
    by that name goes on with what the one before has left in memory."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, Any] = {}
    timeout_ms: Annotated[int, Field(strict=True, ge=1, le=MAX_TIMEOUT_MS)] | None = None
    files: Annotated[list[FileBody], Field(max_length=100)] = []
    session: str | None = None


class ApprovalBody(_Body):
    """A call that runs when its caller agrees."""

    id: str
    object: Literal["tool.approval"] = "tool.approval"
    tool_id: str
    parameters: dict[str, Any]
    expires_at: str


class ApprovalList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ApprovalBody]
    has_more: Literal[False] = False


class Decision(BaseModel):
    """False: the call does not run."""

    model_config = ConfigDict(extra="forbid")

    approve: Annotated[bool, Field(strict=True)]


class ApprovalDecided(_Body):
    """Of a call that a model's turn waits for: its outcome is told there."""

    approval_id: str
    status: Literal["approved", "declined"]


@router.get("")
async def list_tools(
    portal: PortalDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=MAX_LIST)] = 100,
    after: str | None = None,
    all: bool = False,  # noqa: A002 - the query's name
) -> ToolList:
    """What the caller may use, by id. `all`: also what is switched off, for administrators."""
    found = await portal.tools.list(principal, limit=limit + 1, after=after, with_disabled=all)
    return ToolList(
        data=[ToolBody.of(status) for status in found[:limit]], has_more=len(found) > limit
    )


@router.get("/approvals")
async def list_tool_approvals(portal: PortalDep, principal: PrincipalDep) -> ApprovalList:
    """The caller's calls that wait for their word, the oldest first."""
    return ApprovalList(data=[_waiting(one) for one in await portal.tools.approvals(principal)])


@router.post(
    "/approvals/{approval_id}", responses={200: {"model": ExecutionBody | ApprovalDecided}}
)
async def decide_tool_approval(
    approval_id: str, body: Decision, portal: PortalDep, principal: PrincipalDep
) -> Response:
    """Agree to a call, which runs it and answers as `execute` does; or decline it. Once."""
    approval = await portal.tools.decide(principal, approval_id, approve=body.approve)
    if approval.is_awaited:
        status: Literal["approved", "declined"] = "approved" if body.approve else "declined"
        decided = ApprovalDecided(approval_id=approval.id, status=status)
        return Response(decided.model_dump_json(by_alias=True), media_type="application/json")
    return ToolAnswer(approval.outcome)


@router.get("/{tool_id}")
async def get_tool(tool_id: str, portal: PortalDep, principal: PrincipalDep) -> ToolBody:
    """One of them, with the JSON Schema of its parameters."""
    return ToolBody.of(await portal.tools.get(principal, tool_id))


@router.post(
    "/{tool_id}/execute",
    responses={200: {"model": ExecutionBody}, 202: {"model": ApprovalAsked}},
)
async def execute_tool(
    tool_id: str, body: Execution, portal: PortalDep, principal: PrincipalDep
) -> Response:
    """Run it in the sandbox. 202: it needs the caller's approval first. Hanging up ends the run."""
    return ToolAnswer(partial(_execute, portal, principal, tool_id, body))


@router.delete("/{tool_id}/sessions/{name}", status_code=204)
async def end_tool_session(
    tool_id: str, name: str, portal: PortalDep, principal: PrincipalDep
) -> None:
    """End the caller's session of this name: what it has in memory is gone, a call in it fails."""
    await portal.tools.end_session(principal, tool_id, name)


async def _execute(
    portal: Portal, principal: Principal, tool_id: str, body: Execution
) -> ToolOutcome | Approval:
    return await portal.tools.execute(
        principal,
        tool_id,
        body.parameters,
        source="api",
        timeout_ms=body.timeout_ms,
        files=await asyncio.to_thread(decoded_files, body.files) if body.files else None,
        session=body.session,
    )


def decoded_files(files: Sequence[FileBody]) -> Mapping[str, bytes]:
    """Their content by name. Raises InvalidRequest."""
    found: dict[str, bytes] = {}
    for place, file in enumerate(files):
        if file.name in found:
            raise InvalidRequest(
                "Two files have the same name. Give each a name of its own.",
                param=f"files.{place}.name",
            )
        try:
            found[file.name] = base64.b64decode(file.data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidRequest(
                "A file's `data` is not base64. Encode its bytes with padding and no line breaks.",
                param=f"files.{place}.data",
            ) from error
    return found


def _waiting(approval: Approval) -> ApprovalBody:
    return ApprovalBody(
        id=approval.id,
        tool_id=approval.tool_id,
        parameters=dict(approval.parameters),
        expires_at=moment(approval),
    )
