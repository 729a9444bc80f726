"""Many conversations at once, and the way back from the trash."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.conversations import ConversationBody, conversation_body
from aiportal.chat import BulkAction, BulkChange

__all__ = ["BulkBody", "BulkDone", "router"]

router = APIRouter(tags=["conversations"], route_class=PortalRoute)


class BulkBody(BaseModel):
    """`ids`: 1 to 1,000. `project_id`: where `move` puts them, null for no project. `tags`: what
    `tag` adds and `untag` takes away."""

    model_config = ConfigDict(extra="forbid")

    ids: list[str]
    action: BulkAction
    project_id: str | None = None
    tags: list[str] = []


class BulkDone(BaseModel):
    """`ids`: those that were changed, each once."""

    object: Literal["conversation.bulk"] = "conversation.bulk"
    action: BulkAction
    ids: list[str]


@router.post("/conversations/bulk")
async def change_conversations(
    body: BulkBody, portal: PortalDep, principal: PrincipalDep
) -> BulkDone:
    """The same change of many conversations: of all of them or, with an error, of none."""
    change = BulkChange(body.action, project_id=body.project_id, tags=body.tags)
    done = await portal.conversations.change_all(principal, body.ids, change)
    return BulkDone(action=body.action, ids=list(done))


@router.post("/conversations/{conversation_id}/restore")
async def restore_conversation(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep
) -> ConversationBody:
    """Bring it back out of the trash, within 30 days after it was deleted."""
    return conversation_body(await portal.trash.restore(principal, conversation_id))
