"""Conversations: stored trees of messages, each of one owner."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.chat import Conversation, ListFilter, Message, ToolUse

__all__ = [
    "ArtifactBody",
    "AttachedBody",
    "ConversationBody",
    "ConversationChanges",
    "ConversationDeleted",
    "ConversationList",
    "FailureBody",
    "FoundConversation",
    "MatchBody",
    "MessageBody",
    "MessageList",
    "NewConversation",
    "RatingBody",
    "ToolCallBody",
    "UsageBody",
    "conversation_body",
    "router",
]

router = APIRouter(tags=["conversations"], route_class=PortalRoute)


class NewConversation(BaseModel):
    """Without a title it gets one from its first question, without a model its project's default or
    else the portal's."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = None
    model: str | None = None
    system_prompt: str = ""
    parameters: dict[str, Any] = {}
    project_id: str | None = None


class ConversationChanges(BaseModel):
    """What is left out stays. `model: null` goes back to the default, `project_id: null` takes it out
    of its project. `tags`: at most 20 of at most 50 characters; they replace those before."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = None
    model: str | None = None
    system_prompt: str | None = None
    parameters: dict[str, Any] | None = None
    project_id: str | None = None
    pinned: bool | None = None
    archived: bool | None = None
    tags: list[str] | None = None


class ConversationBody(BaseModel):
    """`updated_at`: when the last question was asked."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    object: Literal["conversation"] = "conversation"
    title: str
    model: str | None
    system_prompt: str
    parameters: Mapping[str, Any]
    project_id: str | None
    pinned: Annotated[bool, Field(validation_alias="is_pinned")]
    archived: Annotated[bool, Field(validation_alias="is_archived")]
    tags: Sequence[str]
    created_at: str
    updated_at: str


class MatchBody(BaseModel):
    """Where words of a search stand: `message_id` null in the title, else in that message.

    `spans`: the words within `snippet`, as pairs of start and end in characters (code points).
    """

    model_config = ConfigDict(from_attributes=True)

    message_id: str | None
    snippet: str
    spans: Sequence[tuple[int, int]]


class FoundConversation(ConversationBody):
    """`matches`: of a search; the title first, then the newest messages, three at most."""

    matches: Sequence[MatchBody] = ()


class ConversationList(BaseModel):
    object: Literal["list"] = "list"
    data: list[FoundConversation]
    has_more: bool


class ConversationDeleted(BaseModel):
    id: str
    object: Literal["conversation.deleted"] = "conversation.deleted"
    deleted: Literal[True] = True


class UsageBody(BaseModel):
    """What an answer used, in all its model `calls`. Times in milliseconds."""

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
    calls: int
    cached_tokens: int
    reasoning_tokens: int


