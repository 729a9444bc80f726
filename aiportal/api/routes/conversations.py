"""Conversations: stored trees of messages, each of one owner."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.chat import Conversation, Message

__all__ = [
    "ConversationBody",
    "ConversationChanges",
    "ConversationDeleted",
    "ConversationList",
    "FailureBody",
    "MessageBody",
    "MessageList",
    "NewConversation",
    "UsageBody",
    "router",
]

router = APIRouter(tags=["conversations"], route_class=PortalRoute)


class NewConversation(BaseModel):
    """Without a title it gets one from its first question, without a model the portal's default."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = None
    model: str | None = None
    system_prompt: str = ""
    parameters: dict[str, Any] = {}


class ConversationChanges(BaseModel):
    """What is left out stays. `model: null` goes back to the portal's default."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = None
    model: str | None = None
    system_prompt: str | None = None
    parameters: dict[str, Any] | None = None


class ConversationBody(BaseModel):
    """`updated_at`: when the last question was asked."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    object: Literal["conversation"] = "conversation"
    title: str
    model: str | None
    system_prompt: str
    parameters: Mapping[str, Any]
    created_at: str
    updated_at: str


class ConversationList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ConversationBody]
    has_more: bool


class ConversationDeleted(BaseModel):
    id: str
    object: Literal["conversation.deleted"] = "conversation.deleted"
    deleted: Literal[True] = True


class UsageBody(BaseModel):
    """What an answer used. Times in milliseconds."""

    model_config = ConfigDict(from_attributes=True)

    request_id: str
    model: str
    deployment: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    is_estimated: bool
    ttft_ms: float | None
    latency_ms: float


class FailureBody(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    message: str
    code: str | None
    type: str


class MessageBody(BaseModel):
    """`turn_id` is of an answer: to follow it or to cancel it while `status` is `running`."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    object: Literal["message"] = "message"
    conversation_id: str
    parent_id: str | None
    turn_id: str | None
    role: Literal["user", "assistant"]
    content: str
    reasoning: str
    model: str | None
    status: Literal["done", "running", "interrupted", "cancelled", "error"]
    finish_reason: str | None
    usage: UsageBody | None
    cost_usd: float | None
    error: FailureBody | None
    created_at: str


class MessageList(BaseModel):
    object: Literal["list"] = "list"
    data: list[MessageBody]
    has_more: Literal[False] = False


@router.get("/conversations")
async def list_conversations(
    portal: PortalDep,
    principal: PrincipalDep,
    q: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: str | None = None,
) -> ConversationList:
    """The newest first. `q`: words to find in titles and messages; `after`: an id to go on from."""
    page = await portal.conversations.list(principal, q=q, limit=limit, after=after)
    return ConversationList(data=[_body(found) for found in page.data], has_more=page.has_more)


@router.post("/conversations", status_code=201)
async def create_conversation(
    portal: PortalDep, principal: PrincipalDep, body: NewConversation | None = None
) -> ConversationBody:
    """A new, empty one."""
    new = body or NewConversation()
    return _body(
        await portal.conversations.create(
            principal,
            title=new.title,
            model=new.model,
            system_prompt=new.system_prompt,
            parameters=new.parameters,
        )
    )


@router.get("/conversations/{conversation_id}")
async def get_conversation(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep
) -> ConversationBody:
    """One, without its messages."""
    return _body(await portal.conversations.get(principal, conversation_id))


@router.patch("/conversations/{conversation_id}")
async def change_conversation(
    conversation_id: str, body: ConversationChanges, portal: PortalDep, principal: PrincipalDep
) -> ConversationBody:
    """Change title, model, system prompt or parameters."""
    model = "" if "model" in body.model_fields_set and body.model is None else body.model
    return _body(
        await portal.conversations.update(
            principal,
            conversation_id,
            title=body.title,
            model=model,
            system_prompt=body.system_prompt,
            parameters=body.parameters,
        )
    )


@router.delete("/conversations/{conversation_id}")
async def delete_conversation(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep
) -> ConversationDeleted:
    """Delete it with all its messages."""
    await portal.conversations.delete(principal, conversation_id)
    return ConversationDeleted(id=conversation_id)


@router.get("/conversations/{conversation_id}/messages")
async def list_messages(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep
) -> MessageList:
    """The whole tree, parents before their children."""
    messages = await portal.conversations.messages(principal, conversation_id)
    return MessageList(data=[_message(message) for message in messages])


def _body(conversation: Conversation) -> ConversationBody:
    return ConversationBody.model_validate(conversation)


def _message(message: Message) -> MessageBody:
    return MessageBody.model_validate(message)
