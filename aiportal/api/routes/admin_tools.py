"""What administrators do to tools."""

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.routerbox import Problem
from aiportal.api.routes.tools import ToolBody
from aiportal.errors import InvalidRequest
from aiportal.tools import ToolChange

__all__ = ["ToolDraft", "ToolsChecked", "ToolsReloaded", "router"]

router = APIRouter(prefix="/api/admin/tools", tags=["tools"], route_class=PortalRoute)


class ToolsReloaded(BaseModel):
    """tools: how many there are now."""

    tools: int
    problems: list[Problem]


class ToolDraft(BaseModel):
    """config: what would stand in `config.json`; without it what is installed is told of.

    controller: the text of `controller.py`; files: others, in base64, by name.
    """

    model_config = ConfigDict(extra="forbid")

    config: dict[str, Any] | None = None
    controller: str | None = None
    files: Annotated[dict[str, str], Field(max_length=50)] = {}


class ToolsChecked(BaseModel):
    valid: bool
    problems: list[Problem]


@router.post("/reload")
async def reload_tools(portal: PortalDep, principal: PrincipalDep) -> ToolsReloaded:
    """Read the folder of tools now. For administrators."""
    tools = await portal.tools.reload(principal)
    problems = Problem.all_of(portal.tools.problems_for(principal))
    return ToolsReloaded(tools=len(tools), problems=problems)


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
    try:
        found = {name: base64.b64decode(text, validate=True) for name, text in draft.files.items()}
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("What stands in `files` is not base64.", param="files") from error
    if draft.controller is not None:
        found["controller.py"] = draft.controller.encode("utf-8", "surrogatepass")
    return found
