"""Temporary chats: asked and answered like others, and stored nowhere."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep, request_id_of
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.conversations import ConversationBody, MessageBody, conversation_body
from aiportal.api.routes.turns import MAX_EVENT_NUMBER, encoded, wanted_tools
from aiportal.api.streams import EventStream
from aiportal.errors import InvalidRequest

__all__ = [
    "TemporaryChatBody",
    "TemporaryChatDeleted",
    "TemporaryQuestion",
    "router",
]

router = APIRouter(prefix="/temporary-chats", tags=["temporary chats"], route_class=PortalRoute)
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "The events of the answer."}
}


class TemporaryQuestion(BaseModel):
    """`content`: the question; without it the last one of `chat_id` is answered once more, in place.

    `chat_id`: the chat to go on with; without it one is made. `model`, `system_prompt`,
    `parameters`: hold from then on; what is left out stays as it is.
    `attachments`: none, they would be stored. `tools`: as in a turn, for this answer.
    `web_search`: only to say that none is wanted.
    """

    model_config = ConfigDict(extra="forbid")

    content: str | None = None
    chat_id: str | None = None
    model: str | None = None
    system_prompt: str | None = None
    parameters: dict[str, Any] | None = None
    attachments: Annotated[list[str], Field(max_length=100)] = []
    web_search: Literal[False] | None = None
    tools: dict[str, Any] | None = None


class TemporaryChatBody(BaseModel):
    """`expires_at`: when it goes if it is not used before; it goes sooner where the portal restarts."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    object: Literal["temporary_chat"] = "temporary_chat"
    model: str
    system_prompt: str
    parameters: Mapping[str, Any]
    messages: Sequence[MessageBody]
    created_at: str
    expires_at: str


class TemporaryChatDeleted(BaseModel):
    id: str
    object: Literal["temporary_chat.deleted"] = "temporary_chat.deleted"
    deleted: Literal[True] = True


@router.post("", response_class=EventStream, responses=_STREAM)
async def ask_in_temporary_chat(
    body: TemporaryQuestion, request: Request, portal: PortalDep, principal: PrincipalDep
) -> Response:
    """Ask; the events of the answer. Hanging up does not end it. Nothing of it is stored."""
    if body.attachments:
        raise InvalidRequest(
            "A temporary chat takes no files, because those are stored. Ask without them, or in a "
            "conversation.",
            param="attachments",
        )
    chats, request_id = portal.temporary_chats, request_id_of(request)
    tools = wanted_tools(body.tools)
    if body.content is not None:
        started = await chats.ask(
            principal,
            content=body.content,
            chat_id=body.chat_id,
            model=body.model,
            system_prompt=body.system_prompt,
            parameters=body.parameters,
            source="api",
            request_id=request_id,
            tools=tools,
        )
    elif body.chat_id is not None:
        _require_bare(body)
        started = await chats.again(
            principal,
            body.chat_id,
            model=body.model,
            source="api",
            request_id=request_id,
            tools=tools,
        )
    else:
        raise InvalidRequest(
            "There is neither `content` nor `chat_id`. Send a question, or the id of the chat whose "
            "last question is to be answered once more.",
            param="content",
        )
    events = chats.follow(principal, started.conversation_id, turn_id=started.turn_id)
    return EventStream(encoded(events))


@router.get("/{chat_id}")
async def get_temporary_chat(
    chat_id: str, portal: PortalDep, principal: PrincipalDep
) -> TemporaryChatBody:
    """A chat of the caller's with its messages, oldest first."""
    return TemporaryChatBody.model_validate(await portal.temporary_chats.get(principal, chat_id))


@router.get("/{chat_id}/events", response_class=EventStream, responses=_STREAM)
async def follow_temporary_chat(
    chat_id: str,
    portal: PortalDep,
    principal: PrincipalDep,
    last_event_id: Annotated[int, Header(ge=0, le=MAX_EVENT_NUMBER)] = 0,
) -> Response:
    """The last answer's events from the start, or those after `Last-Event-ID`; also after its end."""
    chat = await portal.temporary_chats.get(principal, chat_id)
    turn_id = chat.messages[-1].turn_id
    events = portal.temporary_chats.follow(principal, chat_id, turn_id=turn_id, after=last_event_id)
    return EventStream(encoded(events))


@router.post("/{chat_id}/cancel")
async def cancel_temporary_chat(
    chat_id: str, portal: PortalDep, principal: PrincipalDep
) -> TemporaryChatBody:
    """Break off the answer that is being written; its text so far stays."""
    return TemporaryChatBody.model_validate(await portal.temporary_chats.stop(principal, chat_id))


@router.post("/{chat_id}/keep", status_code=201)
async def keep_temporary_chat(
    chat_id: str, portal: PortalDep, principal: PrincipalDep
) -> ConversationBody:
    """Make a stored conversation of it; then it is no temporary chat any more."""
    conversation_id = await portal.temporary_chats.keep(principal, chat_id)
    return conversation_body(await portal.conversations.get(principal, conversation_id))


@router.delete("/{chat_id}")
async def delete_temporary_chat(
    chat_id: str, portal: PortalDep, principal: PrincipalDep
) -> TemporaryChatDeleted:
    """Let it go at once, with what is being written in it."""
    await portal.temporary_chats.delete(principal, chat_id)
    return TemporaryChatDeleted(id=chat_id)


def _require_bare(body: TemporaryQuestion) -> None:
    if body.system_prompt is not None or body.parameters is not None:
        raise InvalidRequest(
            "`system_prompt` and `parameters` are set with a question. Send `content` with them.",
            param="parameters" if body.system_prompt is None else "system_prompt",
        )
