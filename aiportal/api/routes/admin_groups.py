"""Groups of users, for administrators."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from aiportal.accounts import Group
from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute

__all__ = ["GroupBody", "GroupChanges", "GroupDeleted", "GroupList", "NewGroup", "router"]

MAX_LIST = 100
router = APIRouter(prefix="/api/admin/groups", tags=["accounts"], route_class=PortalRoute)
Usernames = Annotated[list[str], Field(max_length=1_000)]


class NewGroup(BaseModel):
    """members: user names."""

    model_config = ConfigDict(extra="forbid")

    name: str
    members: Usernames = []


class GroupChanges(BaseModel):
    """What is left out stays. add, remove: user names."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    add: Usernames = []
    remove: Usernames = []


class GroupBody(BaseModel):
    """members: user names."""

    id: str
    object: Literal["group"] = "group"
    name: str
    members: tuple[str, ...]
    created_at: datetime

    @classmethod
    def of(cls, group: Group) -> Self:
        return cls.model_validate(group, from_attributes=True)


class GroupList(BaseModel):
    object: Literal["list"] = "list"
    data: list[GroupBody]
    has_more: bool


class GroupDeleted(BaseModel):
    id: str
    object: Literal["group.deleted"] = "group.deleted"
    deleted: Literal[True] = True


@router.get("")
async def list_groups(
    portal: PortalDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=MAX_LIST)] = 20,
    after: str | None = None,
) -> GroupList:
    """The oldest first, with their members. For administrators."""
    groups = await portal.groups.list(principal, limit=limit + 1, after=after)
    shown = [GroupBody.of(group) for group in groups[:limit]]
    return GroupList(data=shown, has_more=len(groups) > limit)


@router.post("", status_code=201)
async def create_group(body: NewGroup, portal: PortalDep, principal: PrincipalDep) -> GroupBody:
    """Make one, for `access.groups` of models and tools. For administrators."""
    group = await portal.groups.create(principal, name=body.name, members=body.members)
    return GroupBody.of(group)


@router.get("/{group_id}")
async def get_group(group_id: str, portal: PortalDep, principal: PrincipalDep) -> GroupBody:
    """One of them. For administrators."""
    return GroupBody.of(await portal.groups.get(principal, group_id))


@router.patch("/{group_id}")
async def change_group(
    group_id: str, body: GroupChanges, portal: PortalDep, principal: PrincipalDep
) -> GroupBody:
    """Rename it, add and remove members; it counts from their next call. For administrators."""
    return GroupBody.of(
        await portal.groups.change(
            principal, group_id, name=body.name, add=body.add, remove=body.remove
        )
    )


@router.delete("/{group_id}")
async def delete_group(group_id: str, portal: PortalDep, principal: PrincipalDep) -> GroupDeleted:
    """Remove it; its members stay users. For administrators."""
    await portal.groups.delete(principal, group_id)
    return GroupDeleted(id=group_id)
