"""What administrators do to tools."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.routerbox import Problem
from aiportal.api.routes.tools import ToolBody
from aiportal.errors import InvalidRequest
from aiportal.tools import TEMPLATES, ToolChange, ToolSource

__all__ = [
    "SandboxBody",
    "SourceBody",
    "TemplateBody",
    "TemplateList",
    "ToolDraft",
    "ToolsChecked",
    "ToolsState",
    "WholeTool",
    "router",
]

MAX_CONTROLLER = 256 * 1024
router = APIRouter(prefix="/api/admin/tools", tags=["tools"], route_class=PortalRoute)


class ToolsState(BaseModel):
    """tools: how many there are now."""

    tools: int
    problems: list[Problem]


class ToolDraft(BaseModel):
    """config: what would stand in `config.json`; without it what is installed is told of.

    controller: the text of `controller.py`; files: others, in base64, by name.
    """

    model_config = ConfigDict(extra="forbid")

    config: dict[str, Any] | None = None
    controller: Annotated[str, Field(max_length=MAX_CONTROLLER)] | None = None
    files: Annotated[dict[str, str], Field(max_length=50)] = {}


class ToolsChecked(BaseModel):
    valid: bool
    problems: list[Problem]


class WholeTool(BaseModel):
    """config: of `config.json`; controller: the text of `controller.py`; files: others, in base64."""

    model_config = ConfigDict(extra="forbid")

    config: dict[str, Any]
    controller: Annotated[str, Field(max_length=MAX_CONTROLLER)]
    files: Annotated[dict[str, str], Field(max_length=50)] | None = None


class SourceBody(BaseModel):
    """files: names of those beside the config and the controller."""

    object: Literal["tool.source"] = "tool.source"
    config: dict[str, Any]
    controller: str
    files: list[str]


class TemplateBody(BaseModel):
    id: str
    name: str
    config: dict[str, Any]
    controller: str


class TemplateList(BaseModel):
    object: Literal["list"] = "list"
    data: list[TemplateBody]
    has_more: Literal[False] = False


class SandboxBody(BaseModel):
    """tier: null where no tool can run. reasons: why not a stronger one, and what would help."""

    object: Literal["sandbox"] = "sandbox"
    tier: str | None
    reasons: list[str]


@router.get("")
async def get_tools_state(portal: PortalDep, principal: PrincipalDep) -> ToolsState:
    """How many tools there are, and what is wrong with their files. For administrators."""
    problems = Problem.all_of(portal.tools.problems_for(principal))
    return ToolsState(tools=portal.tools.count(principal), problems=problems)


@router.post("/reload")
async def reload_tools(portal: PortalDep, principal: PrincipalDep) -> ToolsState:
    """Read the folder of tools now. For administrators."""
    tools = await portal.tools.reload(principal)
    problems = Problem.all_of(portal.tools.problems_for(principal))
    return ToolsState(tools=len(tools), problems=problems)


@router.post("/validate")
async def validate_tools(
    portal: PortalDep, principal: PrincipalDep, body: ToolDraft | None = None
) -> ToolsChecked:
    """What is wrong with a tool that is not written anywhere yet, or with those that are installed."""
    if body is None or body.config is None:
        found = Problem.all_of(portal.tools.problems_for(principal))
    else:
        files = _files(body)
        found = Problem.all_of(await portal.tools.validate(principal, body.config, files=files))
    return ToolsChecked(valid=not found, problems=found)


@router.get("/templates")
async def list_tool_templates(portal: PortalDep, principal: PrincipalDep) -> TemplateList:
    """Tools to begin with. For administrators."""
    portal.tools.problems_for(principal)
    return TemplateList(
        data=[
            TemplateBody(
                id=one.id, name=one.name, config=dict(one.config), controller=one.controller
            )
            for one in TEMPLATES
        ]
    )


@router.get("/sandbox")
async def get_sandbox(portal: PortalDep, principal: PrincipalDep) -> SandboxBody:
    """What tools run in. For administrators."""
    tier = await portal.tools.sandbox_tier(principal)
    return SandboxBody(tier=tier.name, reasons=list(tier.reasons))


@router.post("", status_code=201)
async def create_tool(body: WholeTool, portal: PortalDep, principal: PrincipalDep) -> ToolBody:
    """Write a new tool, in service at once. For administrators."""
    draft = ToolSource(body.config, body.controller, _decoded(body.files or {}))
    return ToolBody.of(await portal.tools.create(principal, draft))


@router.get("/{tool_id}/source")
async def get_tool_source(tool_id: str, portal: PortalDep, principal: PrincipalDep) -> SourceBody:
    """What the folder of a tool holds. For administrators."""
    source = await portal.tools.source(principal, tool_id)
    return SourceBody(
        config=dict(source.config), controller=source.controller, files=sorted(source.files)
    )


@router.put("/{tool_id}")
async def replace_tool(
    tool_id: str, body: WholeTool, portal: PortalDep, principal: PrincipalDep
) -> ToolBody:
    """Write a tool anew. Without `files` its other files stay. For administrators."""
    if body.files is None:
        files = (await portal.tools.source(principal, tool_id)).files
    else:
        files = _decoded(body.files)
    draft = ToolSource(body.config, body.controller, files)
    return ToolBody.of(await portal.tools.replace(principal, tool_id, draft))


@router.patch("/{tool_id}")
async def change_tool(
    tool_id: str, body: ToolChange, portal: PortalDep, principal: PrincipalDep
) -> ToolBody:
    """Switch a tool on or off, or change its limits, in its file. For administrators."""
    return ToolBody.of(await portal.tools.change(principal, tool_id, body))


def _files(draft: ToolDraft) -> dict[str, bytes] | None:
    """None: only the config is to be looked at. Raises InvalidRequest."""
    if draft.controller is None and not draft.files:
        return None
    found = _decoded(draft.files)
    if draft.controller is not None:
        found["controller.py"] = draft.controller.encode("utf-8", "surrogatepass")
    return found


def _decoded(files: Mapping[str, str]) -> dict[str, bytes]:
    """Of base64. Raises InvalidRequest."""
    try:
        return {name: base64.b64decode(text, validate=True) for name, text in files.items()}
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("What stands in `files` is not base64.", param="files") from error
