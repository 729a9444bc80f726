"""Comparisons: several models answer one question at once; one answer is gone on with."""

from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.branches import MessagePath, path_body
from aiportal.api.routes.turns import TurnBody, wanted_tools
from aiportal.api.streams import EventStream
from aiportal.dialects.sse import DONE, encode
from aiportal.events import Event, as_json

__all__ = ["AnswerChoice", "CancelledTurns", "NewComparison", "router"]

router = APIRouter(tags=["turns"], route_class=PortalRoute)
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "The events of all turns."}
}


class NewComparison(BaseModel):
    """`models`: 2 to 4 different ones, each of which answers. The other fields are those of a turn."""

    model_config = ConfigDict(extra="forbid")

    content: str | None = None
    models: list[str]
    parent_id: str | None = None
    parameters: dict[str, Any] = {}
    attachments: list[str] = Field(default=[], max_length=100)
    tools: dict[str, Any] | None = None


class AnswerChoice(BaseModel):
    """`message_id`: the answer to go on with."""

    model_config = ConfigDict(extra="forbid")

    message_id: str


class CancelledTurns(BaseModel):
    """Those that were running, each with its end."""

    object: Literal["list"] = "list"
    data: list[TurnBody]


@router.post(
    "/conversations/{conversation_id}/comparisons", response_class=EventStream, responses=_STREAM
)
async def compare(
    conversation_id: str, body: NewComparison, portal: PortalDep, principal: PrincipalDep
) -> Response:
    """Ask 2 to 4 models at once; the events of all answers, each with its `turn_id`."""
    started = await portal.comparisons.start(
        principal,
        conversation_id,
        content=body.content,
        models=body.models,
        parent_id=body.parent_id,
        parameters=body.parameters,
        attachments=body.attachments,
        source="api",
        tools=wanted_tools(body.tools),
    )
    return EventStream(_encoded(portal.comparisons.follow(principal, started)))


@router.post("/conversations/{conversation_id}/comparisons/choose")
async def choose_answer(
    conversation_id: str, body: AnswerChoice, portal: PortalDep, principal: PrincipalDep
) -> MessagePath:
    """Go on with one of the answers; those that are still being written stop. The branch."""
    leaf_id = await portal.comparisons.choose(principal, conversation_id, body.message_id)
    return path_body(await portal.branches.show(principal, conversation_id, leaf_id=leaf_id))


@router.post("/conversations/{conversation_id}/comparisons/cancel")
async def cancel_comparison(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep
) -> CancelledTurns:
    """Break off all answers that are being written there; their text so far is kept."""
    ends = await portal.comparisons.cancel(principal, conversation_id)
    return CancelledTurns(data=[TurnBody(id=turn, status=status) for turn, status in ends.items()])


async def _encoded(events: AsyncIterator[tuple[str, int, Event]]) -> AsyncIterator[bytes]:
    """The ids are the numbers within each turn: a client goes on with GET /turns/{turn_id}/events."""
    async for turn_id, number, event in events:
        yield encode({**as_json(event), "turn_id": turn_id}, event_id=number)
    yield DONE
