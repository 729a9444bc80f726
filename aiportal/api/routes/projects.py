"""Projects: folders of conversations with instructions and a default model of their own."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.chat import Project

__all__ = [
    "NewProject",
    "ProjectBody",
    "ProjectChanges",
    "ProjectDeleted",
    "ProjectList",
    "router",
]

router = APIRouter(prefix="/projects", tags=["projects"], route_class=PortalRoute)


class NewProject(BaseModel):
    """`instructions` stand before the system prompt of each of its conversations, `model` serves
    those that name none."""

    model_config = ConfigDict(extra="forbid")

    name: str
    instructions: str = ""
    model: str | None = None


class ProjectChanges(BaseModel):
    """What is left out stays. `model: null` goes back to the portal's default."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    instructions: str | None = None
    model: str | None = None


class ProjectBody(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    object: Literal["project"] = "project"
    name: str
    instructions: str
    model: str | None
    created_at: str
    updated_at: str


class ProjectList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ProjectBody]
    has_more: bool


class ProjectDeleted(BaseModel):
    id: str
    object: Literal["project.deleted"] = "project.deleted"
    deleted: Literal[True] = True


@router.get("")
async def list_projects(
    portal: PortalDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: str | None = None,
) -> ProjectList:
    """The newest first. `after`: an id to go on from."""
    page = await portal.projects.list(principal, limit=limit, after=after)
    return ProjectList(data=[_body(project) for project in page.data], has_more=page.has_more)


@router.post("", status_code=201)
async def create_project(
    body: NewProject, portal: PortalDep, principal: PrincipalDep
) -> ProjectBody:
    """A new one; conversations are put into it by their `project_id`."""
    return _body(
        await portal.projects.create(
            principal, name=body.name, instructions=body.instructions, model=body.model
        )
    )


@router.get("/{project_id}")
async def get_project(project_id: str, portal: PortalDep, principal: PrincipalDep) -> ProjectBody:
    """One of the caller's own."""
    return _body(await portal.projects.get(principal, project_id))


@router.patch("/{project_id}")
async def change_project(
    project_id: str, body: ProjectChanges, portal: PortalDep, principal: PrincipalDep
) -> ProjectBody:
    """Change its name, instructions or model; turns that are running keep what they began with."""
    model = "" if "model" in body.model_fields_set and body.model is None else body.model
    return _body(
        await portal.projects.update(
            principal, project_id, name=body.name, instructions=body.instructions, model=model
        )
    )


@router.delete("/{project_id}")
async def delete_project(
    project_id: str, portal: PortalDep, principal: PrincipalDep
) -> ProjectDeleted:
    """Remove it. Its conversations stay, in no project."""
    await portal.projects.delete(principal, project_id)
    return ProjectDeleted(id=project_id)


def _body(project: Project) -> ProjectBody:
    return ProjectBody.model_validate(project)