class FailureBody(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    message: str
    code: str | None
    type: str


class RatingBody(BaseModel):
    """What the conversation's owner thinks of an answer."""

    model_config = ConfigDict(from_attributes=True)

    object: Literal["rating"] = "rating"
    value: Literal["good", "poor"]
    comment: str
    reasons: Sequence[str]
    rated_at: str


class AttachedBody(BaseModel):
    """A file that was sent with a question. `tokens` are estimated."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    kind: Literal["image", "text"]
    media_type: str
    size: int
    tokens: int


class ArtifactBody(BaseModel):
    """`id`: GET /tool-artifacts/{id} has the file; null where it was not kept."""

    id: str | None
    name: str
    mime: str
    size_bytes: int


class ToolCallBody(BaseModel):
    """`at`: how many characters of `content` stand before it. `error`: in words, of one that failed."""

    call_id: str
    tool_id: str
    tool_name: str
    arguments: Any
    approval_id: str | None
    at: int
    status: Literal["running", "done", "failed", "cancelled", "interrupted"]
    result: Any
    error: str | None
    error_type: str | None
    duration_ms: float | None
    stdout: str | None
    stderr: str | None
    is_truncated: bool | None
    artifacts: list[ArtifactBody]


def _uses(uses: Sequence[ToolUse]) -> list[dict[str, Any]]:
    return [use.as_json() for use in uses]


class MessageBody(BaseModel):
    """`turn_id` is of an answer: to follow it or to cancel it while `status` is `running`.

    `edited_at`: when somebody changed its text, null for never.
    """

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
    edited_at: str | None
    rating: RatingBody | None
    attachments: Sequence[AttachedBody]
    tool_calls: Annotated[list[ToolCallBody], BeforeValidator(_uses)] = []


class MessageList(BaseModel):
    object: Literal["list"] = "list"
    data: list[MessageBody]
    has_more: Literal[False] = False


@router.get("/conversations")
async def list_conversations(
    portal: PortalDep,
    principal: PrincipalDep,
    q: str | None = None,
    project: str | None = None,
    folder: str | None = None,
    tag: str | None = None,
    archived: bool = False,
    pinned: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: str | None = None,
) -> ConversationList:
    """The newest first. `q`: words to find in titles and messages; `after`: an id to go on from.

    `project` (or `folder`): the id of a project. `archived`: those alone; else those that are not.
    """
    narrowed = ListFilter(
        project_id=project or folder, tag=tag, is_archived=archived, is_pinned=pinned
    )
    page = await portal.conversations.list(
        principal, q=q, narrowed=narrowed, limit=limit, after=after
    )
    found = []
    for conversation in page.data:
        body = FoundConversation.model_validate(conversation)
        matches = page.matches.get(conversation.id, ())
        body.matches = [MatchBody.model_validate(match) for match in matches]
        found.append(body)
    return ConversationList(data=found, has_more=page.has_more)


@router.post("/conversations", status_code=201)
async def create_conversation(
    portal: PortalDep, principal: PrincipalDep, body: NewConversation | None = None
) -> ConversationBody:
    """A new, empty one."""
    new = body or NewConversation()
    return conversation_body(
        await portal.conversations.create(
            principal,
            title=new.title,
            model=new.model,
            system_prompt=new.system_prompt,
            parameters=new.parameters,
            project_id=new.project_id,
        )
    )


@router.get("/conversations/{conversation_id}")
async def get_conversation(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep
) -> ConversationBody:
    """One, without its messages."""
    return conversation_body(await portal.conversations.get(principal, conversation_id))


@router.patch("/conversations/{conversation_id}")
async def change_conversation(
    conversation_id: str, body: ConversationChanges, portal: PortalDep, principal: PrincipalDep
) -> ConversationBody:
    """Change title, model, system prompt, parameters, project, tags; pin or archive it."""
    cleared = {name for name in body.model_fields_set if getattr(body, name) is None}
    return conversation_body(
        await portal.conversations.update(
            principal,
            conversation_id,
            title=body.title,
            model="" if "model" in cleared else body.model,
            system_prompt=body.system_prompt,
            parameters=body.parameters,
            is_pinned=body.pinned,
            is_archived=body.archived,
            tags=body.tags,
            project_id="" if "project_id" in cleared else body.project_id,
        )
    )


@router.delete("/conversations/{conversation_id}")
async def delete_conversation(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep
) -> ConversationDeleted:
    """Move it to the trash. `POST …/restore` brings it back for 30 days; then it is gone for good."""
    await portal.conversations.delete(principal, conversation_id)
    return ConversationDeleted(id=conversation_id)


@router.get("/conversations/{conversation_id}/messages")
async def list_messages(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep
) -> MessageList:
    """The whole tree, parents before their children."""
    messages = await portal.conversations.messages(principal, conversation_id)
    return MessageList(data=[_message(message) for message in messages])


def conversation_body(conversation: Conversation) -> ConversationBody:
    """As callers see it."""
    return ConversationBody.model_validate(conversation)


def _message(message: Message) -> MessageBody:
    return MessageBody.model_validate(message)
