"""Files of projects: attachments that every question in a project's conversations is sent with."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.attachments import AttachmentBody, AttachmentList

__all__ = ["NewProjectFile", "ProjectFileRemoved", "router"]

router = APIRouter(
    prefix="/projects/{project_id}/files", tags=["projects"], route_class=PortalRoute
)


class NewProjectFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    attachment_id: str


class ProjectFileRemoved(BaseModel):
    id: str
    object: Literal["project.file.removed"] = "project.file.removed"
    removed: Literal[True] = True


@router.get("")
async def list_project_files(
    project_id: str, portal: PortalDep, principal: PrincipalDep
) -> AttachmentList:
    """All of them, 20 at most, in the order in which models are sent them."""
    found = await portal.project_files.list(principal, project_id)
    return AttachmentList(
        data=[AttachmentBody.model_validate(one) for one in found], has_more=False
    )


@router.post("", status_code=201)
async def add_project_file(
    project_id: str, body: NewProjectFile, portal: PortalDep, principal: PrincipalDep
) -> AttachmentBody:
    """Let an attachment stand before each conversation of the project; once, however often asked."""
    added = await portal.project_files.add(principal, project_id, body.attachment_id)
    return AttachmentBody.model_validate(added)


@router.delete("/{attachment_id}")
async def remove_project_file(
    project_id: str, attachment_id: str, portal: PortalDep, principal: PrincipalDep
) -> ProjectFileRemoved:
    """Take one out. It goes for good soon afterwards, unless a question holds it."""
    await portal.project_files.remove(principal, project_id, attachment_id)
    return ProjectFileRemoved(id=attachment_id)
