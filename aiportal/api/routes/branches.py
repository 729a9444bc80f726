"""Branches of a conversation: look at one, choose one, edit, cut off, fork."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.conversations import ConversationBody, MessageBody
from aiportal.chat import Branch, BranchMessage

__all__ = [
    "BranchChoice",
    "BranchMessageBody",
    "Fork",
    "MessageChanges",
    "MessageDeleted",
    "MessagePath",
    "path_body",
    "router",
]

router = APIRouter(tags=["conversations"], route_class=PortalRoute)
Limit = Annotated[int, Query(ge=1, le=200)]


class BranchMessageBody(MessageBody):
    """`siblings`: ids of all messages that follow the same one, this one among them, oldest first."""

    siblings: Sequence[str]


class MessagePath(BaseModel):
    """One branch, oldest first. `has_earlier`: there are messages before the first one here."""

    object: Literal["list"] = "list"
    data: list[BranchMessageBody]
    has_earlier: bool


class BranchChoice(BaseModel):
    """`through`: a message of the branch."""

    model_config = ConfigDict(extra="forbid")

    through: str


class MessageChanges(BaseModel):
    model_config = ConfigDict(extra="forbid")

    content: str


class MessageDeleted(BaseModel):
    id: str
    object: Literal["message.deleted"] = "message.deleted"
    deleted: Literal[True] = True


class Fork(BaseModel):
    """`message_id`: the last message to copy, else the end of the branch last looked at."""

    model_config = ConfigDict(extra="forbid")

    message_id: str | None = None
    title: str | None = None


@router.get("/conversations/{conversation_id}/path")
async def show_branch(
    conversation_id: str,
    portal: PortalDep,
    principal: PrincipalDep,
    leaf_id: str | None = None,
    through: str | None = None,
    limit: Limit = 50,
) -> MessagePath:
    """One branch: ending with `leaf_id`, or the newest `through` a message, or that last looked at."""
    branch = await portal.branches.show(
        principal, conversation_id, limit=limit, leaf_id=leaf_id, through=through
    )
    return path_body(branch)


@router.put("/conversations/{conversation_id}/path")
async def choose_branch(
    conversation_id: str,
    body: BranchChoice,
    portal: PortalDep,
    principal: PrincipalDep,
    limit: Limit = 50,
) -> MessagePath:
    """Go to the newest branch through a message: it is shown from now on, on every device."""
    leaf_id = await portal.branches.choose(principal, conversation_id, body.through)
    return path_body(
        await portal.branches.show(principal, conversation_id, limit=limit, leaf_id=leaf_id)
    )


@router.get("/conversations/{conversation_id}/messages/{message_id}")
async def get_message(
    conversation_id: str, message_id: str, portal: PortalDep, principal: PrincipalDep
) -> MessageBody:
    """One message."""
    message = await portal.branches.message(principal, conversation_id, message_id)
    return MessageBody.model_validate(message)


@router.patch("/conversations/{conversation_id}/messages/{message_id}")
async def edit_message(
    conversation_id: str,
    message_id: str,
    body: MessageChanges,
    portal: PortalDep,
    principal: PrincipalDep,
) -> MessageBody:
    """Change the text of a question or of an ended answer where it stands."""
    message = await portal.branches.edit(
        principal, conversation_id, message_id, content=body.content
    )
    return MessageBody.model_validate(message)


@router.delete("/conversations/{conversation_id}/messages/{message_id}")
async def delete_message(
    conversation_id: str, message_id: str, portal: PortalDep, principal: PrincipalDep
) -> MessageDeleted:
    """Delete a message and all below it, in all branches."""
    await portal.branches.delete(principal, conversation_id, message_id)
    return MessageDeleted(id=message_id)


@router.post("/conversations/{conversation_id}/fork", status_code=201)
async def fork_conversation(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep, body: Fork | None = None
) -> ConversationBody:
    """A new conversation with copies of one branch's messages."""
    fork = body or Fork()
    made = await portal.branches.fork(
        principal, conversation_id, message_id=fork.message_id, title=fork.title
    )
    return ConversationBody.model_validate(made)


def path_body(branch: Branch) -> MessagePath:
    """A branch as callers get it."""
    return MessagePath(
        data=[_branch_message(one) for one in branch.messages], has_earlier=branch.has_earlier
    )


def _branch_message(one: BranchMessage) -> BranchMessageBody:
    message = MessageBody.model_validate(one.message)
    return BranchMessageBody(**dict(message), siblings=one.siblings)
