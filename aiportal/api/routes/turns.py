"""Turns: ask in a conversation, follow the answer from anywhere, cancel it by its id."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep, request_id_of
from aiportal.api.requests import PortalRoute
from aiportal.api.streams import EventStream
from aiportal.chat import GoingOn
from aiportal.dialects.portal_tools import PortalTools
from aiportal.dialects.sse import DONE, encode
from aiportal.errors import InvalidRequest
from aiportal.events import Event, as_json
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["MAX_EVENT_NUMBER", "NewTurn", "TurnBody", "encoded", "router", "wanted_tools"]

router = APIRouter(tags=["turns"], route_class=PortalRoute)
MAX_EVENT_NUMBER = 2**53
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "The events of the turn."}
}


class NewTurn(BaseModel):
    """`content`: the question; without it the question `parent_id` is answered once more.

    `parent_id`: the message that the question follows; left out, the end of the branch that was
    last looked at; `root`: none, a first question beside the one that is there.
    `continue_id`: instead of both, an answer that broke off and is to be written on; what comes is
    added to it, and the events are those of what comes.
    `attachments`: ids of files that go with the question, at most 20; `content` may then be empty.
    `parameters`: OpenAI's sampling fields, over the conversation's.
    `tools`: `{"enabled", "allowedTools"}`, those of the portal's that the model may call in this turn.
    `web_search`: only to say that none is wanted; this version has none.
    """

    model_config = ConfigDict(extra="forbid")

    content: str | None = None
    parent_id: str | None = None
    continue_id: str | None = None
    model: str | None = None
    parameters: dict[str, Any] = {}
    attachments: Annotated[list[str], Field(max_length=100)] = []
    web_search: Literal[False] | None = None
    tools: dict[str, Any] | None = None


class TurnBody(BaseModel):
    id: str
    object: Literal["turn"] = "turn"
    status: Literal["done", "running", "interrupted", "cancelled", "error"]


@router.post(
    "/conversations/{conversation_id}/turns", response_class=EventStream, responses=_STREAM
)
async def start_turn(
    conversation_id: str,
    body: NewTurn,
    request: Request,
    portal: PortalDep,
    principal: PrincipalDep,
) -> Response:
    """Ask; the events of the answer. Hanging up does not end the turn."""
    if body.continue_id is not None:
        return await _go_on(body, body.continue_id, conversation_id, request, portal, principal)
    started = await portal.turns.start(
        principal,
        conversation_id,
        content=body.content,
        parent_id=body.parent_id,
        model=body.model,
        parameters=body.parameters,
        attachments=body.attachments,
        source="api",
        request_id=request_id_of(request),
        tools=wanted_tools(body.tools),
    )
    return EventStream(encoded(portal.turns.follow(principal, started.turn_id)))


@router.get("/turns/{turn_id}/events", response_class=EventStream, responses=_STREAM)
async def follow_turn(
    turn_id: str,
    portal: PortalDep,
    principal: PrincipalDep,
    last_event_id: Annotated[int, Header(ge=0, le=MAX_EVENT_NUMBER)] = 0,
) -> Response:
    """The events from the start, or those after `Last-Event-ID`, also of a turn that has ended."""
    await portal.turns.status(principal, turn_id)
    events = portal.turns.follow(principal, turn_id, after=last_event_id)
    return EventStream(encoded(events))


@router.post("/turns/{turn_id}/cancel")
async def cancel_turn(turn_id: str, portal: PortalDep, principal: PrincipalDep) -> TurnBody:
    """Break the answer off; its text so far is kept. How the turn has ended."""
    return TurnBody(id=turn_id, status=await portal.turns.cancel(principal, turn_id))


def wanted_tools(value: dict[str, Any] | None) -> PortalTools | None:
    """What a body says of the portal's tools. Raises InvalidRequest."""
    return None if value is None else PortalTools.parse(value)


async def _go_on(
    body: NewTurn,
    answer_id: str,
    conversation_id: str,
    request: Request,
    portal: Portal,
    principal: Principal,
) -> Response:
    if body.content is not None or body.parent_id is not None or body.attachments:
        raise InvalidRequest(
            "`continue_id` goes on with an answer: send neither `content` nor `parent_id` nor "
            "`attachments` with it.",
            param="continue_id",
        )
    going_on = await portal.turns.go_on(
        principal,
        conversation_id,
        answer_id=answer_id,
        model=body.model,
        parameters=body.parameters,
        source="api",
        request_id=request_id_of(request),
        tools=wanted_tools(body.tools),
    )
    return EventStream(encoded(_events(portal, principal, going_on)))


async def _events(
    portal: Portal, principal: Principal, going_on: GoingOn
) -> AsyncIterator[tuple[int, Event]]:
    """`turn` with the number that a client resumes after, then what is new."""
    yield going_on.after, going_on.started
    turn_id = going_on.started.turn_id
    async for numbered in portal.turns.follow(principal, turn_id, after=going_on.after):
        yield numbered


async def encoded(events: AsyncIterator[tuple[int, Event]]) -> AsyncIterator[bytes]:
    """Numbered events as a stream that clients can go on with after an interruption."""
    async for number, event in events:
        yield encode(as_json(event), event_id=number)
    yield DONE
