"""Shares: branches of conversations that other users of this portal may read."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.conversations import ConversationBody
from aiportal.chat import Share

__all__ = [
    "NewShare",
    "PassageBody",
    "ShareBody",
    "ShareDeleted",
    "ShareList",
    "SharedBranchBody",
    "router",
]

router = APIRouter(tags=["shares"], route_class=PortalRoute)


class NewShare(BaseModel):
    """`leaf_id`: the last message of the branch; left out, that of the branch last looked at.

    `expires_days`: left out, the share lasts until it is revoked.
    """

    model_config = ConfigDict(extra="forbid")

    leaf_id: str | None = None
    expires_days: Annotated[int, Field(ge=1, le=3_650, strict=True)] | None = None


class ShareBody(BaseModel):
    """`url`: the page for those who are signed in."""

    id: str
    object: Literal["share"] = "share"
    url: str
    conversation_id: str
    title: str
    created_at: str
    expires_at: str | None


class ShareList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ShareBody]
    has_more: Literal[False] = False


class ShareDeleted(BaseModel):
    id: str
    object: Literal["share.deleted"] = "share.deleted"
    deleted: Literal[True] = True


class PassageBody(BaseModel):
    """`problem`: why an answer broke off, in words. `attachments`: names of a question's files."""

    model_config = ConfigDict(from_attributes=True)

    role: Literal["user", "assistant"]
    content: str
    reasoning: str
    model: str | None
    status: Literal["done", "running", "interrupted", "cancelled", "error"]
    problem: str | None
    created_at: str
    attachments: Sequence[str]


class SharedBranchBody(BaseModel):
    """What was said when it was shared; no more is added. `shared_by`: the owner's name."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    object: Literal["shared_branch"] = "shared_branch"
    title: str
    shared_by: str
    created_at: str
    expires_at: str | None
    messages: Annotated[list[PassageBody], Field(validation_alias="passages")]


@router.post("/conversations/{conversation_id}/share", status_code=201)
async def share_conversation(
    conversation_id: str,
    request: Request,
    portal: PortalDep,
    principal: PrincipalDep,
    body: NewShare | None = None,
) -> ShareBody:
    """Let everybody who is signed in here and has the link read a branch as it is now."""
    new = body or NewShare()
    share = await portal.shares.create(
        principal, conversation_id, leaf_id=new.leaf_id, expires_days=new.expires_days
    )
    return _body(share, request)


@router.get("/conversations/{conversation_id}/shares")
async def list_shares(
    conversation_id: str, request: Request, portal: PortalDep, principal: PrincipalDep
) -> ShareList:
    """The shares of a conversation of one's own, the newest first."""
    found = await portal.shares.list(principal, conversation_id)
    return ShareList(data=[_body(share, request) for share in found])


@router.get("/shares/{share_id}")
async def read_share(share_id: str, portal: PortalDep, principal: PrincipalDep) -> SharedBranchBody:
    """What a share says; for everybody who is signed in."""
    return SharedBranchBody.model_validate(await portal.shares.read(principal, share_id))


@router.delete("/shares/{share_id}")
async def revoke_share(share_id: str, portal: PortalDep, principal: PrincipalDep) -> ShareDeleted:
    """End a share of one's own at once."""
    await portal.shares.revoke(principal, share_id)
    return ShareDeleted(id=share_id)


@router.post("/shares/{share_id}/copy", status_code=201)
async def copy_share(share_id: str, portal: PortalDep, principal: PrincipalDep) -> ConversationBody:
    """A conversation of one's own that goes on from what the share says."""
    conversation_id = await portal.shares.copy(principal, share_id)
    return ConversationBody.model_validate(
        await portal.conversations.get(principal, conversation_id)
    )


def _body(share: Share, request: Request) -> ShareBody:
    return ShareBody(
        id=share.id,
        url=f"{request.base_url}share/{share.id}",
        conversation_id=share.conversation_id,
        title=share.title,
        created_at=share.created_at,
        expires_at=share.expires_at,
    )
